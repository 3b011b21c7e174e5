"""The conditions on which things may happen, each with the sentence that is told when it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.triage.domain.life.reasons import ACHIEVED, DECLINED, DIRECT, WITHDREW
from services.triage.domain.life.situation import RISK_IS_NEW_FOR, SIDES, Side, Situation

_ATTEMPTS_BEFORE_GIVING_UP: Final = 2  # on different days, with nobody reached since (DOMAIN §3)
# Whoever heard this is not rung on that number again (DOMAIN §9).
_NOT_THEIR_TELEPHONE: Final = ("somebody_else", "wrong_number")


@dataclass(frozen=True)
class Given:
    """What whoever acts says with it; each transition names what it needs."""

    reason: str = ""
    review_on: str = ""
    outcome: str = ""
    enabling: tuple[str, ...] = ()
    method: str = ""
    to: str = ""
    facilitators: tuple[tuple[str, str], ...] = ()  # e-mail and level
    owner: str = ""
    accepted_by: str = ""


@dataclass(frozen=True)
class Guard:
    """A condition; `why` is told when it does not hold."""

    holds: Callable[[Situation, Given], bool]
    why: str


def _in_crime(holds: Callable[[Situation], bool]) -> Callable[[Situation, Given], bool]:
    """What a crime has to pass; a dispute has no side that is to blame (DOMAIN §4)."""
    return lambda now, _: now.strand == "dispute" or holds(now)


def _dispute_screened(now: Situation, _given: Given) -> bool:
    """A dispute was looked at for what may be behind it, and nothing was found (DOMAIN §4)."""
    return now.strand != "dispute" or (now.screens is not None and not any(now.screens.values()))


def _fit(now: Situation, given: Given) -> bool:
    people = given.facilitators
    if not people or len({email for email, _ in people}) != len(people):
        return False
    if any(email in now.conflicts for email, _ in people):
        return False
    if not now.is_complex:
        return True
    levels = [level for _, level in people]
    return len(levels) > 1 and "advanced" in levels and "foundation" not in levels


def _support_route(now: Situation, _given: Given) -> bool:
    """Who was harmed is approached by whoever supports them where they did not ask (invariant i)."""
    asked_by_the_other = now.strand == "crime" and now.initiated_by == "responsible"
    return now.support_route or not (asked_by_the_other or "victim_liaison_first" in now.gates)


def _method_agreed(now: Situation, given: Given) -> bool:
    return bool(given.method) and all(now.agreed(side, given.method) for side in SIDES)


def _honest(now: Situation, given: Given) -> bool:
    """An outcome that says what somebody decided stands on their own words."""
    if given.outcome in ACHIEVED:
        return bool(now.held)
    if given.outcome in DECLINED:
        return _side_of(given.outcome, now) in now.said_no
    if given.outcome in WITHDREW:
        return _side_of(given.outcome, now) in now.took_back
    if given.outcome == "C-UNCONTACTABLE":
        return any(_out_of_reach(side, now) for side in now.tried)
    return given.outcome != "C-DUPLICATE" or now.merged_into is not None


def _out_of_reach(side: Side, now: Situation) -> bool:
    """Whether a side was tried often enough: a letter counts only where it cannot be rung.

    Who can be reached is reached by telephone; silence after a letter says nothing (DOMAIN §2.4, §3).
    """
    tried = now.tried[side]
    lost = any(one.channel == "phone" and one.result in _NOT_THEIR_TELEPHONE for one in tried)
    is_rung = side in now.by_phone and not lost
    days = {one.on for one in tried if one.channel == "phone" or not is_rung}
    return len(days) >= _ATTEMPTS_BEFORE_GIVING_UP


def _side_of(outcome: str, now: Situation) -> Side:
    harmed = "HARMED" in outcome
    return "initiator" if harmed != (now.initiated_by == "responsible") else "other"


# Whether these hold depends on what is given with a transition: nothing can be said of them before.
ABOUT_WHAT_IS_GIVEN: Final = frozenset(
    {
        "fit_facilitators",
        "fit_owner",
        "method_agreed",
        "direct_method",
        "indirect_method",
        "consent_after_risk",
        "honest_outcome",
    }
)
GUARDS: Final[dict[str, Guard]] = {
    "nothing_lacking": Guard(lambda now, _: not now.lacks, "The case still lacks something."),
    "something_lacking": Guard(lambda now, _: bool(now.lacks), "The case lacks nothing."),
    "not_blocked": Guard(
        lambda now, _: "blocked" not in now.gates,
        "Partner abuse is not dealt with as an out-of-court disposal.",
    ),
    "safeguarding_done": Guard(
        lambda now, _: "safeguarding_first" not in now.gates or now.risk is not None,
        "Somebody is in danger: safeguarding comes first, and risk is assessed before anything else.",
    ),
    "somebody_identified": Guard(
        _in_crime(lambda now: bool(now.identified)),
        "It is not recorded that whoever is responsible was identified.",
    ),
    "responsibility_accepted": Guard(
        _in_crime(lambda now: now.accepts_responsibility),
        "It is not recorded that whoever is responsible accepts what happened.",
    ),
    "crime_not_forbidden": Guard(_in_crime(lambda now: not now.forbids_contact), "An order forbids contact."),
    "dispute_screened": Guard(
        _dispute_screened,
        "It is not recorded that neither violence nor hidden abuse nor legal action is behind the dispute.",
    ),
    "fit_facilitators": Guard(
        _fit,
        "Name facilitators who know neither side; a complex case takes two, of whom one is advanced and "
        "none a beginner.",
    ),
    "fit_owner": Guard(
        lambda now, given: given.owner not in now.conflicts, "They know somebody in the case."
    ),
    "safe_contact": Guard(lambda now, _: now.safe_contact, "There is no safe way to be in contact."),
    "nobody_out": Guard(
        lambda now, _: not now.anybody_out, "Somebody has said no, or no longer agrees: contact stops."
    ),
    "approach_agreed": Guard(
        lambda now, _: now.may_approach_other,
        "Whoever asked has not agreed that the other side is approached.",
    ),
    "no_order_forbids": Guard(lambda now, _: not now.forbids_contact, "An order forbids contact."),
    "support_route": Guard(
        _support_route, "The harmed person is approached only through whoever supports them."
    ),
    "both_willing": Guard(
        lambda now, _: all(now.agreed(side, "process") for side in SIDES),
        "Both sides have to agree to the process.",
    ),
    "method_agreed": Guard(_method_agreed, "Both sides have to agree to this method."),
    "direct_method": Guard(lambda _, given: given.method in DIRECT, "That is not a method of meeting."),
    "indirect_method": Guard(
        lambda _, given: bool(given.method) and given.method not in DIRECT, "That is a method of meeting."
    ),
    "consent_after_risk": Guard(
        lambda now, given: now.agreed_since_risk(given.method),
        "Both agreements must be as new as the latest assessment of risk.",
    ),
    "risk_current": Guard(
        lambda now, _: (
            now.risk is not None and now.risk.acceptable and now.today - now.risk.on <= RISK_IS_NEW_FOR
        ),
        "The risk was not found acceptable within the last 28 days.",
    ),
    "risk_signed_off": Guard(
        lambda now, _: now.risk is not None and now.risk.signed_off, "A supervisor has to sign the risk off."
    ),
    "plan_made": Guard(lambda now, _: now.plan_made, "Venue, supporters and a safety plan are missing."),
    "item_screened": Guard(
        lambda now, _: bool(now.screened_for), "What is carried between them is read by a facilitator first."
    ),
    "item_wanted": Guard(
        lambda now, _: now.item_wanted,
        "Whoever it is for chooses whether, when and how they have it; record that they want it.",
    ),
    "no_live_trial": Guard(
        lambda now, _: not now.trial_ahead,
        "A trial is ahead or going on: nothing goes further before a guilty plea or the end of it.",
    ),
    "agreement_recorded": Guard(
        lambda now, _: now.agreement, "Record the agreement, or that none was needed."
    ),
    "actions_settled": Guard(
        lambda now, _: now.actions_open == 0, "Some of what was agreed is neither done nor given up."
    ),
    "honest_outcome": Guard(
        _honest,
        "The records do not bear that out: a no or a withdrawal was said by somebody, an achieved outcome "
        "was held, and nobody is out of reach before attempts on two days, by telephone where that is safe.",
    ),
    "sharing_agreed": Guard(
        lambda now, _: now.may_share,
        "Whoever asked has not agreed that another service is told, or the other side has said no to that.",
    ),
    "merged": Guard(lambda now, _: now.merged_into is not None, "The case was not merged."),
    "not_merged": Guard(lambda now, _: now.merged_into is None, "The case is part of another."),
}
