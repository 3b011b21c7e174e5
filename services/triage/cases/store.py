"""Finds cases for those who may see them, and keeps assessments and cross-referrals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, true
from sqlalchemy import case as sql_case

from services.triage.cases.tables import case_facilitators, cross_referrals
from services.triage.domain.life.states import OPEN
from services.triage.lives.store import Kept, read_life
from services.triage.lives.tables import case_conflicts, case_records, lives
from services.triage.store import Case, unpack_account
from services.triage.tables import cases, referrals, reviews, withdrawals
from shared.contracts.referral import Referral

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection

    from services.triage.domain.matching.accounts import Mention
    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

_referral = msgspec.json.Decoder(Referral)
_CASE = tuple(cases.c[name] for name in Case._fields)


@dataclass(frozen=True)
class Sees:
    """Whose cases somebody sees: all, or those of a team and those offered to it.

    Whoever has a case (`name` owns or facilitates it) sees it, whichever team it is of.
    Nobody (`name`) sees a case in which they know somebody.
    """

    name: str = ""
    everything: bool = False
    team: str = ""


@dataclass(frozen=True)
class Seen:
    """A case with where it stands."""

    case: Case
    kept: Kept


@dataclass(frozen=True)
class Told:
    """A referral of a case."""

    reference: str
    agency: str
    version: int
    heard_at: dt.datetime
    stands: bool
    content: Referral
    people: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class CrossReferral:
    """A case, or part of it, offered to another team."""

    id: UUID
    case_id: UUID
    from_team: str
    to_team: str
    purpose: str
    state: str
    offered_at: dt.datetime
    offered_by: str
    due_on: dt.date
    answered_at: dt.datetime | None = None
    answered_by: str | None = None
    reason: str | None = None


def visible(sees: Sees) -> ColumnElement[bool]:
    """The condition on `cases` under which this person sees one."""
    return and_(_theirs(sees), knows_nobody(sees, cases.c.id))


def knows_nobody(sees: Sees, case_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The condition that this person knows nobody in the case with this id."""
    known = select(case_conflicts.c.case_id).where(case_conflicts.c.email == sees.name)
    return case_id.not_in(known) if sees.name else true()


def _theirs(sees: Sees) -> ColumnElement[bool]:
    if sees.everything:
        return true()
    own = cases.c.id.in_(select(lives.c.case_id).where(lives.c.owner == sees.name))
    given = select(case_facilitators.c.case_id).where(case_facilitators.c.email == sees.name)
    # Who accepted the case itself has it, for as long as they do not pass it on.
    helps = and_(cross_referrals.c.state == "accepted", cross_referrals.c.purpose != "lead")
    offered = select(cross_referrals.c.case_id).where(
        cross_referrals.c.to_team == sees.team, or_(cross_referrals.c.state == "offered", helps)
    )
    return or_(cases.c.team == sees.team, cases.c.id.in_(offered), cases.c.id.in_(given), own)


# Which cases a list is asked for, beside all that are open: one's own, what is late, what waits for somebody
# who is missing or for something that is, what was offered to one's team.
View = Literal["open", "mine", "late", "missing", "offered", "closed"]


def in_view(view: View, sees: Sees, today: dt.date) -> ColumnElement[bool]:
    """The condition on `cases` and `lives` under which a case is in a view."""
    is_open = lives.c.state.in_(OPEN)
    if view == "mine":
        return and_(is_open, lives.c.owner == sees.name)
    if view == "late":
        return and_(is_open, lives.c.next_on < today)
    if view == "missing":
        return and_(is_open, or_(lives.c.state == "returned", lives.c.task == "find_owner"))
    if view == "offered":
        offered = select(cross_referrals.c.case_id).where(
            cross_referrals.c.to_team == sees.team, cross_referrals.c.state == "offered"
        )
        return and_(is_open, cases.c.id.in_(offered))
    return is_open if view == "open" else lives.c.state.not_in(OPEN)


def count_views(connection: Connection, sees: Sees, views: Sequence[View], today: dt.date) -> dict[View, int]:
    """How many cases this person sees in each view."""
    counts = [func.count(sql_case((in_view(view, sees, today), 1))).label(view) for view in views]
    query = select(*counts).join(lives, lives.c.case_id == cases.c.id).where(visible(sees))
    row = connection.execute(query).one()
    return dict(zip(views, row, strict=True))


def list_cases(
    connection: Connection,
    keys: KeyRing,
    sees: Sees,
    *,
    states: Sequence[str] | None,
    owner: str | None = None,
    only: ColumnElement[bool] | None = None,
    after: tuple[dt.date | None, bool, UUID] | None = None,
    limit: int,
) -> list[Seen]:
    """The cases that somebody sees, those first whose day comes first; `states` None: every open one.

    Of one day the urgent ones come first.

    `only` is another condition in the place of states (`in_view`).
    """
    query = select(*_CASE, *lives.c).join(lives, lives.c.case_id == cases.c.id).where(visible(sees))
    if only is not None:
        query = query.where(only)
    else:
        query = query.where(lives.c.state.in_(OPEN if states is None else states))
    if owner is not None:
        query = query.where(lives.c.owner == owner)
    if after is not None:
        day, urgent, case_id = after
        beside = and_(lives.c.urgent.is_(urgent), cases.c.id > case_id)
        if urgent:
            beside = or_(beside, lives.c.urgent.is_(False))
        later = and_(lives.c.next_on.is_(None), beside)
        if day is not None:
            later = or_(
                lives.c.next_on > day,
                and_(lives.c.next_on == day, beside),
                lives.c.next_on.is_(None),
            )
        query = query.where(later)
    order = (lives.c.next_on.is_(None), lives.c.next_on, lives.c.urgent.desc(), cases.c.id)
    query = query.order_by(*order).limit(limit)
    return [_seen(row, keys) for row in connection.execute(query)]


def find_seen(connection: Connection, keys: KeyRing, sees: Sees, reference: str) -> Seen | None:
    """One case if this person sees it."""
    query = (
        select(*_CASE, *lives.c)
        .join(lives, lives.c.case_id == cases.c.id)
        .where(cases.c.reference == reference, visible(sees))
    )
    row = connection.execute(query).first()
    return None if row is None else _seen(row, keys)


def _seen(row: Sequence[Any], keys: KeyRing) -> Seen:
    case, life = row[: len(_CASE)], row[len(_CASE) :]
    return Seen(Case._make(case), read_life(life, keys)[1])


def find_case(connection: Connection, case_id: UUID) -> Case:
    """One case, whoever asks: for what the hub does by itself."""
    return Case._make(connection.execute(select(*_CASE).where(cases.c.id == case_id)).one())


def change_place(unit: Unit, case: Case) -> None:
    """It is known where the case belongs."""
    unit.change(
        cases,
        {"id": case.id},
        area=case.area,
        team=case.team,
        why_there=case.why_there,
        lacks=case.lacks,
    )


def change_strand(unit: Unit, case: Case) -> None:
    """The case is of the other strand."""
    unit.change(cases, {"id": case.id}, strand=case.strand)


def change_team(unit: Unit, case: Case) -> None:
    """The case is another team's now."""
    unit.change(cases, {"id": case.id}, team=case.team, why_there=case.why_there, lacks=case.lacks)


def count_records(connection: Connection, case_id: UUID, kind: str) -> int:
    """How many records of this kind a case has."""
    table = case_records
    query = select(func.count()).where(table.c.case_id == case_id, table.c.kind == kind)
    return int(connection.execute(query).scalar_one())


def list_told(connection: Connection, keys: KeyRing, case_id: UUID) -> list[Told]:
    """A case's referrals with their content, in the order in which they came."""
    query = (
        select(
            referrals.c.reference,
            referrals.c.agency,
            referrals.c.version,
            referrals.c.heard_at,
            referrals.c.sealed,
            referrals.c.people,
            withdrawals.c.at,
        )
        .outerjoin(withdrawals, withdrawals.c.reference == referrals.c.reference)
        .where(referrals.c.case_id == case_id)
        .order_by(referrals.c.heard_at, referrals.c.reference)
    )
    return [
        Told(
            row.reference,
            row.agency,
            row.version,
            row.heard_at,
            row.at is None,
            _referral.decode(keys.open(row.sealed, f"triage/referral/{row.reference}/{row.version}")),
            tuple(map(UUID, row.people)),
        )
        for row in connection.execute(query)
    ]


def references_in(connection: Connection, case_id: UUID) -> list[str]:
    """The referrals of a case that stand."""
    query = (
        select(referrals.c.reference)
        .outerjoin(withdrawals, withdrawals.c.reference == referrals.c.reference)
        .where(referrals.c.case_id == case_id, withdrawals.c.reference.is_(None))
        .order_by(referrals.c.heard_at, referrals.c.reference)
    )
    return list(connection.execute(query).scalars())


def all_references_in(connection: Connection, case_id: UUID) -> list[str]:
    """The referrals of a case, those that were taken back too."""
    query = select(referrals.c.reference).where(referrals.c.case_id == case_id)
    return list(connection.execute(query.order_by(referrals.c.heard_at, referrals.c.reference)).scalars())


def mentioned_in(
    connection: Connection, keys: KeyRing, case_id: UUID
) -> dict[str, list[tuple[Mention, UUID]]]:
    """Whom each referral of a case mentions, as they are compared, and who that is."""
    query = select(referrals.c.reference, referrals.c.version, referrals.c.account, referrals.c.people)
    found = {}
    for row in connection.execute(query.where(referrals.c.case_id == case_id)):
        if row.account is not None:
            account = unpack_account(keys, row.reference, row.version, row.account)
            found[row.reference] = list(zip(account.people, map(UUID, row.people), strict=False))
    return found


def cases_seen_of(connection: Connection, sees: Sees, references: Collection[str]) -> dict[str, str]:
    """The cases of these referrals, by their references, as far as this person sees them."""
    query = (
        select(referrals.c.reference, cases.c.reference)
        .join(cases, cases.c.id == referrals.c.case_id)
        .where(referrals.c.reference.in_(references), visible(sees))
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def all_seen(
    connection: Connection, keys: KeyRing, sees: Sees, case_references: Collection[str]
) -> dict[str, Seen]:
    """Those of these cases that this person sees, by their references."""
    query = (
        select(*_CASE, *lives.c)
        .join(lives, lives.c.case_id == cases.c.id)
        .where(cases.c.reference.in_(case_references), visible(sees))
    )
    found = [_seen(row, keys) for row in connection.execute(query)] if case_references else []
    return {seen.case.reference: seen for seen in found}


def cases_seen(connection: Connection, sees: Sees, case_references: Collection[str]) -> set[str]:
    """Those of these cases that this person sees."""
    query = select(cases.c.reference).where(cases.c.reference.in_(case_references), visible(sees))
    return set(connection.execute(query).scalars()) if case_references else set()


def which_seen(connection: Connection, sees: Sees, case_ids: Collection[UUID]) -> set[UUID]:
    """Those of these cases that this person sees."""
    query = select(cases.c.id).where(cases.c.id.in_(case_ids), visible(sees))
    return set(connection.execute(query).scalars()) if case_ids else set()


def which_barred(connection: Connection, name: str, case_ids: Collection[UUID]) -> set[UUID]:
    """Those of these cases in which this person knows somebody."""
    theirs = case_conflicts.c.email == name
    query = select(case_conflicts.c.case_id).where(theirs, case_conflicts.c.case_id.in_(case_ids))
    return set(connection.execute(query).scalars()) if case_ids else set()


def open_reviews_of(connection: Connection, sees: Sees, case_id: UUID) -> list[UUID]:
    """The questions about referrals of this case that wait for this person's word, as for any other's."""
    here = select(referrals.c.reference).where(referrals.c.case_id == case_id)
    barred = (
        select(referrals.c.reference)
        .join(case_conflicts, case_conflicts.c.case_id == referrals.c.case_id)
        .where(case_conflicts.c.email == sees.name)
    )
    query = select(reviews.c.id).where(
        reviews.c.closed_at.is_(None),
        or_(reviews.c.one.in_(here), reviews.c.other.in_(here)),
        reviews.c.one.not_in(barred),
        reviews.c.other.not_in(barred),
    )
    return list(connection.execute(query.order_by(reviews.c.id)).scalars())


def give_to(unit: Unit, case_id: UUID, emails: Sequence[str]) -> set[str]:
    """From now on these facilitators, and no others, may open the case; those who could before."""
    unit.flush()
    table = case_facilitators
    had_it = select(table.c.email).where(table.c.case_id == case_id)
    before = set(unit.connection.execute(had_it).scalars())
    unit.connection.execute(delete(table).where(table.c.case_id == case_id))
    rows = [{"email": email, "case_id": case_id} for email in dict.fromkeys(emails)]
    if rows:
        unit.connection.execute(insert(table), rows)
    return before


def loads_of_facilitators(connection: Connection, but: UUID | None = None) -> dict[str, int]:
    """How many open cases each facilitator has, this one left out."""
    table = case_facilitators
    query = select(table.c.email, func.count()).join(lives, lives.c.case_id == table.c.case_id)
    query = query.where(lives.c.next_on.is_not(None)).group_by(table.c.email)
    if but is not None:
        query = query.where(table.c.case_id != but)
    return {row[0]: row[1] for row in connection.execute(query)}


def add_cross_referral(unit: Unit, one: CrossReferral) -> None:
    """Keep an offer."""
    unit.insert(cross_referrals, vars(one))


def answer_cross_referral(unit: Unit, one: CrossReferral) -> None:
    """Keep what became of an offer."""
    unit.change(
        cross_referrals,
        {"id": one.id},
        state=one.state,
        answered_at=one.answered_at,
        answered_by=one.answered_by,
        reason=one.reason,
    )


def list_cross_referrals(connection: Connection, case_id: UUID) -> list[CrossReferral]:
    """A case's offers to other teams, the oldest first."""
    query = select(cross_referrals).where(cross_referrals.c.case_id == case_id).order_by(cross_referrals.c.id)
    return [CrossReferral(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001


def overdue_offers(unit: Unit, today: dt.date, most: int) -> list[tuple[CrossReferral, str]]:
    """Offers that nobody answered in time, with their cases' references."""
    query = (
        select(cross_referrals, cases.c.reference)
        .join(cases, cases.c.id == cross_referrals.c.case_id)
        .where(cross_referrals.c.state == "offered", cross_referrals.c.due_on < today)
        .order_by(cross_referrals.c.id)
        .limit(most)
    )
    return [(CrossReferral(**dict(zip(CrossReferral.__dataclass_fields__, row[:-1], strict=True))), row[-1])
            for row in unit.connection.execute(query)]  # fmt: skip


def last_routed(connection: Connection, keys: KeyRing, most: int) -> Iterator[Seen]:
    """The last cases that were routed, the newest first."""
    query = (
        select(*_CASE, *lives.c)
        .join(lives, lives.c.case_id == cases.c.id)
        .order_by(cases.c.id.desc())
        .limit(most)
    )
    for row in connection.execution_options(yield_per=1000).execute(query):
        seen = _seen(row, keys)
        if not seen.case.lacks:
            yield seen
