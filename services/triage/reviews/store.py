"""Finds the questions that are before a human, with both records, the evidence and what was said of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, or_, select

from services.triage.cases.store import knows_nobody, visible
from services.triage.reviews.tables import agency_keys, person_checks
from services.triage.store import unpack_account
from services.triage.tables import (
    cases,
    comparisons,
    judgements,
    referrals,
    reviews,
    withdrawals,
)
from shared.contracts.referral import Referral
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Select

    from services.triage.cases.store import Sees
    from services.triage.domain.matching.accounts import Account
    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

_referral = msgspec.json.Decoder(Referral)
_ones, _others = referrals.alias("ones"), referrals.alias("others")
_case_of_one, _case_of_other = cases.alias("case_of_one"), cases.alias("case_of_other")


@dataclass(frozen=True)
class Beside:
    """One of the two records of a question: what it is called, whose case it is in, and who may see that."""

    reference: str
    agency: str
    version: int
    case_id: UUID
    case: str
    team: str
    seen: bool


@dataclass(frozen=True)
class Question:
    """Two referrals that are, or were, before a human as possibly one case."""

    id: UUID
    one: Beside
    other: Beside
    asked_at: dt.datetime
    closed_at: dt.datetime | None
    outcome: str | None
    who: str | None
    bits: float | None

    @property
    def both(self) -> tuple[Beside, Beside]:
        """The two records."""
        return self.one, self.other

    @property
    def seen(self) -> bool:
        """Whether whoever asks may see both records."""
        return self.one.seen and self.other.seen


@dataclass(frozen=True)
class Compared:
    """What the two weighed when they were compared last, and why."""

    bits: float
    evidence: dict[str, Any]
    at: dt.datetime


@dataclass(frozen=True)
class Said:
    """What somebody said of the two, and why."""

    verdict: str
    who: str
    at: dt.datetime
    why: str


@dataclass(frozen=True)
class Whole:
    """A referral with its content and its account as it is compared."""

    reference: str
    version: int
    stands: bool
    content: Referral
    account: Account | None


def _questions(sees: Sees) -> Select[Any]:
    """Questions of which this person may see one record at least, and which of the two they may see.

    None about a case in which they know somebody: not even that it may be one with theirs.
    """
    may = select(cases.c.id).where(visible(sees))
    one_seen, other_seen = _case_of_one.c.id.in_(may), _case_of_other.c.id.in_(may)
    return (
        select(
            *reviews.c,
            comparisons.c.millibits,
            *(_ones.c.agency, _ones.c.version, _case_of_one.c.id, _case_of_one.c.reference),
            *(_case_of_one.c.team, one_seen.label("one_seen")),
            *(_others.c.agency, _others.c.version, _case_of_other.c.id, _case_of_other.c.reference),
            *(_case_of_other.c.team, other_seen.label("other_seen")),
        )
        .join(_ones, _ones.c.reference == reviews.c.one)
        .join(_others, _others.c.reference == reviews.c.other)
        .join(_case_of_one, _case_of_one.c.id == _ones.c.case_id)
        .join(_case_of_other, _case_of_other.c.id == _others.c.case_id)
        .outerjoin(
            comparisons, and_(comparisons.c.one == reviews.c.one, comparisons.c.other == reviews.c.other)
        )
        .where(
            or_(one_seen, other_seen),
            knows_nobody(sees, _case_of_one.c.id),
            knows_nobody(sees, _case_of_other.c.id),
        )
    )


def _question(row: Sequence[Any]) -> Question:
    review_id, one, other, asked_at, closed_at, outcome, who, millibits, *rest = row
    first, second = (
        Beside(reference, agency, version, case_id, case, team, bool(seen))
        for reference, (agency, version, case_id, case, team, seen) in ((one, rest[:6]), (other, rest[6:]))
    )
    bits = None if millibits is None else millibits / 1000
    return Question(review_id, first, second, asked_at, closed_at, outcome, who, bits)


def list_questions(
    connection: Connection, sees: Sees, *, state: str, after: UUID | None = None, limit: int
) -> list[Question]:
    """The questions in the order in which they were asked; `state` is `open`, `closed` or `any`."""
    query = _questions(sees)
    if state == "open":
        query = query.where(reviews.c.closed_at.is_(None))
    elif state == "closed":
        query = query.where(reviews.c.closed_at.is_not(None))
    if after is not None:
        query = query.where(reviews.c.id > after)
    return [_question(row) for row in connection.execute(query.order_by(reviews.c.id).limit(limit))]


def find_question(connection: Connection, sees: Sees, review_id: UUID) -> Question | None:
    """One question, if this person may see one of its records."""
    row = connection.execute(_questions(sees).where(reviews.c.id == review_id)).first()
    return None if row is None else _question(row)


def find_compared(connection: Connection, one: str, other: str) -> Compared | None:
    """What the two weigh, with the waterfall as it was kept."""
    query = select(comparisons.c.millibits, comparisons.c.evidence, comparisons.c.at)
    row = connection.execute(query.where(comparisons.c.one == one, comparisons.c.other == other)).first()
    return None if row is None else Compared(row.millibits / 1000, row.evidence, row.at)


def list_said(connection: Connection, ring: KeyRing, one: str, other: str) -> list[Said]:
    """What was said of the two, the oldest first."""
    query = select(judgements).where(judgements.c.one == one, judgements.c.other == other)
    return [
        Said(row.verdict, row.who, row.at, ring.open(row.sealed, f"triage/judgement/{row.id}").decode())
        for row in connection.execute(query.order_by(judgements.c.id))
    ]


def find_whole(connection: Connection, ring: KeyRing, references: Collection[str]) -> dict[str, Whole]:
    """These referrals, whole."""
    query = (
        select(*_WHOLE, withdrawals.c.at)
        .outerjoin(withdrawals, withdrawals.c.reference == referrals.c.reference)
        .where(referrals.c.reference.in_(references))
    )
    found = {}
    for row in connection.execute(query):
        reference, version = row.reference, row.version
        content = _referral.decode(ring.open(row.sealed, f"triage/referral/{reference}/{version}"))
        account = unpack_account(ring, reference, version, row.account) if row.account else None
        found[reference] = Whole(reference, version, row.at is None, content, account)
    return found


def find_members(connection: Connection, ring: KeyRing, case_ids: Collection[UUID]) -> dict[str, Whole]:
    """The referrals of these cases, whole."""
    query = select(referrals.c.reference).where(referrals.c.case_id.in_(case_ids))
    return find_whole(connection, ring, connection.execute(query).scalars().all())


def keep_key(unit: Unit, key_id: str, agency: str, key_hash: bytes, *, good: bool) -> None:
    """Keep an agency's key as it is told of; one that was revoked stays so."""
    unit.flush()
    known = unit.connection.execute(select(agency_keys).where(agency_keys.c.key_id == key_id)).first()
    revoked_at = None if good else unit.now
    if known is None:
        row = {"key_id": key_id, "agency": agency, "key_hash": key_hash, "revoked_at": revoked_at}
        unit.insert(agency_keys, row)
    elif not good and known.revoked_at is None:
        unit.change(agency_keys, {"key_id": key_id}, revoked_at=revoked_at)


def find_key(connection: Connection, key_id: str) -> tuple[str, bytes] | None:
    """The agency and the hash of a key that is good."""
    query = select(agency_keys.c.agency, agency_keys.c.key_hash)
    good = query.where(agency_keys.c.key_id == key_id, agency_keys.c.revoked_at.is_(None))
    row = connection.execute(good).first()
    return None if row is None else (row.agency, row.key_hash)


_ACCOUNT = (referrals.c.reference, referrals.c.version, referrals.c.account)
_WHOLE = (*_ACCOUNT, referrals.c.sealed)


def hold_checks_of(unit: Unit, point: str) -> dt.datetime:
    """When a point may ask as often as it may again; no other process counts for it until the unit ends."""
    row = {"point": point, "full_at": unit.now}
    insert_unless_known(unit.connection, person_checks, [row], person_checks.c.point)
    query = select(person_checks.c.full_at).where(person_checks.c.point == point).with_for_update()
    found: dt.datetime = unit.connection.execute(query).scalar_one()
    return found


def keep_checks_of(unit: Unit, point: str, full_at: dt.datetime) -> None:
    """It has asked once more."""
    unit.change(person_checks, {"point": point}, full_at=full_at)
