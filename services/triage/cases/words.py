"""The words in which pages tell codes: tasks, sides, reasons, and what a form asks for."""

from __future__ import annotations

from typing import Final

from services.triage.domain.life import reasons
from services.triage.domain.teams.assigning import WHYS

TASKS: Final = {
    "triage": "Look at it: who, where, what",
    "chase_missing": "Ask the referrer for what is missing",
    "see_transfer_accepted": "See that the other service accepts it",
    "make_enquiries": "Make enquiries",
    "review_hold": "Look at it again",
    "call_back": "Call back, as was promised",
    "first_contact": "Make the first contact",
    "contact_initiator": "Be in contact",
    "contact_other": "Be in contact with the other side",
    "prepare": "Assess risk and prepare",
    "hold_meeting": "Hold the meeting",
    "carry_between": "Carry messages",
    "write_agreement": "Write down what was agreed",
    "check_agreement": "See that what was agreed is kept",
    "follow_up": "Follow up after two weeks",
    "follow_up_3_months": "Follow up after three months",
    "follow_up_6_months": "Follow up after six months",
    "propose_closure": "Propose to close it",
    "stop_contact": "Stop all contact, and decide",
    "approve_closure": "Approve the closure, or do not",
    "decide_after_withdrawal": "Decide: every referral was taken back",
    "triage_again": "Look at it again",
    "find_owner": "Find somebody who may take it",
    "reallocate": "Give it to other facilitators: one of them knows somebody in it",
    "nothing": "Nothing more",
}
SIDES_TOLD: Final = {
    "initiator": "toward whoever asked",
    "other": "toward the other side",
    "both": "toward both sides",
    "referrer": "toward the referrer",
}
WHATS: Final = {
    "opened_and_routed": "Opened, and sent to its team",
    "opened_and_returned": "Opened, and returned",
    "placed_and_routed": "What it lacked is known; sent to its team",
    "released_and_routed": "What was missing has come; sent to its team",
    "joined": "Another referral joined it",
    "amended": "A referral was amended",
    "looked_at": "Looked at",
    "recorded": "Something was recorded",
    "assessed": "Needs were recorded",
    "assessments_read": "Needs were read",
    "known_read": "What is known of somebody was read from another case",
    "routing_explained": "Why it is here was asked",
    "offered": "Another team was asked",
    "offer_accepted": "The other team accepted",
    "offer_refused": "The other team refused",
    "offer_returned": "Nobody accepted in time",
    "offer_withdrawn": "The offer was taken back",
    "due_warning": "Somebody was told that a step is due",
    "due_breach": "A step was not done in time",
    "due_call_back": "A promised call was due",
    "referral_withdrawn": "A referral was taken back",
    "taken_up_again": "Taken up again",
    "lacks_again": "What it had is there no longer",
    "facilitators": "Facilitators",
    "handed_over": "Handed over",
    "nobody_fits": "Nobody of the team may have it",
    "conflict_found": "Found that somebody here knows somebody in it",
    "conflict_gone": "Found that somebody here knows nobody in it any more",
    "held": "Held",
    "merged": "It is part of another case",
    "merged_in": "Another case was found to be part of it",
    "separated": "It is a case of its own again",
    "reopened": "Opened again",
    "review_asked": "It may be one with another case; somebody is asked",
    "review_looked_at": "Compared with another case",
    "offered_elsewhere": "Offered to a service outside the hub",
    "accepted_elsewhere": "A service outside the hub has accepted it",
    "said_same": "Said to be one with another case",
    "said_different": "Said to be another than a case that looks like it",
    "put_back": "It stands as it stood before they came",
    "set_apart": "Referrals were set apart from it",
    "person_checked": "An assessment point asked whether somebody is known",
}
WISHES: Final = {
    "explanation": "An explanation",
    "reason": "To know why",
    "reassurance": "Reassurance that it will not happen again",
    "questions": "Answers to other questions",
    "apology": "An apology",
    "say_something": "To say something to the other side",
}
TOLD: Final[dict[str, str]] = {
    **{f"fits_{why}": f"somebody {told}" for why, told in WHYS.items()},
    "initiator": "whoever asked",
    "other": "the other side",
    "process": "taking part",
    "approach_other": "that the other side is approached",
    "sharing": "that another service is told",
    "storage": "that it is kept",
    "blocked": "Blocked: partner abuse is not dealt with out of court",
    "safeguarding_first": "Safeguarding first",
    "specialist_pair": "Takes an experienced pair",
    "victim_liaison_first": "Victim liaison first",
    "youth": "The responsible person is a child",
    "guardian": "The harmed person is a child",
    "court": "A court waits",
    "voluntary": "Condition of a disposal: see that they come freely",
    "ask_area": "Ask where they live",
    "consent_to_refer": "Consent to refer",
    "safe_contact": "A safe way to be in contact",
    "area": "Where they live",
    **reasons.HOLDS,
    **reasons.OUTCOMES,
    **reasons.REFUSALS,
    **reasons.REOPENINGS,
    **reasons.NOT_YET,
}
# What a referral tells, in the words of the form for practitioners where it asks for it.
MARKERS: Final = {
    "domestic_abuse": "abuse by a partner or in the family",
    "sexual": "sexual violence",
    "stalking": "stalking",
    "hate": "hate",
    "trafficking": "trafficking or exploitation",
    "weapons": "weapons",
    "self_harm": "self-harm or suicide",
    "child_safeguarding": "a child may need protection",
    "mappa": "MAPPA",
    "mental_health": "mental health",
    "substance": "alcohol or drugs",
}
ORDERS: Final = {
    "bail": "bail conditions",
    "restraining": "restraining order",
    "licence": "licence conditions",
    "injunction": "injunction",
    "other": "another order",
}
STAGES_TOLD: Final = {
    "not_reported": "Not reported",
    "under_investigation": "Under investigation",
    "no_further_action": "No further action",
    "out_of_court": "Dealt with out of court",
    "charged": "Charged",
    "awaiting_plea": "Waiting for a plea",
    "guilty_plea": "Guilty plea",
    "trial": "Trial",
    "awaiting_sentence": "Waiting for sentence",
    "deferred": "Sentence deferred",
    "sentenced": "Sentenced",
    "licence": "On licence",
    "complete": "Complete",
    "civil": "Civil",
}
SERVICES: Final = {
    "restorative_justice": "Restorative justice",
    "restorative_mediation": "Restorative mediation",
    "peer_mentor": "A peer mentor",
    "vip_navigator": "A navigator of the Vulnerability Intervention Pathway",
    "victim_support": "Victim support",
}
CONSENTS: Final = {
    "referral": "Being referred",
    "storage": "Being kept on record",
    "sharing": "Being told to other services",
    "approach_other_party": "The other side being approached",
}
DECISIONS: Final = {
    "given": "agreed",
    "refused": "said no",
    "deferred": "would like more time",
    "not_asked": "not asked yet",
}
ACCEPTED: Final = {
    "full": "In full",
    "partial": "In part",
    "no_comment": "Would not say",
    "denied": "Not at all",
    "unknown": "Not known",
}
ROLES: Final = {"harmed": "Harmed person", "responsible": "Responsible person", "party": "Party"}
# In what somebody in a case is like whoever is looked for, by what was compared and how far it agrees.
ALIKE: Final = {
    ("given", "exact"): "the given name is the same",
    ("given", "short"): "one given name is short for the other",
    ("given", "typo"): "the given name is written nearly so",
    ("given", "similar"): "the given name is spelt alike",
    ("given", "initial"): "the initial of the given name fits",
    ("given", "middle"): "the given name is a middle name",
    ("family", "exact"): "the family name is the same",
    ("family", "typo"): "the family name is written nearly so",
    ("family", "similar"): "the family name is spelt alike",
    ("family", "part"): "part of the family name is the same",
    ("born", "exact"): "the date of birth is the same",
    ("born", "turned"): "day and month of the date of birth are swapped",
    ("born", "year_off"): "the birthday is the same, in another year",
    ("born", "digit"): "the date of birth is one digit apart",
    ("phone", "exact"): "the telephone is the same",
    ("phone", "digit"): "the telephone is one digit apart",
    ("phone", "landline"): "the telephone is the same, and others may share it",
    ("email", "exact"): "the email address is the same",
    ("email", "typo"): "the email address is nearly the same",
    ("home", "same"): "the home is the same",
    ("home", "building"): "the building may be the same",
    ("home", "postcode"): "the postcode is the same",
}
# What a transition needs: the name of its field, its label, and the words that may be chosen.
NEEDS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "missing": ("reason", "What is missing", reasons.MISSING),
    "hold": ("reason", "Why", tuple(reasons.HOLDS)),
    "review_on": ("review_on", "When it is looked at again, or they are called back", ()),
    "outcome": ("outcome", "How it ends", tuple(sorted(set(reasons.OUTCOMES) - {"C-DUPLICATE"}))),
    "enabling": ("enabling", "What made that possible", tuple(reasons.ENABLING)),
    "refusal": ("reason", "Why", tuple(reasons.REFUSALS)),
    "reopening": ("reason", "Why", tuple(reasons.REOPENINGS)),
    "not_yet": ("reason", "Why not yet", tuple(reasons.NOT_YET)),
    "method": ("method", "By which method", reasons.METHODS),
    "to": ("to", "To which team or service", ()),
    "accepted_by": ("accepted_by", "Who there has accepted it: their post, and no name", ()),
    "facilitators": ("email1", "Who takes it", ()),
    "owner": ("owner", "Who has it from now on", ()),
}
_LABELS: Final = {
    "side": "Which side",
    "to": "To what",
    "decision": "What they decided",
    "note": "In a few words",
    "value": "Is it so",
    "stage": "Where the court is",
    "hearing_on": "When it sits next",
    "told_to": "To whom it was said",
    "how": "How",
    "forbids_contact": "It forbids contact",
    "until": "Until",
    "acceptable": "The risk is acceptable",
    "violence": "There is violence or intimidation",
    "hidden_abuse": "There may be abuse behind it",
    "legal_action": "Legal action is needed or under way",
    "channel": "By which way",
    "result": "What became of it",
    "knows": "They know somebody in it",
    "staff": "The address of the member of staff",
    "actions": "How many things were agreed to be done",
    "kept": "It was done",
}


# What "value" is of a kind of record, where it is no yes or no.
_VALUES: Final = {
    "admission": "How far it is accepted",
    "strand": "What it has turned out to be",
    "area": "In which area",
}


def field_label(name: str, kind: str = "") -> str:
    """What a field of this kind of record is called in a form."""
    if name == "value" and kind in _VALUES:
        return _VALUES[kind]
    return _LABELS.get(name, name.replace("_", " ").capitalize())


# What a step needs, as whoever fills it in is asked for it.
ASKED_FOR: Final = {
    "reason": "Choose the reason",
    "outcome": "Choose how it ended",
    "enabling": "Choose what made the end possible",
    "review_on": "Give a later day, within a year, on which it is looked at again or somebody is called",
    "method": "Choose how it was done",
    "owner": "Choose who has it from now on",
    "to": "Say to which team or service it is offered",
    "accepted_by": "Say who there has accepted it, by their post and not by name",
    "facilitators": "Choose who takes it",
}
