"""Every transition from every state by every role: what the table allows happens, nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from services.triage.domain.life.guards import GUARDS, Given
from services.triage.domain.life.moving import STANDING, Actor, Life, Refused, move, with_task
from services.triage.domain.life.situation import Record, Situation, what_stops, with_records
from services.triage.domain.life.states import OPEN, STAGES, State
from services.triage.domain.life.transitions import BY_NAME, ROLES, TABLE, Transition
from tests.triage.life.telling import NOW, OWNER, TODAY, a_life_in, all_is_well, all_it_needs, due

IN_A_WEEK, IN_A_MONTH = TODAY + dt.timedelta(days=7), TODAY + dt.timedelta(days=30)
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
    assert sum(len(row.origins) * len(row.roles) for row in TABLE) == 198


# A situation in which each condition does not hold, while everything else is well.
BROKEN: dict[str, dict[str, Any]] = {
    "nothing_lacking": {"lacks": ("area",)},
    "something_lacking": {"lacks": ()},
    "not_blocked": {"gates": frozenset({"blocked"})},
    "safeguarding_done": {"gates": frozenset({"safeguarding_first"}), "risk": None},
    "somebody_identified": {"identified": None},
    "responsibility_accepted": {"admission": "denied"},
    "crime_not_forbidden": {"forbidden_until": TODAY},
    "dispute_screened": {"strand": "dispute", "screens": {"violence": False, "hidden_abuse": True}},
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
    "item_screened": {"screened_for": frozenset()},
    "item_wanted": {"wanted_by": frozenset({"other"})},
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


STAGES_AHEAD = ("charged", "awaiting_plea", "trial")


@pytest.mark.parametrize("stage", STAGES_AHEAD)
def test_while_a_trial_is_ahead_nobody_is_in_contact_with_the_other_side(stage: str) -> None:
    onward = ("contact_other", "prepare", "ready", "go_indirect", "hold_meeting", "finish_indirect")
    for name in (*onward, "another_round"):
        row = BY_NAME[name]
        for state in row.origins:
            situation = replace(all_is_well(row), stage=stage)
            with pytest.raises(Refused, match="A trial is ahead"):
                move(
                    a_life_in(state), name, Actor(OWNER, row.roles[0]), all_it_needs(row), situation, NOW, due
                )
    for state in STANDING:
        held = replace(a_life_in("on_hold"), before=state)
        well = all_is_well(BY_NAME["resume"])
        assert move(held, "resume", Actor(OWNER, "facilitator"), Given(), well, NOW, due).state == state
        with pytest.raises(Refused, match="A trial is ahead"):
            move(
                held,
                "resume",
                Actor(OWNER, "facilitator"),
                Given(),
                replace(well, stage=stage),
                NOW,
                due,
            )
        stopped = with_task(a_life_in(state), replace(well, stage=stage), due)
        assert (stopped.task, stopped.toward) == ("stop_contact", None)


def folded(*records: tuple[str, dict[str, Any]]) -> Situation:
    return with_records(Situation(TODAY), [Record(kind, says, TODAY) for kind, says in records])


def an_order(until: dt.date | None) -> tuple[str, dict[str, Any]]:
    says = {"forbids_contact": True, "until": str(until)} if until else {"forbids_contact": True}
    return "order", says


NO_ORDER: tuple[str, dict[str, Any]] = ("order", {"forbids_contact": False})


@pytest.mark.parametrize(
    ("orders", "until"),
    [
        ([an_order(IN_A_WEEK), an_order(IN_A_MONTH)], IN_A_MONTH),
        ([an_order(IN_A_MONTH), an_order(IN_A_WEEK)], IN_A_MONTH),
        ([an_order(None), an_order(IN_A_WEEK)], dt.date.max),
        ([an_order(IN_A_MONTH), NO_ORDER, an_order(IN_A_WEEK)], IN_A_WEEK),
        ([an_order(IN_A_MONTH), NO_ORDER], None),
    ],
)
def test_another_order_ends_none_before_it(
    orders: list[tuple[str, dict[str, Any]]], until: dt.date | None
) -> None:
    assert folded(*orders).forbidden_until == until
    # Nor in a case that theirs goes on in.
    merged = ("merged", {"into": "C-1"})
    told = what_stops(
        [Record(kind, says, TODAY) for kind, says in (*orders, merged)], {"into": "C-1", "turned": False}
    )
    assert with_records(Situation(TODAY), told).forbidden_until == until


def screened(**says: str) -> tuple[str, dict[str, Any]]:
    return "item_screened", says


def wanted(side: str, *, value: bool = True) -> tuple[str, dict[str, Any]]:
    return "item_wanted", {"side": side, "value": value}


def test_what_is_carried_is_wanted_by_whoever_it_is_for_and_each_thing_by_itself() -> None:
    mine, yours = screened(side="initiator"), screened(side="other")
    assert folded(mine, wanted("initiator")).item_wanted
    assert not folded(mine, wanted("other")).item_wanted
    assert not folded(mine, wanted("initiator", value=False), wanted("other")).item_wanted
    assert not folded(mine, yours, wanted("initiator")).item_wanted
    assert folded(mine, yours, wanted("initiator"), wanted("other")).item_wanted
    # A yes to the first letter is none to the second.
    assert not folded(mine, wanted("initiator"), mine).item_wanted
    assert folded(mine, wanted("initiator"), yours, wanted("other")).item_wanted
    # Records from before it was said for whom it is.
    assert folded(screened(), wanted("other")).item_wanted
    assert not folded(screened()).item_wanted


def test_each_follow_up_asks_both_sides_and_then_the_side_that_is_left() -> None:
    def asked(*sides: str) -> tuple[str, str | None, dt.date | None]:
        situation = replace(all_is_well(BY_NAME["follow_up"]), followed_up=folded(*whom(*sides)).followed_up)
        life = with_task(replace(a_life_in("follow_up"), next_on=TODAY), situation, due)
        return life.task, life.toward, life.next_on

    def whom(*sides: str) -> list[tuple[str, dict[str, Any]]]:
        return [("followed_up", {"side": side}) for side in sides]

    later = due("")
    assert asked() == ("follow_up", "both", TODAY)
    assert asked("initiator") == ("follow_up", "other", TODAY)
    assert asked("initiator", "initiator") == ("follow_up", "other", TODAY)
    assert asked("initiator", "other") == ("follow_up_3_months", "both", later)
    assert asked("other", "initiator", "other") == ("follow_up_3_months", "initiator", later)
    assert asked(*["initiator", "other"] * 3) == ("propose_closure", None, later)


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


def moved_by(life: Life, *names: str) -> Life:
    """The case after the hub itself has made these transitions."""
    for name in names:
        row = BY_NAME[name]
        given = Given(outcome="C-DUPLICATE") if name == "merge" else all_it_needs(row)
        life = move(life, name, Actor(OWNER, row.roles[0]), given, all_is_well(row), NOW, due)
    return life


def test_a_closure_that_is_proposed_lapses_when_the_case_is_taken_back_or_goes_on_in_another() -> None:
    for away, back in (("withdraw", "take_up_again"), ("merge", "separate")):
        after = moved_by(a_life_in("follow_up"), "propose_closure", away, back)
        assert (after.state, after.outcome, after.enabling) == ("follow_up", None, ())
    refused = moved_by(a_life_in("follow_up"), "propose_closure", "refuse_closure")
    assert (refused.state, refused.outcome) == ("follow_up", None)


def test_a_case_that_paused_and_was_merged_stands_where_it_was_at_work_when_it_is_separated() -> None:
    after = moved_by(a_life_in("contact_other"), "withdraw", "merge", "separate")
    assert after.state == "contact_other"
    paused = moved_by(a_life_in("assess_prep"), "hold", "withdraw", "merge", "separate", "withdraw")
    assert moved_by(paused, "take_up_again") == moved_by(a_life_in("assess_prep"), "hold")
    assert moved_by(paused, "take_up_again", "resume").state == "assess_prep"
