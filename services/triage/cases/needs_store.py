"""Keeps what people need and wish for, and finds what was told of them here and wherever else they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, select

from services.triage.cases.tables import assessments
from services.triage.lives.tables import lives
from services.triage.tables import cases, people_in, referrals, withdrawals
from shared.contracts.referral import Referral
from shared.resealing import SealedColumn

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Row

    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

_encoder = msgspec.json.Encoder()
_referral = msgspec.json.Decoder(Referral)
_TELLING: Final = (
    referrals.c.reference,
    referrals.c.agency,
    referrals.c.version,
    referrals.c.sealed,
    referrals.c.people,
    cases.c.id,
    cases.c.reference.label("case"),
    cases.c.team,
    lives.c.lead,
    withdrawals.c.reference.is_(None).label("stands"),
)


@dataclass(frozen=True)
class Assessment:
    """What somebody needs and wishes for as a point recorded it; `shared` if they agreed that others see it.

    `referral` and `party` say who it is: the party at that place of that referral; None where nobody said.
    """

    id: UUID
    case_id: UUID
    side: str
    point: str
    team: str
    stage: str
    shared: bool
    at: dt.datetime
    who: str
    needs: dict[str, Any]
    wishes: tuple[str, ...] = ()
    referral: str | None = None
    party: int | None = None


class Telling(NamedTuple):
    """A referral: what it tells, who its parties are, the case that it is in, and whether it stands.

    Of one that was taken back nothing counts any more but a "no".
    """

    reference: str
    agency: str
    content: Referral
    people: tuple[UUID, ...]
    case_id: UUID
    case: str
    team: str
    lead: str
    stands: bool


def add_assessment(unit: Unit, assessment: Assessment) -> None:
    """Keep an assessment; what it says is sealed."""
    said = {"needs": assessment.needs, "wishes": assessment.wishes}
    values = {name: value for name, value in vars(assessment).items() if name not in said}
    seal = unit.keys.rest.seal
    wishes = seal(_encoder.encode(assessment.wishes), _place_of_wishes(assessment.id))
    unit.insert(
        assessments,
        values
        | {
            "sealed": seal(_encoder.encode(assessment.needs), _place(assessment.id)),
            "wishes": wishes if assessment.wishes else None,
        },
    )


def list_assessments(connection: Connection, keys: KeyRing, case_ids: Collection[UUID]) -> list[Assessment]:
    """The assessments of these cases, the oldest first."""
    query = select(assessments).where(assessments.c.case_id.in_(case_ids)).order_by(assessments.c.id)
    return [_assessment(row, keys) for row in connection.execute(query)]


def _assessment(row: Row[Any], keys: KeyRing) -> Assessment:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    needs = msgspec.json.decode(keys.open(values.pop("sealed"), _place(row.id)))
    sealed = values.pop("wishes")
    wishes = msgspec.json.decode(keys.open(sealed, _place_of_wishes(row.id))) if sealed else ()
    return Assessment(**values, needs=needs, wishes=tuple(wishes))


def related_cases(case_id: UUID, unit: Unit) -> set[UUID]:
    """The other cases in which somebody of this one is; nothing that was told is opened."""
    here = select(referrals.c.people).where(referrals.c.case_id == case_id)
    people = {UUID(person) for told in unit.connection.execute(here).scalars() for person in told}
    theirs = (
        select(people_in.c.person_id, referrals.c.case_id, referrals.c.people)
        .join(referrals, referrals.c.reference == people_in.c.reference)
        .where(people_in.c.person_id.in_(people), referrals.c.case_id != case_id)
    )
    # Whoever was found to be another since is in that referral no more.
    return {row.case_id for row in unit.connection.execute(theirs) if str(row.person_id) in row.people}


def tellings_elsewhere(
    connection: Connection, keys: KeyRing, people: Collection[UUID], case_id: UUID | None = None
) -> list[Telling]:
    """The referrals of other cases than this one, or of all, in which one of these people is or was."""
    if not people:
        return []
    theirs = select(people_in.c.reference).where(people_in.c.person_id.in_(people))
    query = _told().where(referrals.c.reference.in_(theirs))
    if case_id is not None:
        query = query.where(referrals.c.case_id != case_id)
    found = [_telling(row, keys) for row in connection.execute(query)]
    # Whoever was found to be another since is in that referral no more.
    return [one for one in found if not set(people).isdisjoint(one.people)]


def _told() -> Select[Any]:
    return (
        select(*_TELLING)
        .join(cases, cases.c.id == referrals.c.case_id)
        .join(lives, lives.c.case_id == cases.c.id)
        .outerjoin(withdrawals, withdrawals.c.reference == referrals.c.reference)
        .order_by(referrals.c.heard_at, referrals.c.reference)
    )


def _telling(row: Sequence[Any], keys: KeyRing) -> Telling:
    reference, agency, version, sealed, people, *where = row
    content = _referral.decode(keys.open(sealed, f"triage/referral/{reference}/{version}"))
    return Telling(reference, agency, content, tuple(map(UUID, people)), *where)


def _place(assessment_id: UUID) -> str:
    return f"triage/assessment/{assessment_id}"


def _place_of_wishes(assessment_id: UUID) -> str:
    return f"triage/assessment/{assessment_id}/wishes"


SEALED = (
    SealedColumn(assessments.c.sealed, lambda row: _place(row.id)),
    SealedColumn(assessments.c.wishes, lambda row: _place_of_wishes(row.id)),
)
