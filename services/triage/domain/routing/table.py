"""The decision table: the first row that fits decides, and every gate that fits is kept with the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple

from services.triage.domain.routing.facts import Facts

Urgency = Literal["urgent", "normal"]
Gate = Literal[
    "blocked", "safeguarding_first", "specialist_pair", "victim_liaison_first", "youth", "guardian", "court",
    "voluntary", "ask_area",
]  # fmt: skip
GATES: Final[tuple[Gate, ...]] = (
    "blocked", "safeguarding_first", "specialist_pair", "victim_liaison_first", "youth", "guardian", "court",
    "voluntary", "ask_area",
)  # fmt: skip
Value = frozenset[str] | bool | int

# By which names a condition asks, what it asks of the facts, and of which kind its value is: `one` of several
# words, `any` word of several that are there, `flag`, or at most so many `days`.
Asked = Literal["one", "any", "flag", "days"]
NOBODY_KNOWS: Final = "unknown"
CONDITIONS: Final[dict[str, tuple[Asked, Callable[[Facts], object]]]] = {
    "area": ("one", lambda facts: facts.area or NOBODY_KNOWS),
    "police_area": ("one", lambda facts: facts.police_area or NOBODY_KNOWS),
    "strand": ("one", lambda facts: facts.strand),
    "kind": ("one", lambda facts: facts.kind),
    "stage": ("one", lambda facts: facts.stage or NOBODY_KNOWS),
    "responsible_age": ("one", lambda facts: facts.responsible_age),
    "responsible_area": ("one", lambda facts: facts.responsible_area or NOBODY_KNOWS),
    "harmed_age": ("one", lambda facts: facts.harmed_age),
    "tenure": ("one", lambda facts: facts.tenure),
    "initiated_by": ("one", lambda facts: facts.initiated_by),
    "need": ("one", lambda facts: facts.need or NOBODY_KNOWS),
    "marker": ("any", lambda facts: facts.markers),
    "service": ("any", lambda facts: facts.services),
    "danger": ("flag", lambda facts: facts.danger),
    "complex": ("flag", lambda facts: facts.is_complex),
    "partner_abuse_disposal": ("flag", lambda facts: facts.partner_abuse_disposal),
    "pre_sentence": ("flag", lambda facts: facts.pre_sentence),
    "custody": ("flag", lambda facts: facts.custody),
    "high_demand": ("flag", lambda facts: facts.high_demand),
    "wants_restorative": ("flag", lambda facts: facts.wants_restorative),
    "enhanced_rights": ("flag", lambda facts: facts.enhanced),
    "sharing_agreed": ("flag", lambda facts: facts.sharing_agreed_on is not None),
    "sharing_refused": ("flag", lambda facts: facts.sharing_refused),
    "hearing_within_days": ("days", lambda facts: facts.hearing_on),
}


@dataclass(frozen=True)
class Condition:
    """What a row asks of a case; with nothing in it, it fits every case."""

    asks: Mapping[str, Value]

    @cached_property
    def _checks(self) -> tuple[tuple[Asked, Callable[[Facts], object], Value], ...]:
        return tuple((*CONDITIONS[name], value) for name, value in self.asks.items())

    def fits(self, facts: Facts, today: dt.date) -> bool:
        """Whether the case is one of these."""
        for asked, of, value in self._checks:  # noqa: SIM110 - asked of each row for each case: all() takes longer
            if not _fits(asked, of(facts), value, today):
                return False
        return True


def _fits(asked: Asked, found: object, value: Value, today: dt.date) -> bool:
    if asked == "one":
        return isinstance(value, frozenset) and found in value
    if asked == "any":
        return isinstance(value, frozenset) and isinstance(found, frozenset) and not value.isdisjoint(found)
    if asked == "flag":
        return found is value
    return isinstance(found, dt.date) and 0 <= (found - today).days <= value  # type: ignore[operator]  # a number


@dataclass(frozen=True)
class Row:
    """One line of the table: cases like these go to this team, so urgently, and why."""

    when: Condition
    team: str
    why: str
    urgency: Urgency = "normal"


@dataclass(frozen=True)
class GateRow:
    """In cases like these somebody looks to this first, and why."""

    when: Condition
    gate: Gate
    why: str


@dataclass(frozen=True)
class RoutingTable:
    """The whole table in one version."""

    version: str
    rows: tuple[Row, ...]
    gates: tuple[GateRow, ...] = ()


class Decision(NamedTuple):
    """Where a case goes, and why: the table's version, the row (1 is the first), its reason, gates."""

    team: str
    version: str
    row: int
    why: str
    urgency: Urgency = "normal"
    gates: tuple[str, ...] = ()
    gates_why: tuple[str, ...] = ()


def route(facts: Facts, table: RoutingTable, today: dt.date) -> Decision:
    """The decision for a case. The table's last row fits everything, so there always is one."""
    closed = [gate for gate in table.gates if gate.when.fits(facts, today)]
    for number, row in enumerate(table.rows, 1):
        if row.when.fits(facts, today):
            return Decision(
                row.team,
                table.version,
                number,
                row.why,
                row.urgency,
                tuple(gate.gate for gate in closed),
                tuple(gate.why for gate in closed),
            )
    message = "the routing table has no last row that fits everything"
    raise AssertionError(message)
