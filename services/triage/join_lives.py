"""A case was found to be one with another, or to be a case of its own after all: its life follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.domain.life.guards import Given
from services.triage.domain.life.situation import Record
from services.triage.domain.routing.facts import together
from services.triage.history.store import SYSTEM
from services.triage.lives.store import Lives, with_life
from services.triage.move_case import settle_task, today_of, try_to_move
from services.triage.wake_case import wake_case

if TYPE_CHECKING:
    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.messaging.unit import Unit


def merge_life(case: Case, into: Case, unit: Unit, table: Table, *, who: str = SYSTEM) -> None:
    """The case goes on in another: it is closed as a duplicate of it, and what it knew is known there.

    It remembers where it stood. One that was closed stays as it was closed.
    """
    lives = Lives.of(unit)
    kept, other = lives.find(case.id), lives.find(into.id)
    if kept is None:
        return
    lives.record(case.id, Record("merged", {"into": into.reference}, today_of(unit.now), who))
    try_to_move(case, "merge", unit, table.targets, given=Given(outcome="C-DUPLICATE"))
    if other is None:
        return
    turned = (kept.facts.initiated_by == "responsible") != (other.facts.initiated_by == "responsible")
    says = {"case": case.reference, "id": str(case.id), "into": into.reference, "turned": turned}
    lives.record(into.id, Record("merged_in", says, today_of(unit.now), who))
    gates = tuple(dict.fromkeys((*other.gates, *kept.gates)))
    facts = together(other.facts, kept.facts)
    urgent = other.urgent or kept.urgent
    lives.change(into.id, with_life(other, other.life, facts=facts, gates=gates, urgent=urgent))
    if kept.life.is_open:  # what ended was looked at in its time, dangers too
        wake_case(into, other, unit, table.targets)
    settle_task(into, unit, table.targets)


def separate_life(case: Case, unit: Unit, table: Table, *, who: str = SYSTEM) -> None:
    """The case is one of its own again; if its merger closed it, it is in the state again that it was in.

    What the other case learnt from it leaves with it (`learn_anew`): it was another family's trouble.
    """
    lives = Lives.of(unit)
    kept = lives.find(case.id)
    if kept is None:
        return
    lives.record(case.id, Record("separated", {}, today_of(unit.now), who))
    if kept.life.outcome == "C-DUPLICATE" and kept.life.before is not None:
        try_to_move(case, "separate", unit, table.targets)
