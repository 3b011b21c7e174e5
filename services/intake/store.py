"""Finds and keeps referrals, every version and step of them, in intake's database."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, or_, select

from services.intake.domain.kept_referral import KeptReferral, Status
from services.intake.domain.warning import Warning  # noqa: A004 - the field's own word
from services.intake.tables import (
    referral_versions,
    referrals,
    status_changes,
    withdrawals,
)
from shared.contracts.referral import Referral
from shared.identity import new_id
from shared.resealing import SealedColumn
from shared.rows import find_rows, hold_rows, insert_unless_known

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Row

    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

# Few enough values for one statement on either database.
_MOST_AT_ONCE = 500

_columns = tuple(column for column in referrals.c if column is not referrals.c.sealed)


def find_record(unit: Unit, agency: str, source_record_id: str) -> KeptReferral | None:
    """The agency's record, locked until the unit ends, so that two amendments come one after the other."""
    row = unit.connection.execute(
        select(*_columns)
        .where(referrals.c.agency == agency, referrals.c.source_record_id == source_record_id)
        .with_for_update()
    ).first()
    return None if row is None else _kept(row)


def find_records(unit: Unit, agency: str, record_ids: Iterable[str]) -> dict[str, KeptReferral]:
    """The agency's records among these, by their numbers, locked in one order until the unit ends."""
    found: dict[str, KeptReferral] = {}
    wanted = sorted(record_ids)
    for start in range(0, len(wanted), _MOST_AT_ONCE):
        some = wanted[start : start + _MOST_AT_ONCE]
        by = referrals.c.agency, referrals.c.source_record_id
        rows = hold_rows(unit.connection, _columns, by, agency, some)
        found |= {row.source_record_id: _kept(row) for row in rows}
    return found


def find_older_version(unit: Unit, kept: KeptReferral, content_hash: bytes) -> KeptReferral | None:
    """The record as it was when it had this content; None if it never had."""
    row = unit.connection.execute(
        select(
            referral_versions.c.version,
            referral_versions.c.received_at,
            referral_versions.c.content_hash,
            referral_versions.c.warnings,
        ).where(referral_versions.c.referral_id == kept.id, referral_versions.c.content_hash == content_hash)
    ).first()
    if row is None:
        return None
    return _as_it_was(kept, row)


def find_reference(connection: Connection, agency: str, reference: str) -> KeptReferral | None:
    """The agency's own referral of this reference; another agency's is not there."""
    row = connection.execute(
        select(*_columns).where(referrals.c.agency == agency, referrals.c.reference == reference)
    ).first()
    return None if row is None else _kept(row)


def find_versions(
    connection: Connection, wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], KeptReferral]:
    """The referrals of these references, each as it was in the version that is asked for."""
    rows = find_rows(connection, tuple(_columns), referrals.c.reference, {one for one, _ in wanted})
    newest = {row.reference: _kept(row) for row in rows}
    found = {(one.reference, one.version): one for one in newest.values()}
    amended = {newest[one].id: newest[one] for one, _ in set(wanted) - set(found) if one in newest}
    columns = (
        referral_versions.c.referral_id,
        referral_versions.c.version,
        referral_versions.c.received_at,
        referral_versions.c.content_hash,
        referral_versions.c.warnings,
    )
    for row in find_rows(connection, columns, referral_versions.c.referral_id, amended):
        one = _as_it_was(amended[row.referral_id], row)
        found[one.reference, one.version] = one
    return found


def list_records(
    connection: Connection,
    agency: str,
    *,
    source_record_id: str | None,
    updated_since: dt.datetime | None,
    after: tuple[dt.datetime, UUID] | None,
    limit: int,
) -> list[KeptReferral]:
    """The agency's own records, those changed longest ago first, after the one that the cursor names."""
    query = (
        select(*_columns)
        .where(referrals.c.agency == agency)
        .order_by(referrals.c.updated_at, referrals.c.id)
        .limit(limit)
    )
    if source_record_id is not None:
        query = query.where(referrals.c.source_record_id == source_record_id)
    if updated_since is not None:
        query = query.where(referrals.c.updated_at >= updated_since)
    if after is not None:
        instant, last = after
        later = referrals.c.updated_at > instant
        query = query.where(or_(later, and_(referrals.c.updated_at == instant, referrals.c.id > last)))
    return [_kept(row) for row in connection.execute(query)]


def add(unit: Unit, kept: KeptReferral, content: bytes) -> None:
    """Keep a new record, its content sealed."""
    unit.insert(referrals, _row(unit, kept, content))


def add_unless_known(unit: Unit, records: Mapping[str, tuple[KeptReferral, bytes]]) -> set[str]:
    """Keep those of an agency's new records that nobody has kept in the meantime; the numbers of these.

    They are written in the order of their numbers, so that two requests with the same records wait for one
    another and not in a ring.
    """
    rows = [_row(unit, *records[number]) for number in sorted(records)]
    if not rows:
        return set()
    return set(insert_unless_known(unit.connection, referrals, rows, referrals.c.source_record_id))


def _row(unit: Unit, kept: KeptReferral, content: bytes) -> dict[str, object]:
    return vars(kept) | {
        "warnings": [asdict(warning) for warning in kept.warnings],
        "sealed": unit.keys.rest.seal(content, _place(kept.id, kept.version)),
    }


def amend(unit: Unit, before: KeptReferral, after: KeptReferral, content: bytes) -> None:
    """Keep the new version, and the one before it among the older versions."""
    row = unit.connection.execute(select(referrals.c.sealed).where(referrals.c.id == before.id)).one()
    unit.insert(
        referral_versions,
        {
            "referral_id": before.id,
            "version": before.version,
            "received_at": before.received_at,
            "content_hash": before.content_hash,
            "warnings": [asdict(warning) for warning in before.warnings],
            "sealed": row.sealed,
        },
    )
    unit.change(
        referrals,
        {"id": before.id},
        version=after.version,
        status=after.status,
        received_at=after.received_at,
        updated_at=after.updated_at,
        content_hash=after.content_hash,
        warnings=[asdict(warning) for warning in after.warnings],
        sealed=unit.keys.rest.seal(content, _place(after.id, after.version)),
    )


def read_content(connection: Connection, keys: KeyRing, kept: KeptReferral) -> Referral:
    """The referral itself, opened."""
    sealed = connection.execute(select(referrals.c.sealed).where(referrals.c.id == kept.id)).scalar_one()
    return msgspec.json.decode(keys.open(sealed, _place(kept.id, kept.version)), type=Referral)


class Progress:
    """One unit's view of how far the referrals that it is about have come."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing nothing; `look_up` comes first."""
        self._unit = unit
        self._known: dict[str, KeptReferral] = {}

    @classmethod
    def of(cls, unit: Unit) -> Progress:
        """The one view of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    def look_up(self, references: Iterable[str], agency: str | None = None) -> None:
        """Read these referrals, those of one agency where it is named, and hold them until the unit ends.

        In one order. Another agency's is neither read nor held: how long that takes would tell of it.
        """
        query = select(*_columns).where(referrals.c.reference.in_(sorted(set(references))))
        if agency is not None:
            query = query.where(referrals.c.agency == agency)
        rows = self._unit.connection.execute(query.order_by(referrals.c.reference).with_for_update())
        self._known |= {row.reference: _kept(row) for row in rows}

    def referral(self, reference: str) -> KeptReferral | None:
        """The referral of this reference, if it was looked up and is there."""
        return self._known.get(reference)

    def move(self, kept: KeptReferral, status: Status, reasons: Sequence[str] = ()) -> KeptReferral:
        """From now on the referral stands there; the step is kept, and the agency is told of it."""
        moved = replace(kept, status=status, updated_at=self._unit.now, reasons=tuple(reasons))
        self._known[kept.reference] = moved
        self._unit.change(
            referrals,
            {"id": kept.id},
            status=moved.status,
            updated_at=moved.updated_at,
            reasons=moved.reasons,
        )
        self._unit.insert(
            status_changes,
            {
                "id": new_id(),
                "referral_id": kept.id,
                "agency": kept.agency,
                "reference": kept.reference,
                "source_record_id": kept.source_record_id,
                "version": kept.version,
                "status": status,
                "reasons": list(reasons),
                "at": self._unit.now,
                "pushed_at": None,
            },
        )
        return moved


def history_of(
    connection: Connection, kept: KeptReferral
) -> tuple[list[tuple[int, dt.datetime]], list[tuple[str, list[str], dt.datetime]]]:
    """When each version came, and each step with its coded reasons, oldest first."""
    older = connection.execute(
        select(referral_versions.c.version, referral_versions.c.received_at)
        .where(referral_versions.c.referral_id == kept.id)
        .order_by(referral_versions.c.version)
    )
    versions = [(row.version, row.received_at) for row in older]
    steps = connection.execute(
        select(status_changes.c.status, status_changes.c.reasons, status_changes.c.at)
        .where(status_changes.c.referral_id == kept.id)
        .order_by(status_changes.c.id)
    )
    return [*versions, (kept.version, kept.received_at)], [(row.status, row.reasons, row.at) for row in steps]


def keep_withdrawal(unit: Unit, kept: KeptReferral, reason: str) -> None:
    """Keep why the agency took the referral back, sealed: it is free text."""
    sealed = unit.keys.rest.seal(reason.encode(), _place_of_withdrawal(kept.id))
    unit.insert(withdrawals, {"referral_id": kept.id, "at": unit.now, "sealed": sealed})


def all_records(connection: Connection) -> Iterator[tuple[str, str, int, str]]:
    """Every record in its newest version: agency, record number, version and reference, oldest first."""
    rows = connection.execution_options(yield_per=1000).execute(
        select(
            referrals.c.agency, referrals.c.source_record_id, referrals.c.version, referrals.c.reference
        ).order_by(referrals.c.id)
    )
    for row in rows:
        yield row.agency, row.source_record_id, row.version, row.reference


def _kept(row: Row[Any]) -> KeptReferral:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    values["warnings"] = tuple(Warning(**warning) for warning in row.warnings)
    values["reasons"] = tuple(row.reasons or ())
    return KeptReferral(**values)


def _as_it_was(kept: KeptReferral, version: Row[*tuple[Any, ...]]) -> KeptReferral:
    return replace(
        kept,
        version=version.version,
        received_at=version.received_at,
        content_hash=version.content_hash,
        warnings=tuple(Warning(**warning) for warning in version.warnings),
    )


def _place(referral_id: UUID, version: int) -> str:
    return f"intake/referral/{referral_id}/{version}"


def _place_of_withdrawal(referral_id: UUID) -> str:
    return f"intake/withdrawal/{referral_id}"


SEALED = (
    SealedColumn(referrals.c.sealed, lambda row: _place(row.id, row.version)),
    SealedColumn(referral_versions.c.sealed, lambda row: _place(row.referral_id, row.version)),
    SealedColumn(withdrawals.c.sealed, lambda row: _place_of_withdrawal(row.referral_id)),
)
