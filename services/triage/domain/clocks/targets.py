"""Targets: in how many working days a task is done, as dated configuration for all teams and for one.

No figure is set nationally for restorative services; those that come with the hub are proposals (DOMAIN §3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OTHERWISE: Final = "otherwise"


@dataclass(frozen=True)
class Edition:
    """The targets that hold from a day on: of tasks, in urgent cases, and what a team has instead."""

    since: dt.date
    tasks: Mapping[str, int]
    urgent: Mapping[str, int] = field(default_factory=dict)
    teams: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    # How many working days before the hearing a task must be done, so that the rest can still follow.
    before_hearing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Targets:
    """Every edition, the oldest first."""

    editions: tuple[Edition, ...]

    def edition(self, day: dt.date) -> Edition:
        """The edition that holds on this day; before the first, the first."""
        return next((one for one in reversed(self.editions) if one.since <= day), self.editions[0])

    def before_hearing(self, task: str, day: dt.date) -> int | None:
        """How many working days before a hearing the task must be done; None where none waits for it."""
        return self.edition(day).before_hearing.get(task)

    def days(self, task: str, team: str, day: dt.date, *, urgent: bool = False) -> int:
        """In how many working days a task that begins on this day is due."""
        edition = self.edition(day)
        own = edition.teams.get(team, {})
        usual = own.get(task, edition.tasks.get(task, edition.tasks[OTHERWISE]))
        return min(usual, edition.urgent[task]) if urgent and task in edition.urgent else usual
