"""Finds what is wrong with a table before a case does: rows that nothing reaches, overlaps, gaps, teams.

A finding names the row, what is wrong and what to do. A row is never called unreachable that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, NamedTuple

from services.triage.domain.routing.boxes import (
    ELSE,
    Axes,
    Box,
    axes_of,
    both,
    box_of,
    meets,
    outside,
    within,
)
from services.triage.domain.routing.table import NOBODY_KNOWS, Condition, RoutingTable, Row
from services.triage.domain.teams.assigning import TeamWork

_GSS: Final = ("area", "responsible_area", "police_area")
_SHOWN: Final = 3


class Finding(NamedTuple):
    """Something to know about a table; a `fault` stops it from being used."""

    is_fault: bool
    place: str
    what: str
    advice: str

    @property
    def told(self) -> str:
        """All of it in one line."""
        return f"{self.place}: {self.what}. {self.advice}"


@dataclass(frozen=True)
class Land:
    """What a table is checked against: the areas by their names, their police areas, and the teams."""

    names: Mapping[str, str] = field(default_factory=dict)
    police: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, TeamWork] = field(default_factory=dict)

    @property
    def served(self) -> set[str]:
        """Every area that some team serves."""
        return {area for work in self.teams.values() for area in work.areas}

    def called(self, areas: Iterable[str]) -> str:
        """Areas with their names."""
        known = (f"{area} ({self.names[area]})" if area in self.names else area for area in sorted(areas))
        return ", ".join(known)


def check(table: RoutingTable, land: Land) -> Iterator[Finding]:
    """Every finding about a table, the faults first."""
    axes = axes_of(table, land.police)
    boxes = [box_of(row.when, axes) for row in table.rows]
    yield from _never(table, boxes, axes)
    for number, row in enumerate(table.rows, 1):
        yield from _strangers(f"row {number}", row.when, land)
        yield from _not_theirs(f"row {number}", row, land)
    for number, gate in enumerate(table.gates, 1):
        yield from _strangers(f"gate {number}", gate.when, land)
    yield from _overlaps(table.rows, boxes, axes)
    yield from _gaps(boxes, axes, land, table.rows[-1].team if table.rows else "")


def _never(table: RoutingTable, boxes: Sequence[Box], axes: Axes) -> Iterator[Finding]:
    for number, box in enumerate(boxes):
        place, why = f"row {number + 1}", next(axes.contradictions(box), None)
        if why is not None:
            yield Finding(True, place, f"no case fits it; {why}", "Take one of its conditions out.")
        elif outside(box, boxes[:number], axes) is None:
            before = [str(n + 1) for n in range(number) if meets(boxes[n], box)]
            rows = f"row {before[0]} takes" if len(before) == 1 else f"rows {', '.join(before)} take"
            yield Finding(
                True,
                place,
                f"nothing reaches it; {rows} all its cases before it",
                f"Move it above row {before[0]}, narrow what stands above it, or delete it.",
            )
    for number, gate in enumerate(table.gates, 1):
        why = next(axes.contradictions(box_of(gate.when, axes)), None)
        if why is not None:
            yield Finding(
                True, f"gate {number}", f"no case fits it; {why}", "Take one of its conditions out."
            )


def _strangers(place: str, when: Condition, land: Land) -> Iterator[Finding]:
    """Codes of areas that nobody here knows: a typing error, or a part of the country that is not ours."""
    known = {"police_area": set(land.police.values())}
    for name in _GSS:
        here, asked = known.get(name, set(land.names)), when.asks.get(name)
        if not here or not isinstance(asked, frozenset):
            continue
        for code in sorted(asked - here - {NOBODY_KNOWS}):
            near = get_close_matches(code, here, 1, 0.7)
            yield Finding(
                False,
                place,
                f"{name} {code} is not among the areas that the hub knows (areas.yaml)",
                f"Did you mean {land.called(near)}?" if near else "Look the code up.",
            )


def _not_theirs(place: str, row: Row, land: Land) -> Iterator[Finding]:
    """A team that says of itself (teams.yaml) that it does not serve the area, or take the strand."""
    work = land.teams.get(row.team)
    if work is None:
        return
    areas, strands = row.when.asks.get("area"), row.when.asks.get("strand")
    if work.areas and isinstance(areas, frozenset) and (others := areas - set(work.areas) - {NOBODY_KNOWS}):
        told = f"{row.team} does not serve {land.called(others)}, as teams.yaml has it"
        yield Finding(False, place, told, "Name another team, or add the area to the team.")
    if work.takes and isinstance(strands, frozenset) and (others := strands - set(work.takes)):
        told = f"{row.team} does not take {', '.join(sorted(others))}, as teams.yaml has it"
        yield Finding(False, place, told, "Name another team, or add the strand to the team.")


def _overlaps(rows: Sequence[Row], boxes: Sequence[Box], axes: Axes) -> Iterator[Finding]:
    """Rows that take cases which a later row of another team fits too: their order decides.

    A row that is the exception of a later one is none of these: that is what an order is for.
    """
    for earlier, one in enumerate(boxes):
        met: dict[int, Box] = {}
        for later in range(earlier + 1, len(boxes)):
            other = boxes[later]
            if rows[earlier].team == rows[later].team or within(one, other) or not meets(one, other):
                continue
            # What the rows before both have taken is no overlap of these two.
            shared = both(one, other)
            if outside(shared, boxes[:earlier], axes) is not None:
                met[later] = shared
        if met:
            first = min(met)
            others = f"row {first + 1}" if len(met) == 1 else f"rows {', '.join(str(n + 1) for n in met)}"
            yield Finding(
                False,
                f"row {earlier + 1}",
                f"it takes for {rows[earlier].team} what {others} would take for another team, such as "
                f"{_told_of(met[first])}",
                "If that is not meant, change their order or narrow it.",
            )


def _gaps(boxes: Sequence[Box], axes: Axes, land: Land, last: str) -> Iterator[Finding]:
    """Cases of the hub's own areas that no row but the last speaks of; areas of one gap together."""
    found: dict[tuple[str, str], list[str]] = {}
    for area in sorted(land.served):
        for strand in ("crime", "dispute"):
            known = area if area in axes.values["area"] else ELSE
            case: Box = {"area": frozenset({known}), "strand": frozenset({strand})}
            left = outside(case, boxes[:-1], axes)
            if left is not None:
                gap = {axis: values for axis, values in left.items() if axis not in case}
                found.setdefault((strand, _told_of(gap) if gap else ""), []).append(area)
    for (strand, gap_told), areas in found.items():
        which = f"a {strand} with {gap_told}" if gap_told else f"every {strand}"
        yield Finding(
            False,
            f"row {len(boxes)}",
            f"nothing but this last row takes {which} in {land.called(areas)}",
            f"Add a row if a team is there for it; else {last} finds somebody.",
        )


def _told_of(box: Box) -> str:
    """A box in words."""
    parts = []
    for axis, values in sorted(box.items()):
        shown = sorted(values)[:_SHOWN]
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        parts.append(f"{axis} {', '.join(shown)}{more}")
    return "; ".join(parts) or "every case"
