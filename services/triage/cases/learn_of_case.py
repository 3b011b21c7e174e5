"""Something was recorded that changes what routing and clocks know: its strand, who is told, the court."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.triage.cases import store
from services.triage.domain.routing.facts import recorded
from services.triage.domain.routing.table import route
from services.triage.lives.store import Lives
from services.triage.move_case import today_of
from services.triage.send_case import with_gates
from services.triage.wake_case import wake_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.messaging.unit import Unit


def learn_of_strand(case: Case, strand: str, unit: Unit) -> Case:
    """A dispute has turned out to be a crime, or the other way round: its other gates hold from now on.

    The team stays the same; it gives the case away by offering it.
    """
    kept = Lives.of(unit).find(case.id)
    assert kept is not None  # noqa: S101 - it is held
    Lives.of(unit).change(case.id, replace(kept, facts=recorded(kept.facts, "strand", {"value": strand})))
    changed = case._replace(strand=strand)
    store.change_strand(unit, changed)
    return changed


def learn_of_consent(case: Case, says: Mapping[str, Any], unit: Unit) -> None:
    """Somebody was asked: who said that no other service is told is sent to none by the table either."""
    kept = Lives.of(unit).find(case.id)
    assert kept is not None  # noqa: S101 - it is held
    facts = recorded(kept.facts, "consent", says)
    if facts != kept.facts:
        Lives.of(unit).change(case.id, replace(kept, facts=facts))


def learn_of_court(case: Case, says: Mapping[str, Any], unit: Unit, table: Table) -> None:
    """The court has gone on, or sits on another day: gates and clocks follow.

    A hearing that has moved moves what counts back from it, sooner or later; what is no news moves nothing.
    """
    kept = Lives.of(unit).find(case.id)
    assert kept is not None  # noqa: S101 - it is held
    facts = recorded(kept.facts, "court", says)
    decision = route(facts, table.routing, today_of(unit.now))
    Lives.of(unit).change(case.id, with_gates(kept, facts, decision, unit))
    wake_case(case, kept, unit, table.targets)
