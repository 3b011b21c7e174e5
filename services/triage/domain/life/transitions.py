"""What may happen to a case: from which states, to which, by whom, on which conditions, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from services.triage.domain.life.states import OPEN, State

# Who acts in a case. `system` is triage itself; `receiver` is a coordinator of the team that a case was
# offered to. Whoever is not among them never acts in one.
Role = Literal["system", "coordinator", "supervisor", "facilitator", "receiver"]
ROLES: Final[tuple[Role, ...]] = ("system", "coordinator", "supervisor", "facilitator", "receiver")
Back = Literal["before", "same"]


@dataclass(frozen=True)
class Transition:
    """One line of the table; `to` is a state, "before" (where it was taken out of) or "same"."""

    name: str
    told: str
    origins: frozenset[State]
    to: State | Back
    roles: tuple[Role, ...]
    guards: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    remembers: bool = False  # keeps where the case was, so that it can go back there


_CO: Final[tuple[Role, ...]] = ("coordinator", "supervisor")
# What must be so, and go on being so, wherever the other side is in contact.
WHILE_IN_CONTACT: Final = ("approach_agreed", "no_order_forbids", "no_live_trial")
_AT_WORK: Final = frozenset[State](
    {"contact_initiator", "contact_other", "assess_prep", "ready_direct", "indirect_active"}
)
_BEFORE_WORK: Final = frozenset[State]({"triage", "enquiries", "allocated"})
_AFTER: Final = frozenset[State]({"intervention_held", "agreement_monitoring", "follow_up"})


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


TABLE: Final[tuple[Transition, ...]] = (
    Transition(
        "admit", "It has what it needs", _from("received"), "triage", ("system",), ("nothing_lacking",)
    ),
    Transition(
        "return",
        "It lacks something",
        _from("received", "triage"),
        "returned",
        ("system",),
        ("something_lacking",),
    ),
    Transition(
        "send_back",
        "Send it back to the referrer",
        _from("triage", "enquiries"),
        "returned",
        _CO,
        (),
        ("missing",),
    ),
    Transition(
        "release",
        "What was missing has come",
        _from("returned"),
        "triage",
        ("system", *_CO),
        ("nothing_lacking",),
    ),
    Transition(
        "begin_enquiries",
        "Begin enquiries",
        _from("triage"),
        "enquiries",
        _CO,
        ("nothing_lacking", "safeguarding_done"),
    ),
    Transition(
        "allocate",
        "Allocate to facilitators",
        _from("triage", "enquiries"),
        "allocated",
        _CO,
        (
            *("nothing_lacking", "not_blocked", "safeguarding_done"),
            *("somebody_identified", "responsibility_accepted", "crime_not_forbidden", "dispute_screened"),
            "fit_facilitators",
        ),
        ("facilitators",),
    ),
    Transition(
        "assign",
        "Give it to somebody in the team",
        OPEN - {"received"},
        "same",
        _CO,
        ("fit_owner",),
        ("owner",),
    ),
    Transition(
        "reallocate",
        "Give it to other facilitators",
        _AT_WORK | _AFTER | {"allocated"},
        "same",
        _CO,
        ("fit_facilitators",),
        ("facilitators",),
    ),
    Transition(
        "contact_initiator",
        "Begin contact with whoever asked",
        _from("allocated"),
        "contact_initiator",
        ("facilitator",),
        ("safe_contact", "nobody_out"),
    ),
    Transition(
        "contact_other",
        "Begin contact with the other side",
        _from("contact_initiator"),
        "contact_other",
        ("facilitator",),
        (*WHILE_IN_CONTACT, "support_route"),
    ),
    Transition(
        "prepare",
        "Begin assessment and preparation",
        _from("contact_other"),
        "assess_prep",
        ("facilitator",),
        ("both_willing", *WHILE_IN_CONTACT),
    ),
    Transition(
        "ready",
        "Ready to meet",
        _from("assess_prep", "indirect_active"),
        "ready_direct",
        ("supervisor",),
        (
            "direct_method",
            "method_agreed",
            *WHILE_IN_CONTACT,
            "risk_current",
            "risk_signed_off",
            "consent_after_risk",
            "plan_made",
        ),
        ("method",),
    ),
    Transition(
        "go_indirect",
        "Go on without meeting",
        _from("assess_prep", "ready_direct"),
        "indirect_active",
        ("facilitator",),
        (
            "indirect_method",
            "method_agreed",
            *WHILE_IN_CONTACT,
            "consent_after_risk",
        ),
        ("method",),
    ),
    Transition(
        "hold_meeting",
        "The meeting was held",
        _from("ready_direct"),
        "intervention_held",
        ("facilitator",),
        (
            "direct_method",
            "method_agreed",
            *WHILE_IN_CONTACT,
            "risk_current",
            "consent_after_risk",
        ),
        ("method",),
    ),
    Transition(
        "finish_indirect",
        "What was to be carried has been carried",
        _from("indirect_active"),
        "intervention_held",
        ("facilitator",),
        (
            "indirect_method",
            "method_agreed",
            *WHILE_IN_CONTACT,
            "item_screened",
            "item_wanted",
        ),
        ("method",),
    ),
    Transition(
        "another_round",
        "Back to preparation",
        _from("ready_direct", "intervention_held"),
        "assess_prep",
        ("facilitator", "supervisor"),
        ("both_willing", *WHILE_IN_CONTACT),
    ),
    Transition(
        "agree",
        "Follow what was agreed",
        _from("intervention_held"),
        "agreement_monitoring",
        ("facilitator",),
        ("agreement_recorded",),
    ),
    Transition(
        "follow_up",
        "Follow up",
        _from("agreement_monitoring"),
        "follow_up",
        ("facilitator",),
        ("actions_settled",),
    ),
    Transition(
        "propose_closure",
        "Propose to close it",
        _AT_WORK | _AFTER,
        "closing",
        ("facilitator",),
        ("honest_outcome",),
        ("outcome", "enabling"),
        remembers=True,
    ),
    Transition(
        "approve_closure",
        "Approve the closure",
        _from("closing"),
        "closed",
        ("supervisor",),
        ("honest_outcome",),
    ),
    Transition(
        "refuse_closure",
        "Do not close it yet",
        _from("closing"),
        "before",
        ("supervisor",),
        ("still_fits",),
        ("not_yet",),
    ),
    Transition(
        "close",
        "Close it",
        _from("returned", "triage", "enquiries", "allocated", "on_hold", "withdrawn", "reopened"),
        "closed",
        _CO,
        ("honest_outcome",),
        ("outcome",),
    ),
    Transition(
        "hold",
        "Put it on hold",
        _BEFORE_WORK | _AT_WORK,
        "on_hold",
        ("system", *_CO, "facilitator"),
        (),
        ("hold", "review_on"),
        remembers=True,
    ),
    Transition(
        "resume",
        "Take it off hold",
        _from("on_hold"),
        "before",
        ("system", *_CO, "facilitator"),
        ("still_fits",),
    ),
    Transition(
        "transfer",
        "Offer it to another service",
        _from("triage", "enquiries"),
        "transfer_sent",
        _CO,
        ("sharing_agreed",),
        ("to",),
    ),
    Transition(
        "accept_transfer",
        "Accept it",
        _from("transfer_sent"),
        "triage",
        ("receiver",),
        ("nothing_lacking", "sharing_agreed"),
    ),
    Transition(
        "record_acceptance",
        "A service outside the hub has accepted it",
        _from("transfer_sent"),
        "transferred",
        _CO,
        (),
        ("accepted_by",),
    ),
    Transition(
        "refuse_transfer",
        "It was not accepted",
        _from("transfer_sent"),
        "triage",
        ("system", "receiver", *_CO),
        (),
        ("refusal",),
    ),
    Transition(
        "expire_transfer", "Nobody accepted it in time", _from("transfer_sent"), "triage", ("system",)
    ),
    Transition(
        "withdraw",
        "Every referral was taken back",
        OPEN - {"received", "withdrawn"},
        "withdrawn",
        ("system",),
        remembers=True,
    ),
    Transition("take_up_again", "A referral stands again", _from("withdrawn"), "before", ("system",)),
    Transition(
        "merge",
        "It is the same case as another",
        OPEN - {"received"},
        "closed",
        ("system",),
        ("merged",),
        remembers=True,
    ),
    Transition(
        "separate",
        "It is a case of its own after all",
        _from("closed"),
        "before",
        ("system",),
        ("not_merged",),
    ),
    Transition(
        "reopen",
        "Open it again",
        _from("closed", "transferred"),
        "reopened",
        ("system", *_CO),
        ("not_merged",),
        ("reopening",),
    ),
    Transition("take_up", "Take it up", _from("reopened"), "triage", _CO),
)
BY_NAME: Final = {transition.name: transition for transition in TABLE}
