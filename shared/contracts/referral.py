"""The referral, version 1: the published language that every service speaks about a person's story.

Intake turns what an agency sent into a `Referral` (its marshmallow schema is the only door), seals it and
says it; triage reads it. The shapes follow the published format field for field; nothing in here checks a
rule beyond its type, because whatever exists as a `Referral` has passed the door. Dates are calendar dates
in the United Kingdom, `referred_at` is an instant. A field that was not given is `None` or empty.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

import msgspec

AssessmentPoint = Literal["vcas", "vip", "restorative_hub", "community_peer_mentors"]
NeedIdentifiedBy = Literal["crime_or_incident", "high_demand", "self", "community"]
InitiatedBy = Literal["harmed", "responsible", "agency"]
Strand = Literal["crime", "dispute"]
EventType = Literal[
    "assault", "robbery", "burglary", "theft", "vehicle_crime", "criminal_damage", "arson", "fraud",
    "harassment", "stalking", "hate_crime", "sexual_offence", "domestic_abuse", "public_order", "drugs",
    "road_traffic", "homicide", "anti_social_behaviour", "noise", "boundary", "parking", "pets", "children",
    "verbal_abuse", "littering", "other",
]  # fmt: skip
ReferenceScheme = Literal["crime", "incident", "first", "other"]
JusticeStage = Literal[
    "not_reported", "under_investigation", "no_further_action", "out_of_court", "charged", "awaiting_plea",
    "guilty_plea", "trial", "awaiting_sentence", "deferred", "sentenced", "licence", "complete", "civil",
]  # fmt: skip
PartyRole = Literal["harmed", "responsible", "party"]
Channel = Literal["mobile", "landline", "email", "post"]
Safe = Literal["yes", "no", "unknown"]
Wish = Literal["explanation", "reason", "reassurance", "questions", "apology", "say_something"]
ConsentTo = Literal["referral", "storage", "sharing", "approach_other_party"]
ConsentDecision = Literal["given", "refused", "deferred", "not_asked"]
Acceptance = Literal["full", "partial", "no_comment", "denied", "unknown"]
RiskMarker = Literal[
    "domestic_abuse", "sexual", "stalking", "hate", "trafficking", "weapons", "self_harm",
    "child_safeguarding", "mappa", "mental_health", "substance",
]  # fmt: skip
OrderType = Literal["bail", "restraining", "licence", "injunction", "other"]
Service = Literal[
    "restorative_justice", "restorative_mediation", "peer_mentor", "vip_navigator", "victim_support"
]


def codes(field: object) -> tuple[str, ...]:
    """The allowed words of a coded field, in the order in which the format lists them."""
    return get_args(field)


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a referral: unchangeable, and silent about what was not given."""


class Referrer(_Part, frozen=True):
    """Who made the referral on behalf of their organisation."""

    name: str | None = None
    role: str | None = None
    organisation: str | None = None
    email: str | None = None
    phone: str | None = None


class Place(_Part, frozen=True):
    """Where something happened or somebody lives; `uprn` is the twelve-digit property number as text."""

    line1: str | None = None
    line2: str | None = None
    town: str | None = None
    postcode: str | None = None
    uprn: str | None = None


class Address(Place, frozen=True):
    """Where a party lives; `confidential` means that the other side must never learn it."""

    confidential: bool = False


class Reference(_Part, frozen=True):
    """A number that another system knows the event by, as typed."""

    scheme: ReferenceScheme
    value: str


class Event(_Part, frozen=True):
    """What happened: a crime, an incident or the conduct that a dispute is about."""

    type: EventType
    started_on: dt.date | None = None
    ended_on: dt.date | None = None
    place: Place | None = None
    references: tuple[Reference, ...] = ()
    summary: str | None = None
    justice_stage: JusticeStage | None = None
    next_hearing_on: dt.date | None = None
    offender_identified: bool | None = None


class Name(_Part, frozen=True):
    """What a person is called, as the referrer wrote it."""

    title: str | None = None
    given: str | None = None
    middle: str | None = None
    family: str | None = None
    known_as: str | None = None


class Contact(_Part, frozen=True):
    """One way to reach a party, and whether it is safe to use; unknown counts as unsafe."""

    channel: Channel
    value: str
    safe: Safe = "unknown"
    safe_times: str | None = None
    confirmed_on: dt.date | None = None


class Consent(_Part, frozen=True):
    """What a party decided when asked, and when to ask again if they wanted more time."""

    to: ConsentTo
    decision: ConsentDecision
    decided_on: dt.date | None = None
    contact_again_on: dt.date | None = None


class Responsibility(_Part, frozen=True):
    """How far a party accepts what they did, whom they told, and when."""

    accepted: Acceptance
    told_to: str | None = None
    on: dt.date | None = None


class Identifier(_Part, frozen=True):
    """The number by which another system knows a person."""

    scheme: str
    value: str


class Party(_Part, frozen=True):
    """A person in the referral: harmed, responsible, or one side of a dispute."""

    role: PartyRole
    name: Name | None = None
    date_of_birth: dt.date | None = None
    gender: str | None = None
    address: Address | None = None
    contacts: tuple[Contact, ...] = ()
    language: str | None = None
    interpreter: bool | None = None
    access_needs: tuple[str, ...] = ()
    vulnerabilities: tuple[str, ...] = ()
    enhanced_rights: bool | None = None
    wishes: tuple[Wish, ...] = ()
    consents: tuple[Consent, ...] = ()
    responsibility: Responsibility | None = None
    identifiers: tuple[Identifier, ...] = ()


class Risks(_Part, frozen=True):
    """What is known of danger; `assessed` false is "not assessed", which is not "no risk"."""

    assessed: bool = False
    immediate_danger: bool = False
    markers: tuple[RiskMarker, ...] = ()


class Order(_Part, frozen=True):
    """A court's or a police order that may forbid contact."""

    type: OrderType
    forbids_contact: bool = False
    until: dt.date | None = None


class DemandBaseline(_Part, frozen=True):
    """How often the police were called and attended in the six months before."""

    police_calls: int | None = None
    police_attendances: int | None = None


class Referral(_Part, frozen=True):
    """One agency's account of one event and the people in it."""

    source_record_id: str
    referred_at: dt.datetime
    strand: Strand
    event: Event
    parties: tuple[Party, ...]
    assessment_point: AssessmentPoint | None = None
    need_identified_by: NeedIdentifiedBy | None = None
    initiated_by: InitiatedBy | None = None
    referrer: Referrer | None = None
    risks: Risks | None = None
    orders: tuple[Order, ...] = ()
    services_wanted: tuple[Service, ...] = ()
    demand_baseline: DemandBaseline | None = None
