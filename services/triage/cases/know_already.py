"""What was asked already of the people in a case, by whom and when, here and wherever else they are known.

Whoever is known at another point is not asked again: what they need and what they wish for is shown to the
next point where both points have agreed to share, the person agreed to it, and has refused it nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from services.triage.cases import needs_store as store
from services.triage.lives.schema import sides_of
from services.triage.lives.store import Lives

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.cases.needs_store import Assessment, Telling
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
    """Everybody in a case with what is known of them, and the other cases that some of it is from."""

    people: list[Known]
    read_in: frozenset[UUID] = frozenset()


def related_cases(case_id: UUID, unit: Unit) -> set[UUID]:
    """The other cases in which somebody of this one is."""
    connection, keys = unit.connection, unit.keys.rest
    here = store.tellings_here(connection, keys, case_id)
    people = {person for one in here for person in one.people}
    return {one.case_id for one in store.tellings_elsewhere(connection, keys, people, case_id)}


def know_already(case_id: UUID, who: Who, unit: Unit, directory: Directory) -> Asked:
    """What is known of everybody in a case, as far as whoever asks may know it."""
    connection, keys = unit.connection, unit.keys.rest
    here = store.tellings_here(connection, keys, case_id)
    people = _people(here)
    elsewhere = store.tellings_elsewhere(connection, keys, people.keys(), case_id)
    case_ids = {case_id, *(one.case_id for one in elsewhere)}
    assessed = store.list_assessments(connection, keys, case_ids)
    _take_here(here, [one for one in assessed if one.case_id == case_id], people, who)
    read_in = set()
    for person, known in people.items():
        by_case: dict[UUID, list[Telling]] = {}
        for one in (*here, *elsewhere):
            if person in one.people:
                by_case.setdefault(one.case_id, []).append(one)
        if len(by_case) == 1:
            continue
        words = {one: _word(person, told, unit) for one, told in by_case.items()}
        for there, told in by_case.items():
            theirs = [one for one in assessed if any(_is_of(one, person, telling) for telling in told)]
            if there == case_id or not (shown := _shown(who, told, theirs, words, directory)):
                continue
            read_in.add(there)
            known.elsewhere.setdefault(told[0].lead or told[0].team, told[0].case)
            for telling in told if shown == "all" or words[there] == "given" else ():
                _take_wishes(telling, person, known, telling.case)
            for assessment in theirs:
                if assessment.shared or shown == "all":
                    _take_assessment(assessment, known, told[0].case)
    return Asked(list(people.values()), frozenset(read_in))


def _shown(
    who: Who,
    told: Sequence[Telling],
    theirs: Sequence[Assessment],
    words: Mapping[UUID, str],
    directory: Directory,
) -> Literal["all", "shared", ""]:
    """How much of another case's words about somebody the reader is shown.

    Their own team's all of it; of another point's what was shared, where both points have agreed to share
    and the person agreed too, and refused it nowhere.
    """
    points = {told[0].lead, told[0].team}
    if who.role == "supervisor" or who.team == told[0].team:
        return "all"
    if "refused" in words.values() or not any(directory.share(who.team, one) for one in points):
        return ""
    agreed = words[told[0].case_id] == "given" or any(one.shared for one in theirs)
    return "shared" if agreed else ""


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


def _take_here(
    here: Sequence[Telling], assessed: Sequence[Assessment], people: dict[UUID, Known], who: Who
) -> None:
    """What was told and recorded in the case itself."""
    of_mention = {mention: known for known in people.values() for mention in known.mentions}
    for telling in here:
        for person in dict.fromkeys(telling.people):
            _take_wishes(telling, person, people[person], "")
    for one in assessed:
        if not (one.shared or one.team == who.team):
            continue
        beside = [known for known in people.values() if known.side == one.side]
        known = of_mention.get((one.referral or "", one.party or 0))
        # Where nobody said who it was, it is of the side's only person, or of nobody in particular.
        if known is None and one.referral is None and len(beside) == 1:
            known = beside[0]
        if known is not None:
            _take_assessment(one, known, "")


def _take_wishes(telling: Telling, person: UUID, known: Known, case: str) -> None:
    for party in _parties(person, telling):
        if party.wishes:
            at = telling.content.referred_at
            known.wishes.append((Source(telling.agency, telling.agency, at, case), tuple(party.wishes)))


def _take_assessment(one: Assessment, known: Known, case: str) -> None:
    source = Source(one.who, one.team, one.at, case)
    if one.needs:
        known.needs.append((source, one))
    if one.wishes:
        known.wishes.append((source, one.wishes))


def _parties(person: UUID, telling: Telling) -> Iterator[Party]:
    return (telling.content.parties[place] for _, place in sorted(_places(person, telling)))


def _places(person: UUID, telling: Telling) -> set[tuple[str, int]]:
    return {(telling.reference, place) for place, one in enumerate(telling.people) if one == person}


def _is_of(one: Assessment, person: UUID, telling: Telling) -> bool:
    return (one.referral or "", one.party or 0) in _places(person, telling)


def _word(person: UUID, told: Sequence[Telling], unit: Unit) -> str:
    """What somebody said in a case of other services being told: "refused", "given", or nothing.

    What was recorded in the case is newer than what its referrals say; a refusal in any of these stands.
    """
    said = {
        consent.decision
        for telling in told
        for party in _parties(person, telling)
        for consent in party.consents
        if consent.to == "sharing"
    }
    sides = {
        side
        for telling in told
        for one, side in zip(telling.people, sides_of(telling.content), strict=False)
        if one == person
    }
    for record in Lives.of(unit).records(told[0].case_id):
        if record.kind == "consent" and record.says["to"] == "sharing" and record.says["side"] in sides:
            said = {record.says["decision"]}
    if said & {"refused", "withdrawn"}:
        return "refused"
    return "given" if "given" in said else ""
