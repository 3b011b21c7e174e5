"""What is known about a case when something is about to happen in it: facts, folded from its records.

Records are added and never changed; the one of the latest day says how it stands, and of one day the one that
was recorded last: what is written down late overrides nothing that came after it. Nothing is concluded from a
record that is not there: who was not asked has neither agreed nor refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple

Side = Literal["initiator", "other"]
SIDES: Final[tuple[Side, ...]] = ("initiator", "other")
# Accepts what happened far enough to begin (DOMAIN §4.1, G3). A conviction alone is not acceptance.
ADMISSIONS: Final = (
    "full", "guilty_plea", "convicted_accepts", "accepts_to_facilitator", "partial", "no_comment", "denied",
    "unknown",
)  # fmt: skip
_ACCEPTS: Final = ("full", "guilty_plea", "convicted_accepts", "accepts_to_facilitator", "partial")
_BEFORE_A_PLEA: Final = ("charged", "awaiting_plea", "trial")
RISK_IS_NEW_FOR: Final = dt.timedelta(days=28)  # before direct contact (DOMAIN §3)
LEVELS: Final = ("foundation", "intermediate", "advanced")


class Consent(NamedTuple):
    """What one side decided about one thing, and when."""

    decision: str
    on: dt.date


class Attempt(NamedTuple):
    """An attempt in vain to be in contact: how, what came of it, and when."""

    channel: str
    result: str
    on: dt.date


class Facilitator(NamedTuple):
    """Who works with the case, and the level at which they are registered."""

    email: str
    level: str


class Risk(NamedTuple):
    """The newest assessment of risk, and whether a supervisor has signed it off."""

    acceptable: bool
    on: dt.date
    signed_off: bool = False


@dataclass(frozen=True)
class Situation:
    """Everything that a guard may ask about."""

    today: dt.date
    strand: str = "crime"
    initiated_by: str = "harmed"
    lacks: tuple[str, ...] = ()
    gates: frozenset[str] = frozenset()
    identified: bool | None = None
    admission: str = "unknown"
    forbidden_until: dt.date | None = None  # an order; `date.max` where it names no end
    safe_contact: bool = True
    consents: Mapping[tuple[Side, str], Consent] = field(default_factory=dict)
    said_no: frozenset[Side] = frozenset()
    took_back: frozenset[Side] = frozenset()
    risk: Risk | None = None
    screens: Mapping[str, bool] | None = None
    support_route: bool = False
    plan_made: bool = False
    screened_for: frozenset[Side | None] = frozenset()  # None: it was not said for whom it is
    wanted_by: frozenset[Side] = frozenset()  # since the newest thing for them was read
    stage: str = "unknown"  # where the court is
    followed_up: Mapping[Side, int] = field(default_factory=dict)  # how often, since the meeting was held
    facilitators: tuple[Facilitator, ...] = ()
    conflicts: frozenset[str] = frozenset()
    tried: Mapping[Side, tuple[Attempt, ...]] = field(default_factory=dict)  # in vain, since any was reached
    by_phone: frozenset[Side] = frozenset()  # who has a telephone that was said to be safe
    held: tuple[str, ...] = ()
    agreement: bool = False
    actions_open: int = 0
    merged_into: str | None = None
    nobody_fits: bool = False  # nobody of the team may have it: somebody is being looked for

    @property
    def has_unfit_facilitators(self) -> bool:
        """Whether somebody works with the case who knows somebody in it."""
        return any(one.email in self.conflicts for one in self.facilitators)

    @property
    def accepts_responsibility(self) -> bool:
        """Whether responsibility is accepted, so far as is recorded."""
        return self.admission in _ACCEPTS

    @property
    def forbids_contact(self) -> bool:
        """Whether an order forbids contact today."""
        return self.forbidden_until is not None and self.forbidden_until >= self.today

    @property
    def last_day_of_order(self) -> dt.date | None:
        """Until when an order forbids contact; None where none does, or nobody knows until when."""
        return self.forbidden_until if self.forbids_contact and self.forbidden_until != dt.date.max else None

    @property
    def may_approach_other(self) -> bool:
        """Whether whoever asked has agreed that the other side is approached, and still does."""
        return self.agreed("initiator", "approach_other") and not self.anybody_out

    @property
    def may_share(self) -> bool:
        """Whether another service may be told: whoever asked agrees, and the other side has not said no."""
        other = self.consents.get(("other", "sharing"))
        refused = other is not None and other.decision in ("refused", "withdrawn")
        return self.agreed("initiator", "sharing") and not refused

    @property
    def trial_ahead(self) -> bool:
        """Whether somebody is charged and has neither pleaded guilty nor been tried (DOMAIN §3)."""
        return self.stage in _BEFORE_A_PLEA

    @property
    def item_wanted(self) -> bool:
        """Whether everything that was read is wanted by whoever it is for; an answer counts from then on."""
        return bool(self.screened_for) and all(
            self.wanted_by if side is None else side in self.wanted_by for side in self.screened_for
        )

    @property
    def follow_ups(self) -> int:
        """How often both sides were asked how it is since."""
        return min(self.followed_up.get(side, 0) for side in SIDES)

    @property
    def to_follow_up(self) -> tuple[Side, ...]:
        """Who was asked less often than that takes: both, or the side that is left."""
        return tuple(side for side in SIDES if self.followed_up.get(side, 0) == self.follow_ups)

    @property
    def anybody_out(self) -> bool:
        """Whether somebody said no to the process, or took a yes back."""
        return bool(self.said_no | self.took_back)

    @property
    def is_complex(self) -> bool:
        """Whether it takes a pair of experienced facilitators."""
        return "specialist_pair" in self.gates

    def agreed(self, side: Side, to: str) -> bool:
        """Whether this side has said yes to it, and has not taken that back."""
        consent = self.consents.get((side, to))
        return consent is not None and consent.decision == "given"

    def agreed_since_risk(self, to: str) -> bool:
        """Whether both sides said yes to it on or after the day of the newest assessment of risk."""
        if self.risk is None:
            return False
        return all(self.agreed(side, to) and self.consents[side, to].on >= self.risk.on for side in SIDES)


class Record(NamedTuple):
    """One thing that was recorded: its kind, what it says, on which day, by whom."""

    kind: str
    says: Mapping[str, Any]
    on: dt.date
    who: str = ""


def in_turn(records: Iterable[Record]) -> list[Record]:
    """These records by the days on which it was so, and those of one day as they were recorded."""
    return sorted(records, key=lambda record: record.on)


def is_overtaken(record: Record, records: Iterable[Record]) -> bool:
    """Whether one of these tells of the same thing as it was on a later day."""
    return any(one.on > record.on and _about(one) == _about(record) for one in records)


def _about(record: Record) -> tuple[object, ...]:
    return (record.kind, *(record.says.get(name) for name in ("side", "to", "staff")))


def with_records(situation: Situation, records: Iterable[Record]) -> Situation:
    """The situation after these records, one after the other."""
    for record in records:
        situation = _FOLDS[record.kind](situation, record)
    return situation


# Taking part, that the other side is approached, that another service is told: who said no to these has said
# it of whatever case theirs goes on in. A method is agreed anew in each.
_STOPPED_BY_A_NO: Final = ("process", "approach_other", "sharing")


def what_stops(records: Iterable[Record], merged: Mapping[str, Any]) -> Iterator[Record]:
    """Of a case's records those that stand and stop something: somebody's "no", an order, no safe way.

    `merged` says into which case it was merged, and whether whoever asked there is the other side here. There
    are none while it is not part of that case.
    """
    newest: dict[tuple[str, str], Record] = {}
    into = None
    for record in records:
        if record.kind in ("merged", "separated"):
            into = record.says.get("into")
        elif record.kind == "order":
            before = newest.get((record.kind, ""))
            newest[record.kind, ""] = record if before is None else _the_longer(before, record)
        elif record.kind == "safe_contact":
            newest[record.kind, ""] = record
        elif record.kind == "consent" and record.says["to"] in _STOPPED_BY_A_NO:
            newest[record.says["to"], record.says["side"]] = record
    for (_, side), record in newest.items() if into == merged["into"] else ():
        kind = record.kind
        if kind == "consent" and record.says["decision"] in ("refused", "withdrawn"):
            there = SIDES[1 - SIDES.index(side)] if merged["turned"] else side
            yield record._replace(says={**record.says, "side": there})
        elif (kind == "order" and record.says["forbids_contact"]) or (
            kind == "safe_contact" and not record.says["value"]
        ):
            yield record


def _consent(now: Situation, record: Record) -> Situation:
    side: Side = record.says["side"]
    to, decision = record.says["to"], record.says["decision"]
    before = now.consents.get((side, to))
    took_back = decision == "withdrawn" or (
        decision == "refused" and before is not None and before.decision == "given"
    )
    consents = {**now.consents, (side, to): Consent("withdrawn" if took_back else decision, record.on)}
    changed = replace(now, consents=consents)
    if to != "process":
        return changed
    one = frozenset({side})
    if took_back:
        return replace(changed, took_back=now.took_back | one)
    if decision == "refused":
        return replace(changed, said_no=now.said_no | one)
    if decision == "given":
        return replace(changed, said_no=now.said_no - one, took_back=now.took_back - one)
    return changed


def _order(now: Situation, record: Record) -> Situation:
    """Another order ends none before it: the longest counts, until contact is said not to be forbidden."""
    until = _forbids_until(record)
    if until is None or now.forbidden_until is None:
        return replace(now, forbidden_until=until)
    return replace(now, forbidden_until=max(until, now.forbidden_until))


def _the_longer(before: Record, record: Record) -> Record:
    first, second = _forbids_until(before), _forbids_until(record)
    return before if first is not None and second is not None and first > second else record


def _forbids_until(record: Record) -> dt.date | None:
    """Until when an order forbids contact, `date.max` where it names no end; None where it forbids none."""
    if not record.says["forbids_contact"]:
        return None
    until = record.says.get("until")
    return dt.date.max if until is None else _day(until)


def _risk(now: Situation, record: Record) -> Situation:
    return replace(now, risk=Risk(bool(record.says["acceptable"]), record.on))


def _signed_off(now: Situation, _record: Record) -> Situation:
    return now if now.risk is None else replace(now, risk=now.risk._replace(signed_off=True))


def _contact(now: Situation, record: Record) -> Situation:
    side: Side = record.says["side"]
    if record.says["result"] == "reached":
        return replace(now, tried={**now.tried, side: ()})
    attempt = Attempt(record.says["channel"], record.says["result"], record.on)
    return replace(now, tried={**now.tried, side: (*now.tried.get(side, ()), attempt)})


def _conflict(now: Situation, record: Record) -> Situation:
    one = frozenset({record.says["staff"]})
    known = record.says.get("knows", True)
    return replace(now, conflicts=now.conflicts | one if known else now.conflicts - one)


def _facilitators(now: Situation, record: Record) -> Situation:
    return replace(
        now, facilitators=tuple(Facilitator(one["email"], one["level"]) for one in record.says["who"])
    )


def _agreement(now: Situation, record: Record) -> Situation:
    return replace(now, agreement=True, actions_open=int(record.says["actions"]))


def _action_settled(now: Situation, _record: Record) -> Situation:
    return replace(now, actions_open=max(now.actions_open - 1, 0))


def _item_screened(now: Situation, record: Record) -> Situation:
    """What was wanted before is not this: each thing is accepted by itself (DOMAIN §2.3, state 9)."""
    side: Side | None = record.says.get("side")
    answered = frozenset(SIDES if side is None else (side,))
    return replace(now, screened_for=now.screened_for | {side}, wanted_by=now.wanted_by - answered)


def _item_wanted(now: Situation, record: Record) -> Situation:
    one: frozenset[Side] = frozenset({record.says["side"]})
    return replace(now, wanted_by=now.wanted_by | one if record.says["value"] else now.wanted_by - one)


def _followed_up(now: Situation, record: Record) -> Situation:
    side: Side = record.says["side"]
    return replace(now, followed_up={**now.followed_up, side: now.followed_up.get(side, 0) + 1})


def _held(now: Situation, record: Record) -> Situation:
    nobody: frozenset[Side] = frozenset()
    held = (*now.held, record.says["method"])
    return replace(now, held=held, screened_for=frozenset(), wanted_by=nobody, followed_up={})


def _day(value: object) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


_FOLDS: Final[dict[str, Callable[[Situation, Record], Situation]]] = {
    "consent": _consent,
    "admission": lambda now, record: replace(now, admission=record.says["value"]),
    "identified": lambda now, record: replace(now, identified=bool(record.says["value"])),
    "order": _order,
    "risk": _risk,
    "risk_signed_off": _signed_off,
    "screen": lambda now, record: replace(now, screens=dict(record.says)),
    "support_route": lambda now, _record: replace(now, support_route=True),
    "safe_contact": lambda now, record: replace(now, safe_contact=bool(record.says["value"])),
    "plan": lambda now, _record: replace(now, plan_made=True),
    "item_screened": _item_screened,
    "item_wanted": _item_wanted,
    "followed_up": _followed_up,
    # What routing knows too is known there alone (domain/routing/facts.py), whoever told it.
    **dict.fromkeys(("area", "strand", "court", "consent_to_refer"), lambda now, _record: now),
    "contact": _contact,
    # Whoever could not be reached then is tried anew.
    "reopened": lambda now, _record: replace(now, tried={}),
    "conflict": _conflict,
    "facilitators": _facilitators,
    "held": _held,
    "agreement": _agreement,
    "action_settled": _action_settled,
    "merged": lambda now, record: replace(now, merged_into=record.says["into"]),
    "separated": lambda now, _record: replace(now, merged_into=None),
    "merged_in": lambda now, _record: now,
    # For whoever reads it, and nothing that a move depends on: what somebody said of the case and another, to
    # which service outside it was offered, and who there has accepted it.
    **dict.fromkeys(
        ("said_same", "said_different", "set_apart", "offered_elsewhere", "accepted_elsewhere"),
        lambda now, _record: now,
    ),
}
KINDS: Final = tuple(_FOLDS)
