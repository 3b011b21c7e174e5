"""What may be told of counts of people's affairs: quarters that do not overlap, and no small numbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Whoever knows a village knows who the only stalking in it is about. The fewest that are told, unless a hub
# tells of ten and more only, as the Office for National Statistics does.
FEWEST: Final = 5
_ROUNDED_TO: Final = 5
_QUARTER: Final = re.compile(r"(20\d\d)-([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a calendar year; quarters do not overlap, so that none can be taken from another."""

    year: int
    number: int

    @classmethod
    def of(cls, day: dt.date) -> Quarter:
        """The quarter in which a day lies."""
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def read(cls, text: str) -> Quarter | None:
        """The quarter that `2026-4` names."""
        found = _QUARTER.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        """As `read` reads it."""
        return f"{self.year}-{self.number}"

    @property
    def begins(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, 3 * self.number - 2, 1)

    @property
    def next(self) -> Quarter:
        """The one after it."""
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)  # noqa: PLR2004

    @property
    def before(self) -> Quarter:
        """The one before it."""
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)


@dataclass(frozen=True)
class Line:
    """One line of a table as it is told: None where the figure is held back."""

    name: str
    told: int | None


@dataclass(frozen=True)
class Figures:
    """A table: what it counts and when, its lines, and all of them together; None where that is held back."""

    name: str
    definition: str
    lines: list[Line]
    total: int | None


def lines_of(counts: Mapping[str, int], fewest: int = FEWEST) -> list[Line]:
    """A table as it may be told, the largest first: rounded to five, and nothing below the fewest.

    Where one figure alone is held back, the smallest of the others is as well: otherwise it could be found by
    taking the others from the total. Where all together are below the fewest there is no line, since its name
    alone would tell of the few what they are. What is nought is left out by whoever counts.
    """
    if sum(counts.values()) < fewest:
        return []
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    held = {name for name, count in ordered if count < fewest}
    if len(held) == 1 and len(ordered) > 1:
        held.add(next(name for name, _ in reversed(ordered) if name not in held))
    # Those that are held back stand in the order of their names: nobody sees which is the larger.
    shown = [Line(name, rounded(count, fewest)) for name, count in ordered if name not in held]
    return shown + [Line(name, None) for name in sorted(held)]


def rounded(count: int, fewest: int = FEWEST) -> int | None:
    """A total as it may be told."""
    if 0 < count < fewest:
        return None
    return _ROUNDED_TO * ((count + _ROUNDED_TO // 2) // _ROUNDED_TO)
