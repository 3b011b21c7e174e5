"""Finds what is wrong with a table before a case does: rows that nothing reaches, overlaps, and gaps.

Every condition is a set of values on one axis, so a row is a box, and a row that is never reached is a box
that the boxes before it cover. Where a case may have several words at once (markers of risk, services), one
word is the hardest to catch, so one at a time is enough to try. Facts that follow from others (complex, from
the markers and the kind) count as axes of their own: a row is never called unreachable that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from services.triage.domain.routing.facts import AGES, TENURES
from services.triage.domain.routing.table import CONDITIONS, NOBODY_KNOWS, Condition, RoutingTable, Row

Box = Mapping[str, frozenset[str]]
_ELSE: Final = "any other"
_YES: Final = frozenset({"yes"})
_NO: Final = frozenset({"no"})


class Finding(NamedTuple):
    """Something to know about a table; a `fault` stops it from being used."""

    is_fault: bool
    told: str


def check(table: RoutingTable, areas: Iterable[str]) -> Iterator[Finding]:
    """Every finding about a table; `areas` are those that the hub serves."""
    axes = _axes(table)
    boxes = [_box(row.when, axes) for row in table.rows]
    for number, box in enumerate(boxes):
        if _outside(box, boxes[:number], axes) is None:
            yield Finding(True, f"row {number + 1} is never reached: the rows before it take all its cases")
    for number, gate in enumerate(table.gates, 1):
        if any(not values for values in _box(gate.when, axes).values()):
            yield Finding(True, f"gate {number} fits no case")
    yield from _overlaps(table.rows, boxes)
    yield from _gaps(boxes, axes, areas)


def _overlaps(rows: Sequence[Row], boxes: Sequence[Box]) -> Iterator[Finding]:
    """Rows of different teams of which neither is the exception of the other: their order decides."""
    for later in range(len(boxes)):
        for earlier in range(later):
            one, other = boxes[earlier], boxes[later]
            if rows[earlier].team == rows[later].team or _within(one, other) or not _meets(one, other):
                continue
            both = {axis: one.get(axis, other.get(axis, frozenset())) for axis in (*one, *other)}
            both |= {axis: one[axis] & other[axis] for axis in one.keys() & other.keys()}
            yield Finding(
                False,
                f"rows {earlier + 1} and {later + 1} both fit {_told(both)}; row {earlier + 1} decides, for "
                f"{rows[earlier].team} and not {rows[later].team}",
            )


def _gaps(
    boxes: Sequence[Box], axes: Mapping[str, frozenset[str]], areas: Iterable[str]
) -> Iterator[Finding]:
    """Cases of the hub's own areas that no row but the last speaks of."""
    for area in sorted(set(areas)):
        for strand in ("crime", "dispute"):
            known = area if area in axes["area"] else _ELSE
            case: Box = {"area": frozenset({known}), "strand": frozenset({strand})}
            left = _outside(case, boxes[:-1], axes)
            if left is not None:
                yield Finding(
                    False, f"only the last row takes this {strand} in {area}: {_told(_beside(left, case))}"
                )


def _beside(left: Box, case: Box) -> Box:
    return {axis: values for axis, values in left.items() if axis not in case} or {"anything": _YES}


def _axes(table: RoutingTable) -> dict[str, frozenset[str]]:
    """Each condition's axis: every value that the table tells apart, and one for all others."""
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
            axes[name] = frozenset(named[name] | {_ELSE, NOBODY_KNOWS})
    return axes


def _box(when: Condition, axes: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    box = {}
    for name, value in when.asks.items():
        if isinstance(value, frozenset):
            box[name] = value & axes[name]
        elif isinstance(value, bool):
            box[name] = _YES if value else _NO
        else:
            box[name] = frozenset(n for n in axes[name] if n.isdigit() and int(n) <= value)
    return box


def _outside(box: Box, earlier: Sequence[Box], axes: Mapping[str, frozenset[str]]) -> Box | None:
    """A part of the box that lies in none of the others; None when they cover it."""
    if any(not values for values in box.values()):
        return None
    if not earlier:
        return box
    first, rest = earlier[0], earlier[1:]
    if not _meets(box, first):
        return _outside(box, rest, axes)
    inside = dict(box)
    for axis, values in first.items():
        here = inside.get(axis, axes[axis])
        beyond = here - values
        if beyond:
            found = _outside({**inside, axis: beyond}, rest, axes)
            if found is not None:
                return found
        inside[axis] = here & values
    return None


def _meets(one: Box, other: Box) -> bool:
    return all(one[axis] & other[axis] for axis in one.keys() & other.keys())


def _within(one: Box, other: Box) -> bool:
    """Whether everything in `one` is in `other`."""
    return all(axis in one and one[axis] <= values for axis, values in other.items())


def _told(box: Box) -> str:
    parts = []
    for axis, values in sorted(box.items()):
        shown = sorted(values)[:3]
        more = f" and {len(values) - 3} more" if len(values) > 3 else ""  # noqa: PLR2004 - a few are enough
        parts.append(f"{axis} {', '.join(shown)}{more}")
    return "; ".join(parts) or "every case"
