"""Situations in which every guard holds, and what every transition needs: what is allowed then is allowed."""

from __future__ import annotations

import datetime as dt

from services.triage.domain.life.guards import Given
from services.triage.domain.life.moving import Life
from services.triage.domain.life.situation import SIDES, Consent, Facilitator, Risk, Situation
from services.triage.domain.life.states import STAGES, State
from services.triage.domain.life.transitions import Transition

TODAY = dt.date(2026, 3, 24)
NOW = dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)
OWNER = "coordinator@referral-hub.example"


def due(_task: str) -> dt.date:
    return TODAY + dt.timedelta(days=2)


def all_is_well(row: Transition) -> Situation:
    """Everything that this transition asks for is so."""
    agreed = {
        (side, to): Consent("given", TODAY)
        for side in SIDES
        for to in ("process", "approach_other", "sharing", "conference", "letter")
    }
    return Situation(
        today=TODAY,
        lacks=("area",) if "something_lacking" in row.guards else (),
        identified=True,
        admission="full",
        consents=agreed,
        risk=Risk(acceptable=True, on=TODAY, signed_off=True),
        support_route=True,
        plan_made=True,
        screened_for=frozenset({"initiator"}),
        wanted_by=frozenset({"initiator"}),
        facilitators=(Facilitator("facilitator@referral-hub.example", "advanced"),),
        held=("conference",),
        agreement=True,
        merged_into="C-OTHER" if "merged" in row.guards else None,
    )


def all_it_needs(row: Transition) -> Given:
    """What is given with this transition, whole."""
    reasons = {
        "missing": "area",
        "hold": "H-MORE-TIME",
        "refusal": "R-NO-CAPACITY",
        "reopening": "O-ASKED-AGAIN",
        "not_yet": "N-OUTCOME-UNCLEAR",
    }
    reason = next((reasons[need] for need in row.needs if need in reasons), "")
    return Given(
        reason=reason,
        review_on="2026-04-01" if "review_on" in row.needs else "",
        outcome="C-SUPPORT-ONLY" if "outcome" in row.needs else "",
        enabling=("listened",) if "enabling" in row.needs else (),
        method="letter" if "indirect_method" in row.guards else "conference" if "method" in row.needs else "",
        to="community_peer_mentors" if "to" in row.needs else "",
        accepted_by="Duty officer" if "accepted_by" in row.needs else "",
        facilitators=(("facilitator@referral-hub.example", "advanced"),)
        if "facilitators" in row.needs
        else (),
        owner=OWNER if "owner" in row.needs else "",
    )


def a_life_in(state: State) -> Life:
    """A case that stands there, taken out of assessment where it was taken out of somewhere."""
    stage = STAGES[state]
    before: State | None = "assess_prep" if state in ("on_hold", "closing", "closed") else None
    return Life(
        state, OWNER, NOW, stage.task, stage.toward, TODAY if stage.is_open else None, before,
        outcome="C-SUPPORT-ONLY" if state in ("closing", "closed") else None,
    )  # fmt: skip
