"""Every transition from every state by every role: what the table allows happens, nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from services.triage.domain.life.guards import GUARDS, Given
from services.triage.domain.life.moving import Actor, Refused, move
from services.triage.domain.life.states import OPEN, STAGES, State
from services.triage.domain.life.transitions import ROLES, TABLE, Transition
from tests.triage.life.telling import NOW, OWNER, TODAY, a_life_in, all_is_well, all_it_needs, due

EVERYBODY = (*ROLES, "ops", "commissioner", "practitioner", "agency")
EVERY_WAY = list(product(TABLE, STAGES, EVERYBODY))


def attempt(row: Transition, state: State, role: str) -> str:
    """What becomes of it: the state that the case is in afterwards, or why it was refused."""
    try:
        moved = move(
            a_life_in(state), row.name, Actor(OWNER, role), all_it_needs(row), all_is_well(row), NOW, due
        )
    except Refused as refused:
        return f"no: {refused.why}"
    return moved.state


def test_every_transition_from_every_state_by_every_role() -> None:
    wrong = []
    for row, state, role in EVERY_WAY:
        before = a_life_in(state).before or "triage"
        to = {"before": before, "same": state}.get(row.to, row.to)
        expected = "no: role" if role not in row.roles else "no: state" if state not in row.origins else to
        found = attempt(row, state, role)
        if found != expected:
            wrong.append(f"{row.name} from {state} by {role}: {found}, not {expected}")
    assert not wrong
    # The table is as large as it is thought to be: a row that was lost would be missed.
    assert len(TABLE) == 35
    assert len(EVERY_WAY) == 35 * 20 * 9
    assert sum(len(row.origins) * len(row.roles) for row in TABLE) == 195


# A situation in which each condition does not hold, while everything else is well.
BROKEN: dict[str, dict[str, Any]] = {
    "nothing_lacking": {"lacks": ("area",)},
    "something_lacking": {"lacks": ()},
    "not_blocked": {"gates": frozenset({"blocked"})},
    "safeguarding_done": {"gates": frozenset({"safeguarding_first"}), "risk": None},
    "gates_passed": {"admission": "denied"},
    "fit_facilitators": {"gates": frozenset({"specialist_pair"})},
    "fit_owner": {"conflicts": frozenset({OWNER})},
    "safe_contact": {"safe_contact": False},
    "nobody_out": {"said_no": frozenset({"other"})},
    "approach_agreed": {"consents": {}},
    "no_order_forbids": {"forbidden_until": TODAY},
    "support_route": {"support_route": False, "initiated_by": "responsible"},
    "both_willing": {"consents": {}},
    "method_agreed": {"consents": {}},
    "consent_after_risk": {"risk": None},
    "risk_current": {"risk": None},
    "risk_signed_off": {"risk": None},
    "plan_made": {"plan_made": False},
    "item_screened": {"item_screened": False},
    "item_wanted": {"item_wanted": False},
    "no_live_trial": {"stage": "trial"},
    "agreement_recorded": {"agreement": False},
    "actions_settled": {"actions_open": 1},
    "sharing_agreed": {"consents": {}},
    "merged": {"merged_into": None},
    "not_merged": {"merged_into": "C-OTHER"},
    "still_fits": {"consents": {}},
}
GIVEN_WRONG: dict[str, dict[str, Any]] = {
    "direct_method": {"method": "letter"},
    "indirect_method": {"method": "conference"},
    "honest_outcome": {"outcome": "C-HARMED-DECLINED"},
}
CONDITIONS = [(row, guard) for row in TABLE for guard in row.guards]


@pytest.mark.parametrize(("row", "guard"), CONDITIONS, ids=lambda value: getattr(value, "name", value))
def test_each_condition_of_each_transition_stops_it_with_its_own_reason(row: Transition, guard: str) -> None:
    situation, given = all_is_well(row), all_it_needs(row)
    if guard in BROKEN:
        situation = replace(situation, **BROKEN[guard])
    else:
        given = replace(given, **GIVEN_WRONG[guard])
    state = next(state for state in STAGES if state in row.origins)
    with pytest.raises(Refused) as refused:
        move(a_life_in(state), row.name, Actor(OWNER, row.roles[0]), given, situation, NOW, due)
    assert refused.value.why == "guard"
    if guard != "still_fits":
        assert GUARDS[guard].why in refused.value.told


@pytest.mark.parametrize("row", [row for row in TABLE if row.needs], ids=lambda row: row.name)
def test_what_a_transition_needs_is_asked_for(row: Transition) -> None:
    state = next(iter(row.origins))
    with pytest.raises(Refused) as refused:
        move(a_life_in(state), row.name, Actor(OWNER, row.roles[0]), Given(), all_is_well(row), NOW, due)
    assert refused.value.why == "given"
    assert len(refused.value.told) == len(row.needs)


def test_every_state_can_be_left_and_every_open_one_can_end() -> None:
    leads: dict[State, set[State]] = {state: set() for state in STAGES}
    for row in TABLE:
        for state in row.origins:
            if row.to != "same":
                leads[state].add("assess_prep" if row.to == "before" else row.to)
    assert all(leads.values())
    for state in OPEN:
        reached, frontier = {state}, [state]
        while frontier:
            for nearby in leads[frontier.pop()] - reached:
                reached.add(nearby)
                frontier.append(nearby)
        assert "closed" in reached, state
        assert "returned" in reached or state == "received"


def test_every_guard_is_used() -> None:
    assert set(GUARDS) == {guard for row in TABLE for guard in row.guards} - {"still_fits"}


def test_a_case_that_was_taken_out_of_a_hold_is_on_hold_again_as_it_was() -> None:
    promised = Given(reason="H-MORE-TIME", review_on="2026-05-05")
    well = all_is_well(next(row for row in TABLE if row.name == "hold"))
    held = move(a_life_in("assess_prep"), "hold", Actor(OWNER, "facilitator"), promised, well, NOW, due)
    hub = Actor("triage", "system")
    for taken_out, brought_back in (("withdraw", "take_up_again"), ("merge", "separate")):
        merged = replace(well, merged_into="C-OTHER")
        given = Given(outcome="C-DUPLICATE") if taken_out == "merge" else Given()
        away = move(held, taken_out, hub, given, merged if taken_out == "merge" else well, NOW, due)
        again = move(away, brought_back, hub, Given(), well, NOW, due)
        assert again == held
    resumed = move(held, "resume", Actor(OWNER, "facilitator"), Given(), well, NOW, due)
    assert (resumed.state, resumed.hold, resumed.before) == ("assess_prep", None, None)
