"""Gives a case to the coordinator with the most room who may have it, or says why nobody may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

Level = Literal["foundation", "intermediate", "advanced"]
LEVELS: Final[tuple[Level, ...]] = ("foundation", "intermediate", "advanced")
# From which level on somebody has to do with complex cases (RJC; DOMAIN §4.3).
FOR_COMPLEX: Final[Level] = "intermediate"
# Why somebody is passed over, the weightiest first.
Why = Literal["conflict", "level", "away", "hours"]
WHYS: Final[dict[Why, str]] = {
    "conflict": "knows somebody in it",
    "level": "is not registered for complex cases",
    "away": "is on leave",
    "hours": "does not work before it is due",
}
_ROOM: Final = 60
_EVERY_DAY: Final = (True,) * 7


@dataclass(frozen=True)
class Member:
    """Somebody who takes cases: at which level they are registered, and room for how many open ones."""

    email: str
    level: Level = "advanced"
    room: int = _ROOM
    away: tuple[tuple[dt.date, dt.date], ...] = ()  # first and last day of leave
    works_on: tuple[bool, ...] = _EVERY_DAY  # from Monday on
    cover: str = ""  # who stands in for them while they are away

    def is_away(self, day: dt.date) -> bool:
        """Whether they are on leave that day."""
        return any(first <= day <= last for first, last in self.away)

    def is_in(self, first: dt.date, last: dt.date) -> bool:
        """Whether they work on any day from the first to the last."""
        days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
        return any(self.works_on[day.weekday()] and not self.is_away(day) for day in days)


@dataclass(frozen=True)
class TeamWork:
    """What a team takes and who works in it."""

    members: tuple[Member, ...] = ()
    takes: tuple[str, ...] = ()  # strands
    areas: tuple[str, ...] = ()  # GSS codes
    room: int | None = None
    facilitators: tuple[Member, ...] = ()
    verified_on: dt.date | None = None  # when somebody last saw that all this is so


@dataclass(frozen=True)
class Teams:
    """Every team by its slug, who leads it and who leads at all, and everybody who can have a case.

    `facilitating` is the same people at the level at which they facilitate: who is not
    registered for that is a beginner at it, whatever case they may have.
    """

    work: Mapping[str, TeamWork] = field(default_factory=dict)
    supervisors: tuple[str, ...] = ()
    leads: Mapping[str, str] = field(default_factory=dict)
    everybody: Mapping[str, Member] = field(default_factory=dict)
    facilitating: Mapping[str, Member] = field(default_factory=dict)

    def members_of(self, team: str) -> tuple[Member, ...]:
        """Who takes cases in a team."""
        work = self.work.get(team)
        return work.members if work else ()

    def standing_in(self, team: str, day: dt.date) -> tuple[Member, ...]:
        """Who stands in for those of the team that are on leave that day."""
        members = self.members_of(team)
        covers = dict.fromkeys(member.cover for member in members if member.is_away(day) and member.cover)
        own = {member.email for member in members}
        return tuple(
            self.everybody[email] for email in covers if email in self.everybody and email not in own
        )


class Task(NamedTuple):
    """What a case asks of whoever gets it: from today to the day it is due, of whom, and of whom not."""

    today: dt.date
    due_on: dt.date
    is_complex: bool = False
    conflicts: frozenset[str] = frozenset()


def why_not(member: Member, task: Task) -> Why | None:
    """Why this one may not have the case; None where they may."""
    if member.email in task.conflicts:
        return "conflict"
    if task.is_complex and LEVELS.index(member.level) < LEVELS.index(FOR_COMPLEX):
        return "level"
    if member.is_away(task.today):
        return "away"
    if not member.is_in(task.today, max(task.due_on, task.today)):
        return "hours"
    return None


def reasons_against(members: Iterable[Member], task: Task) -> Iterator[Why]:
    """Why each of those who may not have it may not."""
    return (why for member in members if (why := why_not(member, task)) is not None)


def choose(members: Iterable[Member], loads: Mapping[str, int], task: Task) -> str | None:
    """The address of whoever gets the next case: with the smallest share of their room taken.

    Nobody who knows somebody in it, who is on leave, who does not work before it is due, or who is not
    registered high enough; one without room only when nobody else is there. None when nobody may have it.
    """

    def fullness(member: Member) -> tuple[float, str]:
        return loads.get(member.email, 0) / max(member.room, 1), member.email

    fit = [member for member in members if why_not(member, task) is None]
    return min(fit, key=fullness).email if fit else None
