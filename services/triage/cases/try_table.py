"""Try a changed routing table on the last cases: which of them would have gone elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.triage.cases.store import last_routed
from services.triage.domain.routing.checking import Finding, Land, check
from services.triage.domain.routing.table import route
from services.triage.move_case import today_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from services.triage.domain.routing.table import RoutingTable
    from shared.sealing import KeyRing

_MOST_SHOWN = 100


@dataclass(frozen=True)
class Change:
    """A case that would have gone elsewhere, to which team, and why."""

    case: str
    was: str
    would: str
    row: int
    why: str


@dataclass
class Trial:
    """What became of a trial: how many were tried, each way that is new, and the newest examples of it."""

    version: str
    findings: list[Finding]
    cases: int = 0
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)

    @property
    def elsewhere(self) -> int:
        """How many would have gone elsewhere."""
        return self.ways.total()


def try_table(
    table: RoutingTable,
    land: Land,
    last: int,
    connection: Connection,
    keys: KeyRing,
    seen: Callable[[int], None] = lambda _: None,
) -> Trial:
    """Route the last cases again as of the day they were opened, and compare with where they went."""
    trial = Trial(table.version, list(check(table, land)))
    for one in last_routed(connection, keys, last):
        decision = route(one.kept.facts, table, today_of(one.case.opened_at))
        was = one.case.why_there.get("routed_to") or one.case.why_there["team"]
        trial.cases += 1
        seen(1)
        if decision.team != was:
            trial.ways[was, decision.team] += 1
            if len(trial.changes) < _MOST_SHOWN:
                trial.changes.append(
                    Change(one.case.reference, was, decision.team, decision.row, decision.why)
                )
    return trial
