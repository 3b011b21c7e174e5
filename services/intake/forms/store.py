"""Finds and keeps practitioners' drafts, each for its owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, select

from services.intake.forms.domain.draft import Draft, Sent
from services.intake.forms.domain.filling import Filled
from services.intake.forms.tables import drafts
from services.intake.tables import referrals
from shared.resealing import SealedColumn

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Row

    from services.intake.forms.domain.draft import Owner
    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Filled)


def add_draft(unit: Unit, owner: Owner, draft: Draft) -> None:
    """Keep a new draft, sealed."""
    unit.insert(
        drafts,
        {
            "id": draft.id,
            "owner": owner.key,
            "agency": owner.agency,
            "started_at": draft.started_at,
            "changed_at": draft.changed_at,
            "sent_at": None,
            "reference": None,
            "sealed": _seal(unit, draft.id, _encoder.encode(draft.filled)),
        },
    )


def find_draft(connection: Connection, keys: KeyRing, owner: Owner, draft_id: UUID) -> Draft | str | None:
    """The owner's draft, or its referral's reference once it was sent; anybody else's is not there."""
    row = connection.execute(select(drafts).where(*_own(owner), drafts.c.id == draft_id)).first()
    return None if row is None else _draft_or_reference(row, keys)


def lock_draft(unit: Unit, owner: Owner, draft_id: UUID) -> Draft | str | None:
    """The same, locked until the unit ends."""
    query = select(drafts).where(*_own(owner), drafts.c.id == draft_id).with_for_update()
    row = unit.connection.execute(query).first()
    return None if row is None else _draft_or_reference(row, unit.keys.rest)


def find_sent(connection: Connection, owner: Owner, draft_id: UUID) -> str | None:
    """The reference of the referral that the owner's draft became."""
    query = select(drafts.c.reference).where(*_own(owner), drafts.c.id == draft_id)
    return connection.execute(query).scalar()


def list_drafts(connection: Connection, keys: KeyRing, owner: Owner) -> list[Draft]:
    """The owner's drafts that are still to be sent, the one changed last first."""
    query = select(drafts).where(*_own(owner), drafts.c.sent_at.is_(None))
    rows = connection.execute(query.order_by(drafts.c.changed_at.desc(), drafts.c.id))
    return [_draft(row, keys) for row in rows]


def list_sent(connection: Connection, owner: Owner, limit: int) -> list[Sent]:
    """What the owner sent last, and how far each has come."""
    query = (
        select(
            referrals.c.reference,
            referrals.c.status,
            drafts.c.sent_at,
            referrals.c.updated_at,
            referrals.c.reasons,
        )
        .join(referrals, referrals.c.reference == drafts.c.reference)
        .where(*_own(owner), drafts.c.sent_at.is_not(None), referrals.c.agency == owner.agency)
        .order_by(drafts.c.sent_at.desc())
        .limit(limit)
    )
    return [
        Sent(row.reference, row.status, row.sent_at, row.updated_at, tuple(row.reasons or ()))
        for row in connection.execute(query)
    ]


def change_draft(unit: Unit, draft_id: UUID, filled: Filled) -> None:
    """Keep what was answered now."""
    sealed = _seal(unit, draft_id, _encoder.encode(filled))
    unit.change(drafts, {"id": draft_id}, changed_at=unit.now, sealed=sealed)


def mark_sent(unit: Unit, draft_id: UUID, reference: str) -> None:
    """It is a referral now; what was answered stands there alone."""
    unit.change(
        drafts,
        {"id": draft_id},
        changed_at=unit.now,
        sent_at=unit.now,
        reference=reference,
        sealed=_seal(unit, draft_id, b""),
    )


def drop_draft(unit: Unit, draft_id: UUID) -> None:
    """Forget a draft."""
    unit.connection.execute(delete(drafts).where(drafts.c.id == draft_id))


def drop_drafts_before(unit: Unit, instant: dt.datetime) -> int:
    """Forget what was begun and not gone on with since then; how many there were."""
    done = unit.connection.execute(
        delete(drafts).where(drafts.c.sent_at.is_(None), drafts.c.changed_at < instant)
    )
    return done.rowcount


def _own(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    return drafts.c.owner == owner.key, drafts.c.agency == owner.agency


def _draft_or_reference(row: Row[Any], keys: KeyRing) -> Draft | str:
    return str(row.reference) if row.sent_at is not None else _draft(row, keys)


def _draft(row: Row[Any], keys: KeyRing) -> Draft:
    filled = _decoder.decode(keys.open(row.sealed, _place(row.id)))
    return Draft(row.id, row.started_at, row.changed_at, filled)


def _seal(unit: Unit, draft_id: UUID, document: bytes) -> bytes:
    return unit.keys.rest.seal(document, _place(draft_id))


def _place(draft_id: UUID) -> str:
    return f"intake/draft/{draft_id}"


SEALED = (SealedColumn(drafts.c.sealed, lambda row: _place(row.id)),)
