"""Somebody has found out what a case lacked: it goes where it belongs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.triage.cases import store
from services.triage.history.store import History
from services.triage.lives.store import Lives
from services.triage.send_case import decide, hand_over, release_life
from shared.contracts import CaseJoined, CaseReturned, CaseRouted
from shared.directory import DUTY_DESK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.triage.domain.gates import Need
    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.contracts.envelope import Lane
    from shared.messaging.unit import Unit


def place_case(case: Case, area: str, unit: Unit, table: Table) -> Case:
    """The case with its area; one that waited at the duty desk for it goes to its team.

    A case that is with a team stays there: a team gives a case away by offering it.
    """
    kept = Lives.of(unit).find(case.id)
    assert kept is not None  # noqa: S101 - it is held
    facts = replace(kept.facts, area=area, police_area=table.areas.known(area).police, possible_areas=())
    gates = tuple(gate for gate in kept.gates if gate != "ask_area")
    Lives.of(unit).change(case.id, replace(kept, facts=facts, gates=gates))
    return _send_on(case._replace(area=area), ("area", "wrong_area"), unit, table)


def know_need(case: Case, found: Need, unit: Unit, table: Table) -> Case:
    """The case, now that it has what was `found`; one that lacked that alone goes on."""
    if found not in (case.lacks or ()):
        return case
    return _send_on(case, (found,), unit, table)


def _send_on(case: Case, found: Sequence[str], unit: Unit, table: Table) -> Case:
    """What was `found` is not missing any more; where nothing is, the duty desk has the case no longer."""
    kept = Lives.of(unit).find(case.id)
    assert kept is not None  # noqa: S101 - it is held
    lacks = tuple(need for need in case.lacks or () if need not in found)
    placed, facts = case._replace(lacks=lacks), kept.facts
    if case.team != DUTY_DESK or lacks or kept.life.state not in ("triage", "returned"):
        store.change_place(unit, placed)
        if lacks and kept.life.state == "returned":
            _tell_what_is_missing(placed, lacks, unit)
        return placed
    decision = decide(facts, (), unit, table)
    placed = placed._replace(team=decision.team, why_there=decision._asdict())
    store.change_place(unit, placed)
    History.of(unit).write(case.id, "placed_and_routed", "triage", {"area": placed.area, **placed.why_there})
    if kept.life.state == "returned":
        release_life(placed, facts, decision, unit, table)
    else:
        now = Lives.of(unit).find(case.id) or kept
        changed = replace(now, gates=decision.gates)
        Lives.of(unit).change(case.id, changed)
        hand_over(placed, changed, unit, table, is_routed=True)
    travels: Lane = "urgent" if decision.urgency == "urgent" else "normal"
    for number, referral in enumerate(store.references_in(unit.connection, case.id)):
        # Its team hears of it once, and each agency of its own referral.
        if number:
            unit.say(CaseJoined(case=case.reference, referral=referral, joined_at=unit.now, travels=travels))
            continue
        unit.say(
            CaseRouted(
                case=case.reference,
                referral=referral,
                to_team=placed.team,
                routed_at=unit.now,
                released=True,
                travels=travels,
            )
        )
    return placed


def _tell_what_is_missing(case: Case, lacks: tuple[str, ...], unit: Unit) -> None:
    """Some of it is known now; whoever referred is told what still is not."""
    for referral in store.references_in(unit.connection, case.id):
        unit.say(
            CaseReturned(
                case=case.reference,
                referral=referral,
                to_team=case.team,
                lacks=lacks,
                returned_at=unit.now,
            )
        )
