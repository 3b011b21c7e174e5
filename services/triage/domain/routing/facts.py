"""What routing knows about a case: codes, ages in bands, one date, and no person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

Age = Literal["under_10", "10_17", "18_plus", "unknown"]
AGES: Final[tuple[Age, ...]] = ("under_10", "10_17", "18_plus", "unknown")
# Of several who are responsible a child's age decides, who has a service of their own; under ten nobody has.
RESPONSIBLE_AGES: Final[tuple[Age, ...]] = ("10_17", "under_10", "18_plus", "unknown")
TENURES: Final = ("social", "private_rented", "owner_occupier", "unknown")
_RESPONSIBLE_FROM: Final = (
    10  # the age of criminal responsibility (Children and Young Persons Act 1933, s.50)
)
_GROWN_UP_FROM: Final = 18
# What makes a case complex (DOMAIN §4.3): one of these, more than one marker of risk, or serious violence.
COMPLEX_MARKERS: Final = frozenset(
    {"domestic_abuse", "sexual", "stalking", "hate", "trafficking", "mappa", "mental_health"}
)
COMPLEX_KINDS: Final = frozenset({"domestic_abuse", "sexual_offence", "stalking", "hate_crime", "homicide"})
_VIOLENT_KINDS: Final = frozenset({"assault", "robbery"})
RESTORATIVE: Final = frozenset({"restorative_justice", "restorative_mediation"})
PRE_SENTENCE: Final = frozenset({"guilty_plea", "awaiting_sentence", "deferred"})
_LOOKED_AT_FIRST: Final = frozenset({"safeguarding_first", "blocked"})
_HIGH_DEMAND_CALLS: Final = 6  # a call a month in the six months before


@dataclass(frozen=True)
class Facts:
    """One case, all its referrals together; what nobody said is None, empty or `unknown`."""

    strand: str = "crime"
    kind: str = "other"
    area: str | None = None
    police_area: str | None = None
    stage: str | None = None
    responsible_age: Age = "unknown"
    responsible_area: str | None = None
    harmed_age: Age = "unknown"
    markers: frozenset[str] = frozenset()
    danger: bool = False
    custody: bool = False
    hearing_on: dt.date | None = None
    calls: int = 0
    need: str | None = None
    tenure: str = "unknown"
    services: frozenset[str] = frozenset()
    initiated_by: str = "agency"
    enhanced: bool = False
    assessment_point: str | None = None
    # What the life of the case begins with.
    identified: bool | None = None
    admission: str = "unknown"
    forbidden_until: dt.date | None = None
    approach_agreed_on: dt.date | None = None
    sharing_agreed_on: dt.date | None = None
    approach_refused_on: dt.date | None = None
    sharing_refused_on: dt.date | None = None
    # What the other side has decided of it.
    other_sharing_agreed_on: dt.date | None = None
    other_sharing_refused_on: dt.date | None = None
    more_time_until: dt.date | None = None
    # On which sides somebody can be rung: they have a telephone that was said to be safe.
    by_phone: frozenset[Literal["initiator", "other"]] = frozenset()
    # Of whoever asked: what they wanted that time for, and what they have decided.
    thinking_over: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()
    sharing_refused: bool = False
    possible_areas: tuple[str, ...] = ()
    # What the newest referral said of the court: said again, it is older than what was recorded since.
    told_stage: str | None = None
    told_hearing_on: dt.date | None = None

    @property
    def is_complex(self) -> bool:
        """Whether it takes an experienced pair."""
        grave = bool(self.markers & COMPLEX_MARKERS) or self.kind in COMPLEX_KINDS
        armed = self.kind in _VIOLENT_KINDS and "weapons" in self.markers
        return grave or armed or len(self.markers) > 1

    @property
    def partner_abuse_disposal(self) -> bool:
        """Domestic abuse that is being dealt with out of court: not by a restorative approach."""
        abuse = self.kind == "domestic_abuse" or "domestic_abuse" in self.markers
        return abuse and self.stage == "out_of_court"

    @property
    def pre_sentence(self) -> bool:
        """Between plea and sentence, or deferred: a court waits."""
        return self.stage in PRE_SENTENCE

    @property
    def wants_restorative(self) -> bool:
        """Whether contact with the other side was asked for, beside or without support."""
        return bool(self.services & RESTORATIVE)

    @property
    def high_demand(self) -> bool:
        """Somebody who calls the police again and again."""
        return self.need == "high_demand" or self.calls >= _HIGH_DEMAND_CALLS


def age_on(born: dt.date | None, day: dt.date) -> Age:
    """The band of somebody's age on a day."""
    if born is None or born > day:
        return "unknown"
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if years < _RESPONSIBLE_FROM:
        return "under_10"
    return "10_17" if years < _GROWN_UP_FROM else "18_plus"


def dangers_in(facts: Facts, gates: Collection[str]) -> frozenset[str]:
    """What of a case is looked to before anything else, in codes, or none."""
    return _LOOKED_AT_FIRST.intersection(gates) | ({"danger"} if facts.danger else set())


def stirred_by(facts: Facts, gates: Collection[str], until: dt.date, today: dt.date) -> frozenset[str]:
    """Why a case may not be left alone until that day although somebody asked for time: in codes, or none.

    What is dangerous is looked to first (DOMAIN §4.3), and a court does not wait for the promised day.
    """
    stirs = dangers_in(facts, gates)
    if facts.hearing_on is not None and today <= facts.hearing_on <= until:
        stirs |= {"hearing"}
    return stirs


_UNITED: Final = ("markers", "services", "by_phone")
# On each side, which of several ages decides: whoever is told of with another is not grown up for it.
_WHOSE_AGE_DECIDES: Final = {"responsible_age": RESPONSIBLE_AGES, "harmed_age": AGES}
_OF_THE_COURT: Final = ("stage", "hearing_on")
_EITHER: Final = ("danger", "custody", "enhanced", "sharing_refused")
# What was decided last counts, in whatever order it is heard: an old yes that comes late takes no "no" back.
_DECIDED_ON: Final = (
    "approach_agreed_on", "sharing_agreed_on", "approach_refused_on", "sharing_refused_on",
    "other_sharing_agreed_on", "other_sharing_refused_on",
)  # fmt: skip


def together(known: Facts, told: Facts) -> Facts:
    """What a case's referrals say together: dangers add up, and of the rest the newest word counts.

    A newer account that does not say something takes nothing away, and none makes a child grown up: it may
    tell of somebody else, and where it tells of the same person, whoever is a child by one account is
    protected as one.
    """
    nothing = Facts()
    changes: dict[str, object] = {}
    for field in fields(Facts):
        before, now = getattr(known, field.name), getattr(told, field.name)
        if field.name in _UNITED:
            changes[field.name] = before | now
        elif field.name in _EITHER:
            changes[field.name] = before or now
        elif field.name in _OF_THE_COURT:
            changes[field.name] = before if now in (None, getattr(known, f"told_{field.name}")) else now
        elif field.name in _WHOSE_AGE_DECIDES:
            changes[field.name] = min(before, now, key=_WHOSE_AGE_DECIDES[field.name].index)
        elif field.name == "responsible_area":
            changes[field.name] = _home_of_who_decides(known, told)
        elif field.name == "calls":
            changes[field.name] = max(before, now)
        elif field.name in _DECIDED_ON:
            changes[field.name] = max(filter(None, (before, now)), default=None)
        elif field.name in ("strand", "kind", "area", "initiated_by"):
            # A case keeps what it was opened as, and where.
            changes[field.name] = before if before is not None else now
        else:
            changes[field.name] = before if now == getattr(nothing, field.name) else now
    return replace(known, **changes | _still_promised(known, told))  # type: ignore[arg-type]  # each has its field's own type


def _home_of_who_decides(known: Facts, told: Facts) -> str | None:
    """Where they live whose age decides; who is of another age does not say it for them."""
    decides, other = sorted((told, known), key=lambda one: RESPONSIBLE_AGES.index(one.responsible_age))
    may_be_one = other.responsible_age in (decides.responsible_age, "unknown")
    return decides.responsible_area or (other.responsible_area if may_be_one else None)


def recorded(known: Facts, kind: str, says: Mapping[str, Any]) -> Facts:
    """What is known once somebody has recorded this in the case itself; most kinds change nothing here."""
    if kind == "strand":
        return replace(known, strand=says["value"])
    if kind == "court":
        day = says.get("hearing_on")
        hearing_on = dt.date.fromisoformat(day) if day else known.hearing_on
        return replace(known, stage=says["stage"], hearing_on=hearing_on)
    if kind == "consent" and _refuses_sharing(known, says):
        return replace(known, sharing_refused=True)
    return known


def _refuses_sharing(known: Facts, says: Mapping[str, Any]) -> bool:
    """Whether somebody who was harmed, or who asked, has said to staff that no other service is told."""
    counts = says["side"] == "initiator" or known.initiated_by == "responsible" or known.strand == "dispute"
    return counts and says["to"] == "sharing" and says["decision"] in ("refused", "withdrawn")


def _still_promised(known: Facts, told: Facts) -> dict[str, object]:
    """Whoever has decided what they wanted time for is not left waiting for the day of it."""
    waiting = (known.thinking_over - told.decided) | told.thinking_over
    day = told.more_time_until or known.more_time_until
    return {
        "thinking_over": waiting,
        "decided": (known.decided - told.thinking_over) | told.decided,
        "more_time_until": None if known.thinking_over and not waiting else day,
    }
