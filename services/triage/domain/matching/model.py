"""What each thing that two accounts agree or differ in is worth in bits, and when they are the same.

The frame is Fellegi and Sunter's (1969): every comparison adds the logarithm of how much more often its level
is seen among true matches than among others. The weights of people are estimated as such, from m and u. Those
of events are fitted together (a logistic regression over the same levels, with levels kept in their order),
because what is told of one event hangs together. Both are additive, so a verdict can be read line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

Verdict = Literal["same", "ask", "different"]
Weights = Mapping[str, Mapping[str, float]]


class Line(NamedTuple):
    """One step of a verdict's waterfall: what was compared, what was found, what it is worth in bits."""

    comparison: str
    level: str
    bits: float


Lines = Mapping[str, Mapping[str, Line]]


class Evidence(NamedTuple):
    """Why a pair was judged as it was: the sum of the lines is the verdict's weight."""

    bits: float
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Thresholds:
    """From where on a verdict is one: all in bits, chosen from what mistakes cost (docs/matching.md).

    A wrong merge shows one family's trouble to another: it is held to cost as much as a hundred questions
    to a human; a missed one, which makes somebody tell it all again, as much as ten.
    """

    same_case: float = 3.0
    ask_case: float = -0.75
    # What two accounts weigh at most that have nobody in common, or two victims or two numbers: below what a
    # human is asked about, and the less, the more two groups must agree in besides to become one.
    strangers: float = -2.0
    # Two clusters join only if their members agree on average, and no pair contradicts outright.
    mean_of_cases: float = 1.25
    contradiction: float = -5.0
    # What must remain after the size of the register was taken off (log2 of how many people it knows).
    same_person: float = 3.5
    ask_person: float = -2.0
    margin: float = 3.0
    # By how much more than a bit for each doubling of the register evidence without anything own must weigh.
    relatives: float = 2.5
    # Inside one case somebody of the same side and a name that fits is the same person.
    same_person_in_case: float = -1.0
    smallest_register: int = 4096


@dataclass(frozen=True)
class Model:
    """Weights and thresholds, with the version that every verdict names."""

    version: str
    people: Weights
    crime: Weights
    dispute: Weights
    # The probability that two people share a part of their name by chance.
    usual_given: float
    usual_family: float
    words: Mapping[str, float]
    thresholds: Thresholds = Thresholds()

    @cached_property
    def lines_of_people(self) -> Lines:
        """What each level of two mentions is worth."""
        return lines_of(self.people)

    @cached_property
    def lines_of_crimes(self) -> Lines:
        """What each level of two accounts of a crime is worth."""
        return lines_of(self.crime)

    @cached_property
    def lines_of_disputes(self) -> Lines:
        """What each level of two accounts of a dispute is worth."""
        return lines_of(self.dispute)


def lines_of(weights: Weights) -> Lines:
    """The line of each level that has a weight; what is missing on either side is worth nothing."""
    return {
        comparison: {
            level: Line(comparison, level, bits) for level, bits in levels.items() if level != "missing"
        }
        for comparison, levels in weights.items()
    }


def weigh(levels: Iterable[tuple[str, str]], lines: Lines) -> list[Line]:
    """The waterfall of these levels, in their order."""
    nothing: Mapping[str, Line] = {}
    found = [lines.get(comparison, nothing).get(level) for comparison, level in levels]
    return [line for line in found if line is not None]
