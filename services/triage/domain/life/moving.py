"""Moves a case from one state to the next, or says why it may not be moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from services.triage.domain.life import reasons
from services.triage.domain.life.guards import ABOUT_WHAT_IS_GIVEN, GUARDS, Given
from services.triage.domain.life.situation import LEVELS, Situation
from services.triage.domain.life.states import STAGES, State, Toward
from services.triage.domain.life.transitions import BY_NAME, ROLES, WHILE_IN_CONTACT, Role, Transition

# In how many working days a task is due in a team; the caller counts them.
Due = Callable[[str], dt.date]
Why = Literal["role", "state", "guard", "given"]

STOP: Final = "stop_contact"
# A day that is further away is a slip of the pen, and somebody would wait for it.
_LONGEST_REST: Final = dt.timedelta(days=366)
# After two weeks, three months and six months (DOMAIN §3); then it is closed.
FOLLOW_UPS: Final = ("follow_up", "follow_up_3_months", "follow_up_6_months", "propose_closure")
# Where somebody of the team is to have the case, and where those who work with it must know nobody in it.
_WANTS_OWNER: Final = frozenset[State]({"received", "triage", "enquiries", "reopened"})
_WANTS_FACILITATORS: Final = BY_NAME["reallocate"].origins
# What must go on being true for as long as a case is in these states.
STANDING: Final[dict[State, tuple[str, ...]]] = dict.fromkeys(
    ("contact_other", "assess_prep", "ready_direct", "indirect_active"),
    WHILE_IN_CONTACT,
)
# Where a case waits for one word, and remembers where it was at work.
_IN_BETWEEN: Final = frozenset[State]({"closing", "withdrawn"})
_STANDING_IN_NONE: Final[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Actor:
    """Who acts: by name, and in which role of this case."""

    name: str
    role: str


@dataclass(frozen=True)
class Life:
    """Where a case stands: its state, who has it, and the one thing that is next, by when and toward whom."""

    state: State
    owner: str
    since: dt.datetime
    task: str
    toward: Toward | None
    next_on: dt.date | None
    before: State | None = None
    reason: str | None = None
    outcome: str | None = None
    enabling: tuple[str, ...] = ()
    # Of a hold, also while the case was taken out of it: from which state, why, and until which day.
    hold: tuple[State, str, str] | None = None
    # While an order stops what is next: the last day of it, if it has one.
    stopped_until: dt.date | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be done."""
        return STAGES[self.state].is_open


class Refused(Exception):  # noqa: N818 - what is told, not what went wrong
    """It may not happen: because of who asks, where the case is, what is known, or what was given."""

    def __init__(self, why: Why, told: tuple[str, ...], fields: tuple[str, ...] = ()) -> None:
        """Say why, in one or more sentences; `fields` names what was given, a sentence each."""
        super().__init__(" ".join(told))
        self.why = why
        self.told = told
        self.fields = fields


def born(owner: str, now: dt.datetime, due: Due) -> Life:
    """A case at the moment at which it is opened."""
    return Life("received", owner, now, "triage", None, due("triage"))


def move(
    life: Life, name: str, actor: Actor, given: Given, situation: Situation, now: dt.datetime, due: Due
) -> Life:
    """The case after the transition `name`; `Refused`, with every reason, when it may not happen."""
    row = BY_NAME[name]
    if actor.role not in row.roles:
        raise Refused("role", (_who_may(row),))
    if life.state not in row.origins:
        raise Refused("state", (f"The case is {_titled(life.state)}; that happens from {_origins(row)}.",))
    if faults := tuple(faults_of(row, given, situation.today)):
        fields, sentences = zip(*faults, strict=True)
        raise Refused("given", sentences, fields)
    to = _leads_to(life, row)
    if not given.outcome and (life.state, to) == ("closing", "closed"):
        given = replace(given, outcome=life.outcome or "")  # what was proposed is what is approved
    broken = [GUARDS[guard].why for guard in _guards(row, to) if not GUARDS[guard].holds(situation, given)]
    if broken:
        raise Refused("guard", tuple(broken))
    if row.to == "same":
        return with_task(life, situation, due)
    if row.to == "before" and to == "on_hold" and life.hold is not None:
        return with_task(_on_hold_again(life, now), situation, due, promised=_day_of(life.hold))
    moved = replace(
        life,
        state=to,
        since=now,
        hold=_hold_after(life, name, given),
        before=_taken_out_of(life) if row.remembers else None,
        reason=given.reason or None,
        outcome=given.outcome or (life.outcome if to == "closed" else None),
        enabling=given.enabling or (life.enabling if to in ("closing", "closed") else ()),
    )
    return with_task(moved, situation, due, promised=_promised(given))


def _hold_after(life: Life, name: str, given: Given) -> tuple[State, str, str] | None:
    """A hold is remembered while the case is on hold, and by whatever takes it out only to bring it back."""
    if name == "hold":
        return life.state, given.reason, given.review_on
    return life.hold if BY_NAME[name].remembers else None


def _taken_out_of(life: Life) -> State:
    """Where a case goes on from when it comes back.

    A closure that was only proposed lapses with what takes the case out of it, and one that paused pauses
    again by itself, if it still rests on nothing: neither is where it was at work.
    """
    return life.before or "triage" if life.state in _IN_BETWEEN else life.state


def _on_hold_again(life: Life, now: dt.datetime) -> Life:
    """The case as it was on hold: what was promised then holds now."""
    assert life.hold is not None  # noqa: S101 - whoever calls has seen to it
    before, reason, _ = life.hold
    return replace(life, state="on_hold", since=now, before=before, reason=reason, outcome=None, enabling=())


def _day_of(hold: tuple[State, str, str]) -> dt.date:
    return dt.date.fromisoformat(hold[2])


def with_task(life: Life, situation: Situation, due: Due, *, promised: dt.date | None = None) -> Life:
    """The case with the one thing that is next in it, as far as that may be done.

    Nobody is rung on the other side's account without their agreement, or while a trial is ahead, and nobody
    at all once somebody is out: then the next thing is to stop and to decide. `promised` is a day that
    somebody was promised.
    """
    stage = STAGES[life.state]
    if not stage.is_open:
        return replace(life, task="nothing", toward=None, next_on=None, stopped_until=None)
    task, toward = stage.task, stage.toward
    if life.state == "on_hold" and life.reason == "H-MORE-TIME" and not situation.anybody_out:
        task, toward = "call_back", "initiator"
    if life.state in _WANTS_OWNER and situation.nobody_fits:
        task, toward = "find_owner", None
    if life.state in _WANTS_FACILITATORS and situation.has_unfit_facilitators:
        task, toward = "reallocate", None
    if life.state == "follow_up":
        task = FOLLOW_UPS[min(situation.follow_ups, len(FOLLOW_UPS) - 1)]
        left = situation.to_follow_up
        toward = None if task == "propose_closure" else left[0] if len(left) == 1 else toward
    stopped_until = None
    if not _may_reach(toward, situation):
        task, toward, stopped_until = STOP, None, situation.last_day_of_order
    life = replace(life, stopped_until=stopped_until)
    if promised is None and life.task == task and life.next_on is not None:
        return replace(life, toward=toward)
    return replace(life, task=task, toward=toward, next_on=promised or due(task))


def may_now(life: Life, roles: Collection[str]) -> Iterator[Transition]:
    """What somebody in these roles could try in this state, in the order of the table."""
    mine = (row for row in BY_NAME.values() if not {*row.roles}.isdisjoint(roles))
    return (row for row in mine if life.state in row.origins)


def stands_against(life: Life, row: Transition, situation: Situation) -> Iterator[str]:
    """The conditions of a transition that do not hold, whatever is given with it."""
    for guard in _guards(row, _leads_to(life, row)):
        if guard not in ABOUT_WHAT_IS_GIVEN and not GUARDS[guard].holds(situation, Given()):
            yield guard


def faults_of(row: Transition, given: Given, today: dt.date) -> Iterator[tuple[str, str]]:
    """What is missing or wrong in what was given with a transition: the field, and a sentence."""
    for need in row.needs:
        if not _NEEDS[need][0](given, today):
            yield _FIELDS.get(need, need), _NEEDS[need][1]


def _leads_to(life: Life, row: Transition) -> State:
    if row.to == "same":
        return life.state
    return life.before or "triage" if row.to == "before" else row.to


def _guards(row: Transition, to: State) -> Iterator[str]:
    for guard in row.guards:
        if guard == "still_fits":
            yield from STANDING.get(to, _STANDING_IN_NONE)
        else:
            yield guard


def _may_reach(toward: Toward | None, situation: Situation) -> bool:
    if toward in ("other", "both"):
        return situation.may_approach_other and not (situation.forbids_contact or situation.trial_ahead)
    return toward != "initiator" or not situation.anybody_out


def _promised(given: Given) -> dt.date | None:
    return dt.date.fromisoformat(given.review_on) if given.review_on else None


def may_rest_until(day: dt.date, today: dt.date) -> bool:
    """Whether a case may be left alone until then: it is a later day, within a year."""
    return today < day <= today + _LONGEST_REST


def _is_day_of_rest(day: str, today: dt.date) -> bool:
    try:
        return may_rest_until(dt.date.fromisoformat(day), today)
    except ValueError:
        return False


def _one_of(known: object) -> str:
    return ", ".join(known)  # type: ignore[arg-type]  # all of them are collections of words


_Check = Callable[[Given, dt.date], bool]
_NEEDS: Final[dict[str, tuple[_Check, str]]] = {
    "missing": (
        lambda given, _: given.reason in (*reasons.MISSING, "wrong_area"),
        f"`reason` says what is missing: {_one_of(reasons.MISSING)}, or wrong_area.",
    ),
    "outcome": (
        lambda given, _: given.outcome in reasons.OUTCOMES,
        f"`outcome` is one of {_one_of(reasons.OUTCOMES)}.",
    ),
    "enabling": (
        lambda given, _: bool(given.enabling) and set(given.enabling) <= set(reasons.ENABLING),
        f"`enabling` says what made the end possible: {_one_of(reasons.ENABLING)}.",
    ),
    "hold": (
        lambda given, _: given.reason in reasons.HOLDS,
        f"`reason` is one of {_one_of(reasons.HOLDS)}.",
    ),
    "review_on": (
        lambda given, today: _is_day_of_rest(given.review_on, today),
        "`review_on` is the later day, within a year, on which it is looked at again or somebody is called.",
    ),
    "refusal": (
        lambda given, _: given.reason in reasons.REFUSALS,
        f"`reason` is one of {_one_of(reasons.REFUSALS)}.",
    ),
    "reopening": (
        lambda given, _: given.reason in reasons.REOPENINGS,
        f"`reason` is one of {_one_of(reasons.REOPENINGS)}.",
    ),
    "not_yet": (
        lambda given, _: given.reason in reasons.NOT_YET,
        f"`reason` is one of {_one_of(reasons.NOT_YET)}.",
    ),
    "method": (
        lambda given, _: given.method in reasons.METHODS,
        f"`method` is one of {_one_of(reasons.METHODS)}.",
    ),
    "owner": (
        lambda given, _: bool(given.owner),
        "`owner` names who has it from now on, by their address.",
    ),
    "to": (lambda given, _: bool(given.to), "`to` names the team or service that it is offered to."),
    "accepted_by": (
        lambda given, _: bool(given.accepted_by),
        "`accepted_by` says who there has accepted it, by their post and not by name.",
    ),
    "facilitators": (
        lambda given, _: bool(given.facilitators) and all(level in LEVELS for _, level in given.facilitators),
        "`facilitators` lists who takes it, by their addresses.",
    ),
}

# Under which field a need is sent, where it has not the same name.
_FIELDS: Final = dict.fromkeys(("missing", "hold", "refusal", "reopening", "not_yet"), "reason")


def _titled(state: State) -> str:
    return f'"{STAGES[state].title}"'


def _origins(row: Transition) -> str:
    return ", ".join(_titled(state) for state in STAGES if state in row.origins)


def _who_may(row: Transition) -> str:
    words: dict[Role, str] = {
        "system": "the hub itself",
        "coordinator": "a coordinator of its team",
        "supervisor": "a supervisor",
        "facilitator": "a facilitator of the case",
        "receiver": "the team that it was offered to",
    }
    return f"That is for {' or '.join(words[role] for role in ROLES if role in row.roles)}."
