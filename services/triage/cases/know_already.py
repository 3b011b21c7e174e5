"""What was asked already of the people in a case, by whom and when, here and wherever else they are known.

Whoever is known at another point is not asked again: what they need and what they wish for is shown to the
next point where both points have agreed to share, the person agreed to it, and has refused it nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from services.triage.cases import needs_store as store
from services.triage.cases import store as cases_store
from services.triage.cases.share_known import (
    are_agreed,
    by_case,
    may_be_told,
    may_read,
    parties_of,
    those_that_stand,
    words_of,
)
from services.triage.lives.schema import sides_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.cases.needs_store import Assessment, Telling
    from services.triage.cases.share_known import Word
    from services.triage.cases.store import Seen, Told
    from shared.contracts.referral import Party
    from shared.directory import Directory
    from shared.messaging.unit import Unit

What = Literal["needs", "wishes"]
WHATS: Final[tuple[What, ...]] = ("needs", "wishes")


class Source(NamedTuple):
    """Who recorded something and when, at which point, and in which other case; "" where it is this one."""

    by: str
    point: str
    at: dt.datetime
    case: str = ""


@dataclass
class Known:
    """One person of a case: where they are mentioned, and what is known of them and from whom."""

    person: UUID
    side: str
    mentions: list[tuple[str, int]] = field(default_factory=list)  # referral and place, from 0
    name: str = ""
    needs: list[tuple[Source, Assessment]] = field(default_factory=list)
    wishes: list[tuple[Source, tuple[str, ...]]] = field(default_factory=list)
    # Who leads for them elsewhere, and in which case.
    elsewhere: dict[str, str] = field(default_factory=dict)

    @property
    def to_ask(self) -> tuple[What, ...]:
        """What nobody has asked them yet, so far as may be known here."""
        begun = any(one.stage == "start" for _, one in self.needs)
        return tuple(what for what, known in (("needs", begun), ("wishes", self.wishes)) if not known)  # type: ignore[misc]  # two words


@dataclass(frozen=True)
class Asked:
    """Everybody in a case with what is known of them, what was told, and the other cases that were read.

    `assessed` are the assessments of the case that whoever asks may read.
    """

    people: list[Known]
    told: list[Told]
    assessed: list[Assessment] = field(default_factory=list)
    read_in: frozenset[UUID] = frozenset()


def know_already(seen: Seen, who: Who, unit: Unit, directory: Directory) -> Asked:
    """What is known of everybody in a case, as far as whoever asks may know it.

    Of another case that they see themselves it is all that they may read there, of any other what was shared.
    Of one in which they know somebody it is nothing.
    """
    connection, keys, case_id = unit.connection, unit.keys.rest, seen.case.id
    told_here = cases_store.list_told(connection, keys, case_id)
    ever_here = [_telling(told, seen) for told in told_here]
    here = those_that_stand(ever_here)
    people = _people(here)
    ever_elsewhere = by_case(store.tellings_elsewhere(connection, keys, people.keys(), case_id))
    elsewhere = {one: told for one, ever in ever_elsewhere.items() if (told := those_that_stand(ever))}
    assessed = store.list_assessments(connection, keys, {case_id, *elsewhere})
    team = who.team_in(seen, unit)
    here_assessed = [one for one in assessed if one.case_id == case_id and may_read(one, who, team)]
    _take_here(here, here_assessed, people)
    may = _Reader(
        who,
        cases_store.which_seen(connection, who.sees, elsewhere),
        cases_store.which_barred(connection, who.name, elsewhere),
        directory,
    )
    read_in = set()
    for person, known in people.items():
        there = {one: told for one, tellings in elsewhere.items() if (told := _that_tell(person, tellings))}
        if not there:
            continue
        ever = {case_id: ever_here, **ever_elsewhere}
        heard = {one: told for one, tellings in ever.items() if (told := _that_tell(person, tellings))}
        words = words_of(person, heard, unit)
        for other, told in there.items():
            theirs = [one for one in assessed if any(_is_of(one, person, telling) for telling in told)]
            shown = may.be_shown(told[0], theirs, words)
            if shown is None:
                continue
            read_in.add(other)
            known.elsewhere.setdefault(told[0].lead or told[0].team, told[0].case)
            for telling in told if shown.wishes else ():
                _take_wishes(telling, person, known, telling.case)
            for assessment in shown.assessments:
                _take_assessment(assessment, known, told[0].case)
    return Asked(list(people.values()), told_here, here_assessed, frozenset(read_in))


class _Shown(NamedTuple):
    """What of another case's words about somebody the reader is shown."""

    wishes: bool
    assessments: list[Assessment]


class _Reader(NamedTuple):
    """Whoever asks; the other cases that they see, and those in which they know somebody."""

    who: Who
    seen: set[UUID]
    barred: set[UUID]
    directory: Directory

    def be_shown(
        self, there: Telling, theirs: Sequence[Assessment], words: Mapping[UUID, Word]
    ) -> _Shown | None:
        """How much of another case they are shown; None where it is nothing, not even that there is one."""
        if there.case_id in self.barred:
            return None
        if there.case_id in self.seen:
            read = [a for a in theirs if may_read(a, self.who, self.who.team)]
            return _Shown(wishes=True, assessments=read)
        shared = [a for a in theirs if a.shared and are_agreed(self.who.team, a.team, self.directory)]
        if not may_be_told(self.who.team, there, words, self.directory, agreed=bool(shared)):
            return None
        return _Shown(wishes=words[there.case_id] == "given", assessments=shared)


def _telling(told: Told, seen: Seen) -> Telling:
    case = seen.case
    where = (case.id, case.reference, case.team, seen.kept.lead)
    return store.Telling(told.reference, told.agency, told.content, told.people, *where, told.stands)


def _that_tell(person: UUID, tellings: Sequence[Telling]) -> list[Telling]:
    return [one for one in tellings if person in one.people]


def _people(here: Sequence[Telling]) -> dict[UUID, Known]:
    people: dict[UUID, Known] = {}
    for telling in here:
        sides = sides_of(telling.content)
        for place, (person, side) in enumerate(zip(telling.people, sides, strict=False)):
            known = people.setdefault(person, Known(person, side))
            known.mentions.append((telling.reference, place))
            known.name = known.name or _called(telling.content.parties[place])
    return people


def _called(party: Party) -> str:
    name = party.name
    return " ".join(filter(None, (name.given, name.family))) if name else ""


def _take_here(here: Sequence[Telling], assessed: Sequence[Assessment], people: dict[UUID, Known]) -> None:
    """What was told and recorded in the case itself."""
    of_mention = {mention: known for known in people.values() for mention in known.mentions}
    for telling in here:
        for person in dict.fromkeys(telling.people):
            _take_wishes(telling, person, people[person], "")
    for one in assessed:
        beside = [known for known in people.values() if known.side == one.side]
        known = of_mention.get((one.referral or "", one.party or 0))
        # Where nobody said who it was, it is of the side's only person, or of nobody in particular.
        if known is None and one.referral is None and len(beside) == 1:
            known = beside[0]
        if known is not None:
            _take_assessment(one, known, "")


def _take_wishes(telling: Telling, person: UUID, known: Known, case: str) -> None:
    for party in parties_of(person, telling):
        if party.wishes:
            at = telling.content.referred_at
            known.wishes.append((Source(telling.agency, telling.agency, at, case), tuple(party.wishes)))


def _take_assessment(one: Assessment, known: Known, case: str) -> None:
    source = Source(one.who, one.team, one.at, case)
    if one.needs:
        known.needs.append((source, one))
    if one.wishes:
        known.wishes.append((source, one.wishes))


def _places(person: UUID, telling: Telling) -> set[tuple[str, int]]:
    return {(telling.reference, place) for place, one in enumerate(telling.people) if one == person}


def _is_of(one: Assessment, person: UUID, telling: Telling) -> bool:
    return (one.referral or "", one.party or 0) in _places(person, telling)
