"""Finds and keeps people, cases and referrals in triage's database.

`Register` is one unit's view of them: it takes the locks and looks everything up once for a whole batch, and
knows what earlier referrals of the same batch have added, before any of it is written.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select

from services.triage.history.store import SYSTEM, History
from services.triage.lives.store import Lives
from services.triage.tables import (
    cases,
    evidence,
    referrals,
    reviews,
    withdrawals,
)
from shared.identity import new_id
from shared.resealing import SealedColumn
from shared.rows import Wanted

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from shared.database import Database
    from shared.messaging.unit import Unit

_Told = tuple[str, dt.date]  # the kind of event and the day on which one account puts it

_TRIAGED = (
    referrals.c.reference,
    referrals.c.agency,
    referrals.c.source_record_id,
    referrals.c.version,
    referrals.c.case_id,
    referrals.c.people,
)


class Case(NamedTuple):
    """A case, as far as joining and routing need it."""

    id: UUID
    reference: str
    strand: str
    event_type: str
    area: str | None
    team: str
    why_there: dict[str, Any]
    opened_at: dt.datetime
    withdrawn_at: dt.datetime | None = None
    # None in cases that were routed before there were gates.
    lacks: Sequence[str] | None = ()


class Triaged(NamedTuple):
    """A referral that triage has seen, in its newest version."""

    reference: str
    agency: str
    source_record_id: str
    version: int
    case_id: UUID
    people: tuple[UUID, ...]


class Register:
    """What is known about the people, events and records that one unit is concerned with."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing nothing; `look_up` comes first."""
        self._unit = unit
        self._people: dict[bytes, UUID] = {}
        self._named: set[bytes] = set()  # who has no row under this key yet
        self._by_key: dict[bytes, dict[UUID, set[_Told]]] = defaultdict(lambda: defaultdict(set))
        self._cases: dict[UUID, Case] = {}
        self._triaged: dict[str, Triaged] = {}
        self._reviews: set[tuple[UUID, UUID]] = set()

    @classmethod
    def of(cls, unit: Unit) -> Register:
        """The one register of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    def look_up(
        self,
        database: Database,
        *,
        locks: Iterable[bytes],
        keys: Collection[bytes],
        references: Collection[str],
    ) -> None:
        """Take the locks, then read what is known under these keys; after the locks, never before."""
        connection = self._unit.connection
        known, seen = database.lock_and_find(
            connection,
            locks,
            Wanted(tuple(evidence.c), evidence.c.key, keys),
            Wanted(_TRIAGED, referrals.c.reference, references),
        )
        for key, case_id, event_type, day, person_id in known:
            self._by_key[key][case_id].add((event_type, day))
            if person_id is not None:
                # Of several people under one key the one who was known first: ids sort by time.
                self._people[key] = min(person_id, self._people.get(key, person_id))
        for row in seen:
            triaged = _triaged(row)
            self._triaged[triaged.reference] = triaged
        ids = {case_id for by_case in self._by_key.values() for case_id in by_case}
        ids |= {triaged.case_id for triaged in self._triaged.values()}
        # In a second round, when the cases are known: whoever waits here holds no case that others wait for.
        if not ids:
            return
        pair = (reviews.c.case_id, reviews.c.other_case_id)
        found, heads, standing, *asked = database.lock_and_find(
            connection,
            (case_id.bytes[::-1] for case_id in ids),
            Wanted(tuple(cases.c), cases.c.id, ids),
            History.wanted(ids),
            Lives.wanted(ids),
            *(Wanted(pair, side, ids) for side in pair),
        )
        for row in found:
            case = Case._make(row)
            self._cases[case.id] = case
        for one, other in chain.from_iterable(asked):
            self._reviews.add((one, other))
        History.of(self._unit).know(heads)
        Lives.of(self._unit).know(standing)

    def person_under(self, key: bytes) -> UUID | None:
        """Who is known by this name and birth date."""
        return self._people.get(key)

    def cases_under(self, key: bytes) -> dict[UUID, set[_Told]]:
        """The cases that this evidence points to, with the kinds and days of the accounts that gave it."""
        return self._by_key.get(key, {})

    def case(self, case_id: UUID) -> Case:
        """A case that was looked up or opened in this unit."""
        return self._cases[case_id]

    def referral(self, reference: str) -> Triaged | None:
        """The referral as it was triaged before."""
        return self._triaged.get(reference)

    def add_person(self, key: bytes | None) -> UUID:
        """Somebody who was not known; without a key nobody else's account can be about the same person."""
        person_id = new_id()
        if key is not None:
            self.name_person(person_id, key)
        return person_id

    def name_person(self, person_id: UUID, key: bytes) -> None:
        """From now on this name and birth date lead to this person; `add_evidence` must follow."""
        self._people[key] = person_id
        self._named.add(key)

    def add_case(self, case: Case) -> None:
        """Open a case."""
        self._cases[case.id] = case
        self._unit.insert(cases, case._asdict())
        History.of(self._unit).begin(case.id)

    def add_evidence(self, case_id: UUID, keys: Iterable[bytes], event_type: str, day: dt.date) -> None:
        """From now on these keys lead to this case, and those of people to who they are."""
        account = (event_type, day)
        for key in keys:
            told = self._by_key[key][case_id]
            if account not in told or key in self._named:
                told.add(account)
                self._named.discard(key)
                self._unit.insert(
                    evidence,
                    {
                        "key": key,
                        "case_id": case_id,
                        "event_type": event_type,
                        "day": day,
                        "person_id": self._people.get(key),
                    },
                )

    def add_referral(
        self, triaged: Triaged, matched_on: object, brings: Collection[str], content: bytes
    ) -> None:
        """Keep a referral that is new to triage, its content sealed."""
        self._triaged[triaged.reference] = triaged
        self._unit.insert(
            referrals,
            {
                **triaged._asdict(),
                "evidence": matched_on,
                "sealed": self._unit.keys.rest.seal(content, _place(triaged)),
                "heard_at": self._unit.now,
                "updated_at": self._unit.now,
                "brings": brings,
            },
        )

    def amend_referral(
        self, triaged: Triaged, matched_on: object, brings: Collection[str], content: bytes
    ) -> None:
        """Keep a newer version of a referral that triage has seen."""
        self._triaged[triaged.reference] = triaged
        self._unit.change(
            referrals,
            {"reference": triaged.reference},
            version=triaged.version,
            people=triaged.people,
            evidence=matched_on,
            sealed=self._unit.keys.rest.seal(content, _place(triaged)),
            updated_at=self._unit.now,
            brings=brings,
        )

    def standing_referrals(self, case_id: UUID) -> list[tuple[str, list[str]]]:
        """The case's referrals that were not taken back, and what each brings; of this unit too."""
        self._unit.flush()
        rows = self._unit.connection.execute(
            select(referrals.c.reference, referrals.c.brings)
            .outerjoin(withdrawals, withdrawals.c.reference == referrals.c.reference)
            .where(referrals.c.case_id == case_id, withdrawals.c.reference.is_(None))
            .order_by(referrals.c.heard_at, referrals.c.reference)
        )
        return [(row.reference, row.brings or []) for row in rows]

    def change_case(self, case: Case) -> None:
        """Keep what has become of a case: its area, its team and why, and what it lacks."""
        self._cases[case.id] = case
        self._unit.change(
            cases,
            {"id": case.id},
            area=case.area,
            team=case.team,
            why_there=case.why_there,
            lacks=case.lacks,
        )

    def withdraw(self, triaged: Triaged, reason: str) -> bool:
        """Keep that this referral was taken back; whether the case has another that was not.

        `look_up` holds the case until the unit ends: of two that are taken back at once, the second sees the
        first, and nobody joins it unseen.
        """
        self._unit.connection.execute(
            insert(withdrawals),
            {
                "reference": triaged.reference,
                "case_id": triaged.case_id,
                "at": self._unit.now,
                "sealed": self._unit.keys.rest.seal(reason.encode(), _place_of_withdrawal(triaged.reference)),
            },
        )
        stands = bool(self.standing_referrals(triaged.case_id))
        if not stands:
            self._set_withdrawn(triaged.case_id, self._unit.now)
        return stands

    def take_up_again(self, case_id: UUID) -> None:
        """Something that the case rests on stands again."""
        self._set_withdrawn(case_id, None)

    def _set_withdrawn(self, case_id: UUID, at: dt.datetime | None) -> None:
        self._cases[case_id] = self._cases[case_id]._replace(withdrawn_at=at)
        self._unit.change(cases, {"id": case_id}, withdrawn_at=at)

    def ask_review(self, case_id: UUID, other_case_id: UUID, referral: str, matched_on: object) -> bool:
        """Put two cases before a human as possibly one; False if that question was asked before."""
        one, other = sorted((case_id, other_case_id))
        if (one, other) in self._reviews:
            return False
        self._reviews.add((one, other))
        self._unit.insert(
            reviews,
            {
                "id": new_id(),
                "case_id": one,
                "other_case_id": other,
                "referral": referral,
                "evidence": matched_on,
                "asked_at": self._unit.now,
                "decided_at": None,
            },
        )
        return True

    def note(self, case_id: UUID, what: str, who: str = SYSTEM, **detail: object) -> None:
        """Write a line into the case's history; `who` is the member of staff who did it, if one did."""
        History.of(self._unit).write(case_id, what, who, detail)


def all_triaged(connection: Connection) -> Iterator[tuple[Triaged, str]]:
    """Every referral that triage has seen, with its case's reference."""
    query = select(*_TRIAGED, cases.c.reference).join(cases, cases.c.id == referrals.c.case_id)
    for row in connection.execution_options(yield_per=1000).execute(query):
        *seen, case = row
        yield _triaged(seen), case


def open_reviews(connection: Connection) -> list[tuple[UUID, UUID]]:
    """Pairs of cases that wait for a human's word."""
    query = select(reviews.c.case_id, reviews.c.other_case_id).where(reviews.c.decided_at.is_(None))
    return [(row.case_id, row.other_case_id) for row in connection.execute(query)]


def _triaged(row: Sequence[Any]) -> Triaged:
    *others, people = row
    return Triaged._make((*others, tuple(UUID(person) for person in people)))


def _place(triaged: Triaged | Row[Any]) -> str:
    return f"triage/referral/{triaged.reference}/{triaged.version}"


def _place_of_withdrawal(reference: str) -> str:
    return f"triage/withdrawal/{reference}"


SEALED = (
    SealedColumn(referrals.c.sealed, _place),
    SealedColumn(withdrawals.c.sealed, lambda row: _place_of_withdrawal(row.reference)),
)
