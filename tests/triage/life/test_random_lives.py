"""Whatever is tried and recorded in whatever order, what must always be true of a case stays true."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.triage.domain.life import reasons
from services.triage.domain.life.guards import Given
from services.triage.domain.life.moving import Actor, Refused, born, move, with_task
from services.triage.domain.life.situation import SIDES, Record, Situation, with_records
from services.triage.domain.life.states import STAGES
from services.triage.domain.life.transitions import BY_NAME, ROLES
from tests.triage.life.telling import NOW, OWNER, TODAY, all_it_needs, due

DECISIONS = st.sampled_from(["given", "given", "given", "refused", "deferred", "withdrawn", "not_asked"])
TO = st.sampled_from(["process", "approach_other", "sharing", "conference", "letter"])
SIDE = st.sampled_from(SIDES)
RECORDS: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("consent"), st.fixed_dictionaries({"side": SIDE, "to": TO, "decision": DECISIONS})),
    st.tuples(st.just("admission"), st.fixed_dictionaries({"value": st.sampled_from(["full", "denied"])})),
    st.tuples(st.just("identified"), st.fixed_dictionaries({"value": st.booleans()})),
    st.tuples(st.just("order"), st.fixed_dictionaries({"forbids_contact": st.booleans()})),
    st.tuples(st.just("risk"), st.fixed_dictionaries({"acceptable": st.booleans()})),
    st.tuples(
        st.sampled_from(["risk_signed_off", "support_route", "plan"]),
        st.just({}),
    ),
    st.tuples(st.sampled_from(["item_screened", "followed_up"]), st.fixed_dictionaries({"side": SIDE})),
    st.tuples(st.just("item_wanted"), st.fixed_dictionaries({"side": SIDE, "value": st.booleans()})),
    st.tuples(st.just("strand"), st.fixed_dictionaries({"value": st.sampled_from(["crime", "dispute"])})),
    st.tuples(
        st.just("court"),
        st.fixed_dictionaries({"stage": st.sampled_from(["charged", "guilty_plea", "complete"])}),
    ),
    st.tuples(
        st.just("conflict"),
        st.fixed_dictionaries(
            {"staff": st.sampled_from([OWNER, "facilitator@referral-hub.example"]), "knows": st.booleans()}
        ),
    ),
    st.tuples(
        st.just("screen"), st.fixed_dictionaries({"violence": st.booleans(), "legal_action": st.just(False)})
    ),
    st.tuples(
        st.just("contact"),
        st.fixed_dictionaries(
            {
                "side": SIDE,
                "channel": st.sampled_from(["phone", "letter"]),
                "result": st.sampled_from(["reached", "no_answer", "somebody_else"]),
            }
        ),
    ),
    st.tuples(st.just("held"), st.fixed_dictionaries({"method": st.sampled_from(["conference", "letter"])})),
    st.tuples(st.just("agreement"), st.fixed_dictionaries({"actions": st.integers(0, 2)})),
    st.tuples(st.just("action_settled"), st.just({})),
)
LIKELY = ("coordinator", "supervisor", "facilitator", "system", "receiver")


class ALife(RuleBasedStateMachine):
    """One case and everything that anybody tries with it."""

    @initialize(
        strand=st.sampled_from(["crime", "dispute"]), asked=st.sampled_from(["harmed", "responsible"])
    )
    def open(self, strand: str, asked: str) -> None:
        self.situation = Situation(today=TODAY, strand=strand, initiated_by=asked)
        self.records: list[Record] = []
        self.life = born(OWNER, NOW, due)
        self.closed_as: str | None = None

    @rule(told=RECORDS)
    def record(self, told: tuple[str, dict[str, Any]]) -> None:
        kind, says = told
        self.records.append(Record(kind, says, self.situation.today))
        self.situation = with_records(self.situation, self.records[-1:])
        if kind == "strand":
            self.situation = replace(self.situation, strand=says["value"])
        if kind == "court":
            self.situation = replace(self.situation, stage=says["stage"])
        self.life = with_task(self.life, self.situation, due)

    @rule(agreed=st.lists(st.tuples(SIDE, TO), min_size=3, max_size=8))
    def agree(self, agreed: list[tuple[str, str]]) -> None:
        """A conversation in which much is agreed at once: without it few lives would come far."""
        for side, to in agreed:
            self.record(("consent", {"side": side, "to": to, "decision": "given"}))

    @rule(lacks=st.booleans())
    def amend(self, lacks: bool) -> None:  # noqa: FBT001
        self.situation = replace(self.situation, lacks=("area",) if lacks else ())

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        self.situation = replace(self.situation, today=self.situation.today + dt.timedelta(days=days))

    @rule(
        name=st.sampled_from(sorted(BY_NAME)),
        role=st.sampled_from(ROLES),
        outcome=st.sampled_from(sorted(reasons.OUTCOMES)),
    )
    def attempt(self, name: str, role: str, outcome: str) -> None:
        row = BY_NAME[name]
        given = all_it_needs(row)
        if given.outcome:
            given = replace(given, outcome=outcome)
        if given.review_on:
            given = replace(given, review_on=str(self.situation.today + dt.timedelta(days=7)))
        self._move(name, role, given)

    @precondition(lambda self: self.life.is_open)
    @rule(choice=st.integers(0, 30))
    def go_on(self, choice: int) -> None:
        """One of the steps that are open from here, by somebody who may."""
        rows = [row for row in BY_NAME.values() if self.life.state in row.origins]
        row = rows[choice % len(rows)]
        given = all_it_needs(row)
        if given.review_on:
            given = replace(given, review_on=str(self.situation.today + dt.timedelta(days=7)))
        self._move(row.name, row.roles[0], given)

    def _move(self, name: str, role: str, given: Given) -> None:
        before = self.life
        try:
            self.life = move(before, name, Actor(OWNER, role), given, self.situation, NOW, due)
        except Refused:
            assert self.life is before
            return
        if not self.life.is_open:
            self.closed_as = self.life.outcome

    @invariant()
    def an_open_case_has_one_owner_and_one_next_date(self) -> None:
        assert self.life.owner
        assert (self.life.next_on is not None) == self.life.is_open
        assert (self.life.task != "nothing") == self.life.is_open

    @invariant()
    def nobody_is_contacted_on_the_other_side_without_consent(self) -> None:
        if self.life.toward in ("other", "both"):
            assert self.situation.agreed("initiator", "approach_other")
            assert not self.situation.forbids_contact
            assert not self.situation.trial_ahead

    @invariant()
    def whoever_is_out_is_left_in_peace(self) -> None:
        if self.situation.anybody_out:
            assert self.life.toward in (None, "referrer")

    @invariant()
    def silence_is_never_refusal(self) -> None:
        said = [record for record in self.records if record.kind == "consent"]
        if self.life.outcome in reasons.DECLINED:
            assert any(record.says["decision"] == "refused" for record in said)
        if self.life.outcome in reasons.WITHDREW:
            assert any(record.says["decision"] in ("refused", "withdrawn") for record in said)

    @invariant()
    def a_case_on_hold_has_a_reason_and_a_day(self) -> None:
        if self.life.state == "on_hold":
            assert self.life.reason in reasons.HOLDS
            assert self.life.before is not None
            assert self.life.next_on is not None

    @invariant()
    def a_closed_case_has_an_outcome(self) -> None:
        if self.life.state == "closed":
            assert self.life.outcome in reasons.OUTCOMES
        assert self.life.state in STAGES


def live(count: int) -> None:
    """Try so many lives."""
    run_state_machine_as_test(
        ALife,
        settings=settings(
            max_examples=count,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_what_must_be_true_stays_true_in_many_lives() -> None:
    live(40)


@pytest.mark.nightly
def test_what_must_be_true_stays_true_in_thousands_of_lives() -> None:
    live(5_000)
