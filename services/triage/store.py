"""Finds and keeps cases, referrals and what they were compared with in triage's database.

`Register` is one unit's view of them: it takes the locks and looks everything up once for a whole batch, and
knows what earlier referrals of the same batch have added, before any of it is written.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import insert, select

from services.triage.domain.matching.accounts import Account, nothing_told
from services.triage.history.store import SYSTEM, History
from services.triage.lives.store import Lives
from services.triage.tables import (
    cases,
    comparisons,
    judgements,
    match_keys,
    people_in,
    referrals,
    reviews,
    withdrawals,
)
from shared.contracts.referral import Referral
from shared.identity import new_id
from shared.resealing import SealedColumn
from shared.rows import Gathered, Wanted, find_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from shared.database import Database
    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

UNSETTLED = UUID(int=0)  # the case of a referral that was added and is settled in the same breath
COMMONEST = 60  # accounts under one key; a key that is commoner leads nowhere, and is passed over
_TRIAGED = (
    referrals.c.reference,
    referrals.c.agency,
    referrals.c.source_record_id,
    referrals.c.version,
    referrals.c.case_id,
    referrals.c.people,
)
_KNOWN = (
    *_TRIAGED,
    referrals.c.opened_case,
    referrals.c.brings,
    referrals.c.sealed,
    referrals.c.account,
    referrals.c.own_people,
)
_pack = msgspec.msgpack.Encoder()
_unpack = msgspec.msgpack.Decoder(Account)
_read_content = msgspec.json.Decoder(Referral)
_write_content = msgspec.json.Encoder()


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
    merged_into: UUID | None = None


class Triaged(NamedTuple):
    """A referral that triage has seen, in its newest version."""

    reference: str
    agency: str
    source_record_id: str
    version: int
    case_id: UUID
    people: tuple[UUID, ...]


class Known(NamedTuple):
    """A referral that triage has seen, with what it is compared by and what it opened."""

    triaged: Triaged
    opened_case: UUID | None
    brings: Sequence[str]
    sealed: bytes
    account: Account
    # Who its parties were when nobody was known to be one of them, in their order.
    own_people: tuple[UUID, ...] = ()


class Review(NamedTuple):
    """Two referrals that are, or were, before a human as possibly one case."""

    id: UUID
    one: str
    other: str
    asked_at: dt.datetime
    closed_at: dt.datetime | None
    outcome: str | None
    who: str | None


class Register:
    """What is known about the accounts and cases that one unit is concerned with."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing nothing; `look_up` comes first."""
        self._unit = unit
        self._database: Database | None = None
        self._by_key: dict[bytes, dict[str, None]] = defaultdict(dict)
        self._known: dict[str, Known] = {}
        self._contents: dict[tuple[str, int], Referral] = {}
        self._cases: dict[UUID, Case] = {}
        self._in_case: dict[UUID, dict[str, None]] = defaultdict(dict)
        self._millibits: dict[tuple[str, str], int] = {}
        self._with: dict[str, set[str]] = defaultdict(set)
        self._judged: dict[tuple[str, str], tuple[UUID, str]] = {}
        self._reviews: dict[tuple[str, str], Review] = {}
        # People and cases that there were not before this unit: nothing is to be read of them.
        self.fresh: set[UUID] = set()
        self._withdrawn: dict[str, bool] = {}
        # Rows that were added, and after which flush: until the next, they are changed in place.
        self._added: dict[str, tuple[int, dict[str, Any]]] = {}

    @classmethod
    def of(cls, unit: Unit) -> Register:
        """The one register of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    # ------------------------------------------------------------------------------------- looking up

    def look_up(
        self,
        database: Database,
        *,
        locks: Iterable[bytes],
        keys: Collection[bytes] = (),
        references: Collection[str] = (),
        least: float = float("inf"),
    ) -> None:
        """Take the locks, then read what is known under these keys; after the locks, never before.

        Whoever is found brings their case, all who are in it, and every account that weighs at least `least`
        bits with one of them, with its case in turn.
        """
        connection, self._database = self._unit.connection, database
        under, seen = database.lock_and_find(
            connection,
            locks,
            Gathered(match_keys.c.reference, match_keys.c.key, keys, COMMONEST + 1),
            Wanted(_KNOWN, referrals.c.reference, references),
        )
        for key, here in under:
            self._by_key[key].update(dict.fromkeys(here))
        self._learn(seen)
        self._follow(
            self.under(keys) - self._known.keys(), round(least * 1000) if least != float("inf") else None
        )

    def _follow(self, references: set[str], least: int | None) -> None:
        """Read these referrals, hold their cases, and read who is in them and who they were compared with."""
        assert self._database is not None  # noqa: S101 - `look_up` came first
        connection, database = self._unit.connection, self._database
        compared: set[str] = set()
        asked: set[UUID] = set()
        while True:
            if references:
                self._learn(find_rows(connection, _KNOWN, referrals.c.reference, references))
            # Whoever is read in this round may have opened, or come from, a case that was not read yet.
            while ids := self._cases_to_read() - asked:
                asked |= ids
                # In a round of their own, when the cases are known: whoever waits here holds no case that
                # others wait for.
                waited = [r for r, known in self._known.items() if known.triaged.case_id in ids]
                rows, heads, standing, members, moved = database.lock_and_find(
                    connection,
                    (case_id.bytes[::-1] for case_id in ids),
                    Wanted(tuple(cases.c), cases.c.id, ids),
                    History.wanted(ids),
                    Lives.wanted(ids),
                    Wanted(_KNOWN, referrals.c.case_id, ids),
                    # Whoever held the case before us may have taken them to another.
                    Wanted(_KNOWN, referrals.c.reference, waited),
                )
                for row in rows:
                    case = Case._make(row)
                    self._cases[case.id] = case
                History.of(self._unit).know(heads)
                Lives.of(self._unit).know(standing)
                self._learn((*members, *moved))
            fresh = self._known.keys() - compared
            if least is None or not fresh:
                return
            compared |= fresh
            references = self._learn_comparisons(fresh, least) - self._known.keys()

    def _cases_to_read(self) -> set[UUID]:
        """The cases that referrals of this unit are in, or opened, and that were not read yet."""
        ids = {known.triaged.case_id for known in self._known.values()}
        ids |= {known.opened_case for known in self._known.values() if known.opened_case}
        return ids - self._cases.keys() - {UNSETTLED}

    def _learn(self, rows: Iterable[Sequence[Any]]) -> None:
        rest = self._unit.keys.rest
        for row in rows:
            triaged = _triaged(row[:6])
            if triaged.reference in self._known and self._known[triaged.reference].triaged == triaged:
                continue
            opened_case, brings, sealed, account, own = row[6:]
            if account is not None:
                read = _unpack.decode(rest.open(account, _place_of_account(triaged)))
            else:
                read = nothing_told(triaged.reference, triaged.agency)
            people = tuple(UUID(person) for person in own or ())
            self._place_in_case(Known(triaged, opened_case, brings or (), sealed, read, people))

    def _place_in_case(self, known: Known) -> None:
        triaged = known.triaged
        before = self._known.get(triaged.reference)
        if before is not None and before.triaged.case_id != triaged.case_id:
            self._in_case[before.triaged.case_id].pop(triaged.reference, None)
        self._known[triaged.reference] = known
        self._in_case[triaged.case_id][triaged.reference] = None

    def _learn_comparisons(self, references: Collection[str], least: int) -> set[str]:
        """Read what these were compared with; the references that weigh at least `least` with one of them."""
        assert self._database is not None  # noqa: S101
        pair = (comparisons.c.one, comparisons.c.other, comparisons.c.millibits)
        word = (judgements.c.id, judgements.c.one, judgements.c.other, judgements.c.verdict)
        found = self._database.lock_and_find(
            self._unit.connection,
            (),
            Wanted(pair, comparisons.c.one, references),
            Wanted(pair, comparisons.c.other, references),
            Wanted(word, judgements.c.one, references),
            Wanted(word, judgements.c.other, references),
            Wanted(tuple(reviews.c), reviews.c.one, references),
            Wanted(tuple(reviews.c), reviews.c.other, references),
        )
        near: set[str] = set()
        for one, other, millibits in (*found[0], *found[1]):
            self._remember_comparison(one, other, millibits)
            if millibits >= least:
                near |= {one, other}
        for judgement, one, other, verdict in (*found[2], *found[3]):
            self._remember_judgement(judgement, one, other, verdict)
            if verdict == "same":
                near |= {one, other}
        for row in (*found[4], *found[5]):
            review = Review._make(row)
            self._reviews[review.one, review.other] = review
        return near

    def _remember_comparison(self, one: str, other: str, millibits: int) -> None:
        self._millibits[one, other] = millibits
        self._with[one].add(other)
        self._with[other].add(one)

    def _remember_judgement(self, judgement: UUID, one: str, other: str, verdict: str) -> None:
        known = self._judged.get((one, other))
        if known is None or known[0] < judgement:
            self._judged[one, other] = judgement, verdict

    def look_up_case(self, database: Database, case_id: UUID) -> None:
        """Read a case that is held, its referrals, and every referral with one of their people."""
        references = self._unit.connection.execute(
            select(referrals.c.reference).where(referrals.c.case_id == case_id)
        ).scalars()
        self.look_up(database, locks=(), references=set(references))
        self.elsewhere(self.everybody())

    # ---------------------------------------------------------------------------------- what is known

    def under(self, keys: Iterable[bytes]) -> set[str]:
        """The referrals under any of these keys; nobody under one that is too common to lead anywhere."""
        found: set[str] = set()
        for key in keys:
            here = self._by_key.get(key)
            if here is not None and len(here) <= COMMONEST:
                found.update(here)
        return found

    def known(self, reference: str) -> Known | None:
        """A referral that was looked up or added in this unit."""
        return self._known.get(reference)

    def referral(self, reference: str) -> Triaged | None:
        """The referral as it was triaged before."""
        known = self._known.get(reference)
        return known.triaged if known else None

    def content(self, reference: str) -> Referral:
        """What the agency sent, in the newest version that triage has."""
        known = self._known[reference]
        found = (reference, known.triaged.version)
        if found not in self._contents:
            opened = self._unit.keys.rest.open(known.sealed, _place(known.triaged))
            self._contents[found] = _read_content.decode(opened)
        return self._contents[found]

    def case(self, case_id: UUID) -> Case:
        """A case that was looked up or opened in this unit."""
        return self._cases[case_id]

    def case_ids(self) -> Collection[UUID]:
        """The cases that were looked up or opened in this unit."""
        return self._cases.keys()

    def merged_into(self, case_id: UUID) -> list[UUID]:
        """The cases that go on in this one, as far as they were looked up."""
        # Most are None, which an id takes long to tell from itself.
        return [
            one.id
            for one in self._cases.values()
            if one.merged_into is not None and one.merged_into == case_id
        ]

    def everybody(self) -> set[UUID]:
        """The people of the referrals that were looked up or added in this unit."""
        return {person for known in self._known.values() for person in known.triaged.people}

    def mentioning(self, people: Collection[UUID]) -> list[str]:
        """The referrals that were looked up or added in this unit and mention one of these people."""
        wanted = set(people)
        return [one for one, known in self._known.items() if not wanted.isdisjoint(known.triaged.people)]

    def members(self, case_id: UUID) -> list[str]:
        """The referrals of a case, those of this unit too."""
        return list(self._in_case.get(case_id, ()))

    def compared_with(self, reference: str) -> set[str]:
        """The referrals that this one was compared with, as far as that was worth keeping."""
        return self._with.get(reference, set())

    def bits(self, one: str, other: str) -> float | None:
        """What these two weigh, if that was kept."""
        millibits = self._millibits.get(_ordered(one, other))
        return None if millibits is None else millibits / 1000

    def said(self, one: str, other: str) -> str | None:
        """What a human said last of these two: `same`, `different`, or nothing."""
        judged = self._judged.get(_ordered(one, other))
        return judged[1] if judged else None

    def all_said(self) -> Iterator[tuple[str, str, str]]:
        """Everything that humans said of those who were looked up."""
        for (one, other), (_, verdict) in self._judged.items():
            yield one, other, verdict

    def is_asked(self, one: str, other: str) -> bool:
        """Whether these two are before a human."""
        review = self._reviews.get(_ordered(one, other))
        return review is not None and review.closed_at is None

    def open_reviews(self) -> list[Review]:
        """The questions about those who were looked up that wait for an answer."""
        return [review for review in self._reviews.values() if review.closed_at is None]

    # ------------------------------------------------------------------------------------- keeping

    def add_keys(self, reference: str, keys: Iterable[bytes]) -> None:
        """From now on these keys lead to this referral."""
        for key in keys:
            if reference not in self._by_key[key]:
                self._by_key[key][reference] = None
                self._unit.insert(match_keys, {"key": key, "reference": reference})

    def add_referral(
        self,
        triaged: Triaged,
        brings: Sequence[str],
        content: Referral,
        account: Account,
        opened_case: UUID | None,
    ) -> None:
        """Keep a referral that is new to triage, its content sealed."""
        rest = self._unit.keys.rest
        sealed = self._seal_content(triaged, content)
        self._place_in_case(Known(triaged, opened_case, brings, sealed, account, triaged.people))
        row = {
            **triaged._asdict(),
            "sealed": sealed,
            "heard_at": self._unit.now,
            "updated_at": self._unit.now,
            "brings": brings,
            "opened_case": opened_case,
            "account": rest.seal(_pack.encode(account), _place_of_account(triaged)),
            "own_people": triaged.people,
        }
        self._added[triaged.reference] = self._unit.flushes, row
        self.fresh.update(triaged.people)
        self._withdrawn[triaged.reference] = False
        self._unit.insert(referrals, row)

    def amend_referral(
        self, triaged: Triaged, brings: Sequence[str], content: Referral, account: Account
    ) -> None:
        """Keep a newer version of a referral that triage has seen."""
        rest = self._unit.keys.rest
        sealed = self._seal_content(triaged, content)
        before = self._known[triaged.reference]
        own = (*before.own_people, *triaged.people[len(before.own_people) :])
        self.fresh.update(set(triaged.people) - set(before.triaged.people))
        self._place_in_case(Known(triaged, before.opened_case, brings, sealed, account, own))
        self._change_referral(
            triaged.reference,
            version=triaged.version,
            people=triaged.people,
            sealed=sealed,
            updated_at=self._unit.now,
            brings=brings,
            account=rest.seal(_pack.encode(account), _place_of_account(triaged)),
            own_people=own,
        )

    def _seal_content(self, triaged: Triaged, content: Referral) -> bytes:
        self._contents[triaged.reference, triaged.version] = content
        return self._unit.keys.rest.seal(_write_content.encode(content), _place(triaged))

    def move(self, reference: str, case_id: UUID, *, opens: bool = False) -> None:
        """The referral belongs to that case from now on; with `opens` it is the one that founded it."""
        known = self._known[reference]
        opened = case_id if opens else known.opened_case
        moved = known.triaged._replace(case_id=case_id)
        self._place_in_case(known._replace(triaged=moved, opened_case=opened))
        self._change_referral(reference, case_id=case_id, opened_case=opened)

    def _change_referral(self, reference: str, **values: object) -> None:
        after, row = self._added.get(reference, (-1, {}))
        if after == self._unit.flushes:
            row.update(values)
        else:
            self._unit.change(referrals, {"reference": reference}, **values)

    def set_people(self, reference: str, people: Sequence[UUID]) -> bool:
        """Who the parties of this referral are, in their order; whether one is another than before."""
        known = self._known[reference]
        before = known.triaged.people
        self._mention(reference, people if reference in self._added else set(people) - set(before))
        if before == tuple(people):
            return False
        self._known[reference] = known._replace(triaged=known.triaged._replace(people=tuple(people)))
        self._change_referral(reference, people=tuple(people))
        return True

    def _mention(self, reference: str, people: Iterable[UUID]) -> None:
        seen = self._unit.remember("people_in", set)
        for person in people:
            if (person, reference) not in seen:
                seen.add((person, reference))
                self._unit.insert(people_in, {"person_id": person, "reference": reference})

    def elsewhere(self, people: Collection[UUID]) -> list[str]:
        """The referrals that mention one of these people and were not looked up; they are read now."""
        before = set(people) - self.fresh
        rows = find_rows(self._unit.connection, (people_in.c.reference,), people_in.c.person_id, before)
        away = {row[0] for row in rows} - self._known.keys()
        self._follow(away, None)
        return [reference for reference in sorted(away) if reference in self._known]

    def keep_comparison(self, one: str, other: str, bits: float, evidence: object) -> None:
        """Keep what two referrals weigh and why, in the place of what was kept before."""
        pair = _ordered(one, other)
        millibits = round(bits * 1000)
        values = {"millibits": millibits, "evidence": evidence, "at": self._unit.now}
        if pair in self._millibits:
            self._unit.change(comparisons, {"one": pair[0], "other": pair[1]}, **values)
        else:
            self._unit.insert(comparisons, {"one": pair[0], "other": pair[1], **values})
        self._remember_comparison(*pair, millibits)

    def keep_judgement(self, one: str, other: str, verdict: str, who: str, why: str) -> None:
        """Keep what a human said of two referrals, and why, sealed; it overrides whatever they weigh."""
        pair = _ordered(one, other)
        judgement = new_id()
        self._unit.insert(
            judgements,
            {
                "id": judgement,
                "one": pair[0],
                "other": pair[1],
                "verdict": verdict,
                "at": self._unit.now,
                "who": who,
                "sealed": self._unit.keys.rest.seal(why.encode(), f"triage/judgement/{judgement}"),
            },
        )
        self._remember_judgement(judgement, *pair, verdict)

    def ask_review(self, one: str, other: str) -> bool:
        """Put two referrals before a human as possibly one case; False if they are there already."""
        pair = _ordered(one, other)
        before = self._reviews.get(pair)
        if before is not None and before.closed_at is None:
            return False
        review = Review(new_id(), *pair, self._unit.now, None, None, None)
        self._reviews[pair] = review
        self._unit.insert(reviews, review._asdict())
        return True

    def close_review(self, review: Review, outcome: str, who: str = SYSTEM) -> None:
        """The question was answered, or is none any more."""
        self._reviews[review.one, review.other] = review._replace(
            closed_at=self._unit.now, outcome=outcome, who=who
        )
        self._unit.change(reviews, {"id": review.id}, closed_at=self._unit.now, outcome=outcome, who=who)

    # --------------------------------------------------------------------------------------- cases

    def add_case(self, case: Case) -> None:
        """Open a case."""
        self._cases[case.id] = case
        self.fresh.add(case.id)
        self._unit.insert(cases, case._asdict())
        History.of(self._unit).begin(case.id)

    def standing_referrals(self, case_id: UUID) -> list[tuple[str, Sequence[str]]]:
        """The case's referrals that were not taken back, and what each brings; of this unit too."""
        standing = sorted(one for one in self.members(case_id) if self.stands(one))
        return [(reference, self._known[reference].brings) for reference in standing]

    def stands(self, reference: str) -> bool:
        """Whether a referral that was looked up or added in this unit was not taken back."""
        if reference not in self._withdrawn:
            # Of all that were looked up at once: the next case of the batch has no need to ask.
            unread = self._known.keys() - self._withdrawn.keys()
            rows = find_rows(
                self._unit.connection, (withdrawals.c.reference,), withdrawals.c.reference, unread
            )
            self._withdrawn |= dict.fromkeys(unread, False) | {row.reference: True for row in rows}
        return not self._withdrawn[reference]

    def change_case(self, case: Case) -> None:
        """Keep what has become of a case: area, team and why, what it lacks, what it was merged into."""
        self._cases[case.id] = case
        self._unit.change(
            cases,
            {"id": case.id},
            area=case.area,
            team=case.team,
            why_there=case.why_there,
            lacks=case.lacks,
            merged_into=case.merged_into,
        )

    def put_back(self, case: Case) -> None:
        """The case is what it was before."""
        self.change_case(case)
        self._set_withdrawn(case.id, case.withdrawn_at)

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
        self._withdrawn[triaged.reference] = True
        stands = bool(self.standing_referrals(triaged.case_id))
        if not stands:
            self.pause(triaged.case_id)
        return stands

    def pause(self, case_id: UUID) -> None:
        """Nothing that the case rests on stands any more."""
        self._set_withdrawn(case_id, self._unit.now)

    def take_up_again(self, case_id: UUID) -> None:
        """Something that the case rests on stands again."""
        self._set_withdrawn(case_id, None)

    def _set_withdrawn(self, case_id: UUID, at: dt.datetime | None) -> None:
        self._cases[case_id] = self._cases[case_id]._replace(withdrawn_at=at)
        self._unit.change(cases, {"id": case_id}, withdrawn_at=at)

    def note(self, case_id: UUID, what: str, who: str = SYSTEM, **detail: object) -> None:
        """Write a line into the case's history; `who` is the member of staff who did it, if one did."""
        History.of(self._unit).write(case_id, what, who, detail)


def all_triaged(connection: Connection) -> Iterator[tuple[Triaged, str]]:
    """Every referral that triage has seen, with its case's reference."""
    query = select(*_TRIAGED, cases.c.reference).join(cases, cases.c.id == referrals.c.case_id)
    for row in connection.execution_options(yield_per=1000).execute(query):
        *seen, case = row
        yield _triaged(seen), case


def open_reviews(connection: Connection) -> list[tuple[str, str]]:
    """Pairs of referrals that wait for a human's word."""
    query = select(reviews.c.one, reviews.c.other).where(reviews.c.closed_at.is_(None))
    return [(row.one, row.other) for row in connection.execute(query)]


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _triaged(row: Sequence[Any]) -> Triaged:
    *others, people = row
    return Triaged._make((*others, tuple(UUID(person) for person in people)))


def _place(triaged: Triaged | Row[Any]) -> str:
    return f"triage/referral/{triaged.reference}/{triaged.version}"


def _place_of_account(triaged: Triaged | Row[Any]) -> str:
    return f"triage/account/{triaged.reference}/{triaged.version}"


def _place_of_withdrawal(reference: str) -> str:
    return f"triage/withdrawal/{reference}"


SEALED = (
    SealedColumn(referrals.c.sealed, _place),
    SealedColumn(referrals.c.account, _place_of_account),
    SealedColumn(withdrawals.c.sealed, lambda row: _place_of_withdrawal(row.reference)),
    SealedColumn(judgements.c.sealed, lambda row: f"triage/judgement/{row.id}"),
)


def pack_account(ring: KeyRing, reference: str, version: int, account: Account) -> bytes:
    """An account, sealed for a referral's row."""
    return ring.seal(_pack.encode(account), f"triage/account/{reference}/{version}")


def unpack_account(ring: KeyRing, reference: str, version: int, account: bytes) -> Account:
    """The account of a referral's row."""
    return _unpack.decode(ring.open(account, f"triage/account/{reference}/{version}"))


def read_content(ring: KeyRing, reference: str, version: int, sealed: bytes) -> Referral:
    """What the agency sent, from a referral's row."""
    return _read_content.decode(ring.open(sealed, f"triage/referral/{reference}/{version}"))
