"""Conditions as sets of cases: which cases a row leaves to the next, and which conditions no case can meet.

Every condition is a set of values on one axis, so a row is a box, and a row that is never reached is a box
that the boxes before it cover. Where a case may have several words at once (markers of risk, services), one
word is the hardest to catch, so one at a time is enough to try. Some facts follow from others (complex from
the markers and the kind, the police area from the area): a box in which they contradict holds no case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.triage.domain.routing.facts import (
    AGES,
    COMPLEX_KINDS,
    COMPLEX_MARKERS,
    PRE_SENTENCE,
    RESTORATIVE,
    TENURES,
)
from services.triage.domain.routing.table import CONDITIONS, NOBODY_KNOWS, Condition, RoutingTable

Box = Mapping[str, frozenset[str]]
ELSE: Final = "any other"
_YES: Final = frozenset({"yes"})
_NO: Final = frozenset({"no"})
_ABUSE: Final = frozenset({"domestic_abuse"})
_DISPOSAL: Final = frozenset({"out_of_court"})
_HIGH_DEMAND: Final = frozenset({"high_demand"})


@dataclass(frozen=True)
class Axes:
    """Every value that a table tells apart on each axis, with one for all others; and the land it is for."""

    values: Mapping[str, frozenset[str]]
    police: Mapping[str, str] = field(default_factory=dict)  # area to police area, where that is known

    def of(self, box: Box, name: str) -> frozenset[str]:
        """What a box allows on an axis."""
        return box.get(name, self.values[name])

    def may_be(self, box: Box, name: str, words: frozenset[str]) -> bool:
        """Whether a case in the box can have one of these words on an axis."""
        allowed, known = self.of(box, name), self.values[name]
        return any(word in allowed or (word not in known and ELSE in allowed) for word in words)

    def contradictions(self, box: Box) -> Iterator[str]:
        """Why no case can be in this box; nothing where one can."""
        yield from (f"{name} has no value that fits" for name, allowed in box.items() if not allowed)
        yield from (why for why, is_so in _CONTRADICTIONS if is_so(self, box))
        if not self._same_land(box):
            yield "these areas are in another police area"

    def holds_a_case(self, box: Box) -> bool:
        """Whether any case can be in this box."""
        return next(self.contradictions(box), None) is None

    def _same_land(self, box: Box) -> bool:
        if "area" not in box or "police_area" not in box:
            return True
        told = self.values["police_area"]
        for area in box["area"]:
            police = self.police.get(area)
            if police is None or (police if police in told else ELSE) in box["police_area"]:
                return True
        return False


def _only(box: Box, name: str, words: frozenset[str]) -> bool:
    """Whether every case in the box has one of these words on an axis."""
    return name in box and box[name] <= words


# Facts that follow from others (facts.py). Where a case may have more words than a box names, nothing is
# concluded from those that it does not name.
_CONTRADICTIONS: Final[tuple[tuple[str, Callable[[Axes, Box], bool]], ...]] = (
    (
        "partner_abuse_disposal is only true at stage out_of_court",
        lambda axes, box: (
            _only(box, "partner_abuse_disposal", _YES) and not axes.may_be(box, "stage", _DISPOSAL)
        ),
    ),
    (
        "domestic abuse at stage out_of_court has partner_abuse_disposal true",
        lambda _, box: (
            _only(box, "partner_abuse_disposal", _NO)
            and _only(box, "stage", _DISPOSAL)
            and (_only(box, "kind", _ABUSE) or _only(box, "marker", _ABUSE))
        ),
    ),
    (
        "these markers make a case complex",
        lambda _, box: _only(box, "complex", _NO) and _only(box, "marker", COMPLEX_MARKERS),
    ),
    (
        "these kinds make a case complex",
        lambda _, box: _only(box, "complex", _NO) and _only(box, "kind", COMPLEX_KINDS),
    ),
    (
        "domestic abuse makes a case complex",
        lambda _, box: _only(box, "complex", _NO) and _only(box, "partner_abuse_disposal", _YES),
    ),
    (
        f"pre_sentence is only true at stage {', '.join(sorted(PRE_SENTENCE))}",
        lambda axes, box: _only(box, "pre_sentence", _YES) and not axes.may_be(box, "stage", PRE_SENTENCE),
    ),
    (
        "these stages have pre_sentence true",
        lambda _, box: _only(box, "pre_sentence", _NO) and _only(box, "stage", PRE_SENTENCE),
    ),
    (
        "these services have wants_restorative true",
        lambda _, box: _only(box, "wants_restorative", _NO) and _only(box, "service", RESTORATIVE),
    ),
    (
        "this need has high_demand true",
        lambda _, box: _only(box, "high_demand", _NO) and _only(box, "need", _HIGH_DEMAND),
    ),
)


def axes_of(table: RoutingTable, police: Mapping[str, str]) -> Axes:
    """Each condition's axis in a table."""
    named: dict[str, set[str]] = {name: set() for name in CONDITIONS}
    for when in (*(row.when for row in table.rows), *(gate.when for gate in table.gates)):
        for name, value in when.asks.items():
            if isinstance(value, frozenset):
                named[name] |= value
            elif not isinstance(value, bool):
                named[name].add(str(value))
    axes: dict[str, frozenset[str]] = {}
    for name, (asked, _) in CONDITIONS.items():
        if asked == "flag":
            axes[name] = _YES | _NO
        elif name == "strand":
            axes[name] = frozenset({"crime", "dispute"})
        elif name in ("responsible_age", "harmed_age"):
            axes[name] = frozenset(AGES)
        elif name == "tenure":
            axes[name] = frozenset(TENURES)
        else:
            axes[name] = frozenset(named[name] | {ELSE, NOBODY_KNOWS})
    return Axes(axes, police)


def box_of(when: Condition, axes: Axes) -> dict[str, frozenset[str]]:
    """The cases that a condition fits."""
    box = {}
    for name, value in when.asks.items():
        if isinstance(value, frozenset):
            box[name] = value & axes.values[name]
        elif isinstance(value, bool):
            box[name] = _YES if value else _NO
        else:
            box[name] = frozenset(n for n in axes.values[name] if n.isdigit() and int(n) <= value)
    return box


def outside(box: Box, earlier: Sequence[Box], axes: Axes) -> Box | None:
    """A part of the box that holds a case and lies in none of the others; None when there is none."""
    if not axes.holds_a_case(box):
        return None
    if not earlier:
        return box
    first, rest = earlier[0], earlier[1:]
    if not meets(box, first):
        return outside(box, rest, axes)
    inside = dict(box)
    for axis, values in first.items():
        here = axes.of(inside, axis)
        beyond = here - values
        if beyond:
            found = outside({**inside, axis: beyond}, rest, axes)
            if found is not None:
                return found
        inside[axis] = here & values
    return None


def meets(one: Box, other: Box) -> bool:
    """Whether two boxes have a value in common on every axis that both name."""
    return all(one[axis] & other[axis] for axis in one.keys() & other.keys())


def within(one: Box, other: Box) -> bool:
    """Whether everything in `one` is in `other`."""
    return all(axis in one and one[axis] <= values for axis, values in other.items())


def both(one: Box, other: Box) -> Box:
    """What is in both boxes."""
    met = {axis: one.get(axis, other.get(axis, frozenset())) for axis in (*one, *other)}
    return met | {axis: one[axis] & other[axis] for axis in one.keys() & other.keys()}
