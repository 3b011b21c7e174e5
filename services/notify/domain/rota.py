"""Who is told now: a team's coordinators by level or who stands in for them, supervisors, then the duty desk.

A rota is a ladder of rungs, each some people. The first rung is told first; an alert that nobody takes
climbs. There is always somebody: where a team has nobody, or all of them are away, the next rung takes their
place, and the last is the hub's duty desk, which is told even when all of it is away.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

_LONDON = ZoneInfo("Europe/London")
_LONGEST_COVER = 8  # people who stand in for one another, before a circle is suspected


class AtWork(Protocol):
    """Somebody's working time."""

    def opens(self, now: dt.datetime) -> dt.datetime:
        """The same instant if they work then, else the next at which they begin."""


@dataclass(frozen=True)
class Person:
    """Somebody on the rota; without working time they can be told at any hour."""

    email: str
    level: int = 1
    work: AtWork | None = None
    leave: tuple[tuple[dt.date, dt.date], ...] = ()
    cover: str = ""

    def is_away(self, now: dt.datetime) -> bool:
        """Whether this is a day of their leave."""
        today = now.astimezone(_LONDON).date()
        return any(first <= today <= last for first, last in self.leave)

    def can_be_told(self, now: dt.datetime) -> dt.datetime:
        """When their hours let them be told; what is urgent does not ask."""
        return now if self.work is None else self.work.opens(now)


@dataclass(frozen=True)
class Rung:
    """Some people who are told together, and what they are."""

    name: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Ladder:
    """A team's rungs from the bottom up; `supervisors` is where the climb ends."""

    rungs: tuple[Rung, ...]
    supervisors: int

    @classmethod
    def of(
        cls, coordinators: Iterable[Person], supervisors: Sequence[Person], desk: Sequence[Person]
    ) -> Ladder:
        """The rungs of a team with these people; `desk` is never empty."""
        by_level: dict[int, list[Person]] = {}
        for person in coordinators:
            by_level.setdefault(person.level, []).append(person)
        rungs = [Rung("coordinators", tuple(people)) for _, people in sorted(by_level.items())]
        top = tuple(supervisors) or tuple(desk)
        rungs.append(Rung("supervisors", top))
        if tuple(desk) != top:
            rungs.append(Rung("duty_desk", tuple(desk)))
        return cls(tuple(rungs), [rung.name for rung in rungs].index("supervisors"))

    def beginning_with(self, person: Person) -> Ladder:
        """The same for news that is one person's: then their team's supervisors, and the desk."""
        return Ladder((Rung("own", (person,)), *self.rungs[self.supervisors :]), 1)


@dataclass(frozen=True)
class Told:
    """Whom to tell, and from which rung they are."""

    rung: int
    people: tuple[Person, ...]


def who_is_told(
    ladder: Ladder,
    rung: int,
    everybody: Mapping[str, Person],
    now: dt.datetime,
    *,
    urgent: bool,
    barred: Collection[str] = (),
) -> Told:
    """Whoever has to be told, from this rung on upwards; nobody only where all of them are `barred`.

    Of a rung those are told who work now; if none does, all who are not away now or then, when their hours
    begin. What is urgent climbs until it finds somebody who works now; if nobody at all does, the first who
    are not away are told in their free time.
    """
    rungs = [
        (number, one.people)
        for number, one in enumerate(ladder.rungs)
        if number >= min(rung, len(ladder.rungs) - 1)
    ]
    there = [(number, _without(barred, _present(people, everybody, now))) for number, people in rungs]
    at_work = [(number, tuple(p for p in people if p.can_be_told(now) <= now)) for number, people in there]
    if urgent:
        found = [*at_work, *there]
    else:
        # Whoever goes home to begin their leave is not told on its first morning.
        later = [_without(barred, _present(people, everybody, now, and_later=True)) for _, people in rungs]
        found = [(number, people or then) for (number, people), then in zip(at_work, later, strict=True)]
        found += there
    for number, people in found:
        if people:
            return Told(number, people)
    last = len(ladder.rungs) - 1
    return Told(last, _without(barred, ladder.rungs[last].people))


def _without(barred: Collection[str], people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(person for person in people if person.email not in barred)


def _present(
    people: Iterable[Person], everybody: Mapping[str, Person], now: dt.datetime, *, and_later: bool = False
) -> tuple[Person, ...]:
    """These people, or whoever stands in for them; each once. `and_later` is when their hours begin, too."""
    found = {}
    for person in people:
        present = _stand_in(person, everybody, now, and_later=and_later)
        if present is not None:
            found[present.email] = present
    return tuple(found.values())


def _stand_in(
    person: Person, everybody: Mapping[str, Person], now: dt.datetime, *, and_later: bool
) -> Person | None:
    for _ in range(_LONGEST_COVER):
        if not person.is_away(now) and not (and_later and person.is_away(person.can_be_told(now))):
            return person
        if person.cover not in everybody:
            return None
        person = everybody[person.cover]
    return None
