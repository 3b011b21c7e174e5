"""Gives a case to the coordinator with the most room who may have it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Level = Literal["foundation", "intermediate", "advanced"]
LEVELS: Final[tuple[Level, ...]] = ("foundation", "intermediate", "advanced")
_ROOM: Final = 60


@dataclass(frozen=True)
class Member:
    """Somebody who takes cases: at which level they are registered, and room for how many open ones."""

    email: str
    level: Level = "advanced"
    room: int = _ROOM
    away: tuple[tuple[dt.date, dt.date], ...] = ()  # first and last day of leave

    def is_away(self, day: dt.date) -> bool:
        """Whether they are on leave that day."""
        return any(first <= day <= last for first, last in self.away)


@dataclass(frozen=True)
class TeamWork:
    """What a team takes and who works in it."""

    members: tuple[Member, ...] = ()
    takes: tuple[str, ...] = ()  # strands
    areas: tuple[str, ...] = ()  # GSS codes
    room: int | None = None


@dataclass(frozen=True)
class Teams:
    """Every team by its slug, and who has what nobody else can take."""

    work: Mapping[str, TeamWork] = field(default_factory=dict)
    last_resort: str = ""

    def members_of(self, team: str) -> tuple[Member, ...]:
        """Who takes cases in a team."""
        work = self.work.get(team)
        return work.members if work else ()


def choose(
    members: Iterable[Member],
    loads: Mapping[str, int],
    day: dt.date,
    *,
    least: Level = "foundation",
    conflicts: frozenset[str] = frozenset(),
) -> str | None:
    """The address of whoever gets the next case: with the smallest share of their room taken.

    Nobody who knows somebody in it, who is on leave, or who is not registered high enough; one without room
    only when nobody else is there. None when nobody may have it.
    """
    fit = [
        member
        for member in members
        if member.email not in conflicts
        and not member.is_away(day)
        and LEVELS.index(member.level) >= LEVELS.index(least)
    ]
    if not fit:
        return None

    def fullness(member: Member) -> tuple[float, str]:
        return loads.get(member.email, 0) / max(member.room, 1), member.email

    return min(fit, key=fullness).email
