"""The states of a case, each with the one thing that is to be done next in it (DOMAIN §2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

State = Literal[
    "received", "returned", "triage", "transfer_sent", "transferred", "enquiries", "on_hold", "allocated",
    "contact_initiator", "contact_other", "assess_prep", "ready_direct", "indirect_active",
    "intervention_held", "agreement_monitoring", "follow_up", "withdrawn", "closing", "closed", "reopened",
]  # fmt: skip
# Whom a task reaches out to: whoever asked, the other side, both, the referrer; None where nobody is rung.
Toward = Literal["initiator", "other", "both", "referrer"]


@dataclass(frozen=True)
class Stage:
    """What a state is: its name for people, its next task, and whom that task reaches out to."""

    title: str
    task: str
    toward: Toward | None = None
    is_open: bool = True


STAGES: Final[dict[State, Stage]] = {
    "received": Stage("Received", "triage"),
    "returned": Stage("Returned to the referrer", "chase_missing", "referrer"),
    "triage": Stage("In triage", "triage"),
    "transfer_sent": Stage("Offered to another service", "see_transfer_accepted"),
    "transferred": Stage("With another service", "nothing", is_open=False),
    "enquiries": Stage("Initial enquiries", "make_enquiries"),
    "on_hold": Stage("On hold", "review_hold"),
    "allocated": Stage("Allocated", "first_contact", "initiator"),
    "contact_initiator": Stage("Contact with whoever asked", "contact_initiator", "initiator"),
    "contact_other": Stage("Contact with the other side", "contact_other", "other"),
    "assess_prep": Stage("Assessment and preparation", "prepare", "both"),
    "ready_direct": Stage("Ready to meet", "hold_meeting", "both"),
    "indirect_active": Stage("Indirect contact", "carry_between", "both"),
    "intervention_held": Stage("The meeting was held", "write_agreement", "both"),
    "agreement_monitoring": Stage("Agreement followed", "check_agreement", "both"),
    "follow_up": Stage("Follow-up", "follow_up", "both"),
    "withdrawn": Stage("Taken back by every referrer", "decide_after_withdrawal"),
    "closing": Stage("Closure proposed", "approve_closure"),
    "closed": Stage("Closed", "nothing", is_open=False),
    "reopened": Stage("Reopened", "triage_again"),
}
OPEN: Final = frozenset(state for state, stage in STAGES.items() if stage.is_open)
# What the referring agency is told of a state, in its few words (DOMAIN §9, rule 9).
Told = Literal["allocated", "in_progress", "closed"]
TOLD_AGENCY: Final[dict[State, Told]] = {
    state: "closed"
    if not stage.is_open
    else "allocated"
    if state
    in (
        "received", "returned", "triage", "transfer_sent", "enquiries", "on_hold", "allocated", "withdrawn",
        "reopened",
    )
    else "in_progress"
    for state, stage in STAGES.items()
}  # fmt: skip
