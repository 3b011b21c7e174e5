"""The door: what an agency sent becomes a `Referral`, or one problem that lists every fault in it.

The schemas below follow the published format, version 1, field for field. Three rules hold everywhere: a
field that the format does not know is refused; an explicit `null`, a blank string and an object that says
nothing are "not given"; strings lose their outer white space and nothing else. What is merely strange (a
phone number, a postcode, the form of a reference) passes, and is remarked upon by `check_referral`.
"""

# ruff: noqa: ANN401 - marshmallow hands whatever was sent to its fields, and takes whatever they make of it
from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from marshmallow import fields

from services.intake.domain.kept_referral import MISSING
from services.intake.fields import (
    BORN_LATER,
    EARLIEST_BIRTH,
    ENDED_FIRST,
    FEWEST_PARTIES,
    FREE_TEXT,
    LINE,
    MOST_IN_BATCH,
    MOST_PARTIES,
    NAME_PART,
    NO_REFERRER,
    NOT_AN_EMAIL,
    NOT_BLANK,
    RECORD_ID,
    SHORT,
    SUMMARY,
    VALUE,
    Count,
    Day,
    Email,
    FaultsByField,
    Flag,
    Inner,
    Instant,
    PartSchema,
    Several,
    Text,
    Word,
    is_email,
    read_part,
)
from shared.contracts import referral as format_v1

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.intake.domain.kept_referral import KeptReferral


def read_referral(body: object, *, self_referral: bool) -> format_v1.Referral:
    """The referral that this decoded JSON holds; `Unprocessable` with every fault when it holds none.

    A referrer is required unless the source is self-referral. Details and pointers use the format's own
    words and never repeat what was sent, except an unknown field's name when it is shaped like one.
    """
    door = _SELF_REFERRAL if self_referral else _REFERRAL
    referral: format_v1.Referral = read_part(door, body, "the referral")
    return referral


def read_batch(body: object) -> tuple[object, ...]:
    """The bodies of a batch, each still unread; `Unprocessable` if it is no batch."""
    bodies: tuple[object, ...] = read_part(_BATCH, body, "the batch")["referrals"]
    return bodies


def read_withdrawal(body: object) -> str:
    """Why a referral is taken back; `Unprocessable` if that is not said."""
    return str(read_part(_WITHDRAWAL, body, "the withdrawal")["reason"])


class ReferrerSchema(PartSchema):
    """Who made the referral."""

    part = format_v1.Referrer
    name = Text(LINE)
    role = Text(LINE)
    organisation = Text(LINE)
    email = Email(VALUE)
    phone = Text(VALUE)


class PlaceSchema(PartSchema):
    """Where something happened."""

    part = format_v1.Place
    line1 = Text(LINE)
    line2 = Text(LINE)
    town = Text(LINE)
    postcode = Text(SHORT)
    uprn = Text(SHORT)


class AddressSchema(PlaceSchema):
    """Where a party lives."""

    part = format_v1.Address
    confidential = Flag()


class ReferenceSchema(PartSchema):
    """A number that another system knows the event by; its form is checked softly, elsewhere."""

    part = format_v1.Reference
    scheme = Word(format_v1.ReferenceScheme, required=True)
    value = Text(VALUE, required=True)


class EventSchema(PartSchema):
    """What happened."""

    part = format_v1.Event
    type = Word(format_v1.EventType, required=True)
    started_on = Day()
    ended_on = Day()
    place = Inner(PlaceSchema, nothing=format_v1.Place())
    references = Several(Inner(ReferenceSchema))
    summary = Text(SUMMARY)
    justice_stage = Word(format_v1.JusticeStage)
    next_hearing_on = Day()
    offender_identified = Flag()

    def compare(self, given: Mapping[str, Any], faults: FaultsByField) -> None:
        """Nothing ends before it started."""
        ended_on, started_on = given.get("ended_on"), given.get("started_on")
        if ended_on is not None and started_on is not None and ended_on < started_on:
            faults["ended_on"] = [ENDED_FIRST]


class NameSchema(PartSchema):
    """What a person is called."""

    part = format_v1.Name
    title = Text(NAME_PART)
    given = Text(NAME_PART)
    middle = Text(NAME_PART)
    family = Text(NAME_PART)
    known_as = Text(NAME_PART)


class ContactSchema(PartSchema):
    """One way to reach a party."""

    part = format_v1.Contact
    channel = Word(format_v1.Channel, required=True)
    value = Text(VALUE, required=True)
    safe = Word(format_v1.Safe)
    safe_times = Text(FREE_TEXT)
    confirmed_on = Day()

    def compare(self, given: Mapping[str, Any], faults: FaultsByField) -> None:
        """An address that mail is to be sent to has the form of one."""
        if given.get("channel") == "email" and "value" in given and not is_email(given["value"]):
            faults["value"] = [NOT_AN_EMAIL]


class ConsentSchema(PartSchema):
    """What a party decided when asked."""

    part = format_v1.Consent
    to = Word(format_v1.ConsentTo, required=True)
    decision = Word(format_v1.ConsentDecision, required=True)
    decided_on = Day()
    contact_again_on = Day()


class ResponsibilitySchema(PartSchema):
    """How far a party accepts what they did."""

    part = format_v1.Responsibility
    accepted = Word(format_v1.Acceptance, required=True)
    told_to = Text(LINE)
    on = Day()


class IdentifierSchema(PartSchema):
    """The number by which another system knows a person."""

    part = format_v1.Identifier
    scheme = Text(SHORT, required=True)
    value = Text(VALUE, required=True)


class PartySchema(PartSchema):
    """A person in the referral."""

    part = format_v1.Party
    role = Word(format_v1.PartyRole, required=True)
    name = Inner(NameSchema, nothing=format_v1.Name())
    date_of_birth = Day(earliest=EARLIEST_BIRTH)
    gender = Text(NAME_PART)
    address = Inner(AddressSchema, nothing=format_v1.Address())
    contacts = Several(Inner(ContactSchema))
    language = Text(NAME_PART)
    interpreter = Flag()
    access_needs = Several(Text(FREE_TEXT))
    vulnerabilities = Several(Text(FREE_TEXT))
    enhanced_rights = Flag()
    wishes = Several(Word(format_v1.Wish))
    consents = Several(Inner(ConsentSchema))
    responsibility = Inner(ResponsibilitySchema)
    identifiers = Several(Inner(IdentifierSchema))


class RisksSchema(PartSchema):
    """What is known of danger."""

    part = format_v1.Risks
    assessed = Flag()
    immediate_danger = Flag()
    markers = Several(Word(format_v1.RiskMarker))


class OrderSchema(PartSchema):
    """An order that may forbid contact."""

    part = format_v1.Order
    type = Word(format_v1.OrderType, required=True)
    forbids_contact = Flag()
    until = Day()


class DemandBaselineSchema(PartSchema):
    """How often the police were called and came in the six months before."""

    part = format_v1.DemandBaseline
    police_calls = Count()
    police_attendances = Count()


class SelfReferralSchema(PartSchema):
    """A whole referral from a person who speaks for themselves; a referrer may be named all the same."""

    part = format_v1.Referral
    source_record_id = Text(RECORD_ID, one_line=True, required=True)
    referred_at = Instant(required=True)
    strand = Word(format_v1.Strand, required=True)
    event = Inner(EventSchema, required=True)
    parties = Several(Inner(PartySchema), most=MOST_PARTIES, fewest=FEWEST_PARTIES, required=True)
    assessment_point = Word(format_v1.AssessmentPoint)
    need_identified_by = Word(format_v1.NeedIdentifiedBy)
    initiated_by = Word(format_v1.InitiatedBy)
    referrer = Inner(ReferrerSchema, nothing=format_v1.Referrer())
    # An empty `risks` is kept: "not assessed", said aloud, is more than silence about it.
    risks = Inner(RisksSchema)
    orders = Several(Inner(OrderSchema))
    services_wanted = Several(Word(format_v1.Service))
    demand_baseline = Inner(DemandBaselineSchema, nothing=format_v1.DemandBaseline())

    def compare(self, given: Mapping[str, Any], faults: FaultsByField) -> None:
        """Nobody is referred before the day on which they are born."""
        if "referred_at" not in given:
            return
        referred_on = given["referred_at"].date()
        for index, party in enumerate(given.get("parties", ())):
            # A party with a fault of its own is told of as what could be read of it, to find every fault.
            born_on = party.get("date_of_birth") if isinstance(party, dict) else _born_on(party)
            if born_on is not None and born_on > referred_on:
                of_parties = faults.setdefault("parties", {})
                of_parties.setdefault(index, {})["date_of_birth"] = [BORN_LATER]


class ReferralSchema(SelfReferralSchema):
    """A whole referral from an agency, which says who refers."""

    def as_json_schema(self, found: dict[str, Any]) -> dict[str, Any]:
        """With a referrer, who has a name or an organisation."""
        said = {"type": "string", "pattern": NOT_BLANK}
        somebody = [{"required": [name], "properties": {name: said}} for name in ("name", "organisation")]
        found["properties"]["referrer"] = {
            "allOf": [found["properties"]["referrer"]["anyOf"][0], {"anyOf": somebody}],
            "description": "At least a name or an organisation. A self-referral may do without.",
        }
        return found | {"required": sorted([*found["required"], "referrer"])}

    def compare(self, given: Mapping[str, Any], faults: FaultsByField) -> None:
        """Somebody, or at least an organisation, answers for the referral."""
        super().compare(given, faults)
        referrer = given.get("referrer")
        if referrer is None:
            faults.setdefault("referrer", [NO_REFERRER])
        elif isinstance(referrer, format_v1.Referrer) and not (referrer.name or referrer.organisation):
            faults["referrer"] = [NO_REFERRER]


def _born_on(party: format_v1.Party | None) -> dt.date | None:
    return None if party is None else party.date_of_birth


class Anything(fields.Field[Any]):
    """Whatever stands there; it is read later, by itself."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The value, also if it is null: a batch answers every item in its place."""
        return value


class BatchSchema(PartSchema):
    """Many referrals in one body."""

    part = dict
    referrals = Several(Anything(), most=MOST_IN_BATCH, fewest=1, required=True)


class WithdrawalSchema(PartSchema):
    """Why an agency takes a referral back."""

    part = dict
    reason = Text(FREE_TEXT, required=True)


_REFERRAL: Final = ReferralSchema()
_SELF_REFERRAL: Final = SelfReferralSchema()
_BATCH: Final = BatchSchema()
_WITHDRAWAL: Final = WithdrawalSchema()


def write_receipt(kept: KeptReferral) -> dict[str, Any]:
    """The receipt for the newest version of a record, the same each time it is asked for."""
    return {
        "reference": kept.reference,
        "source_record_id": kept.source_record_id,
        "version": kept.version,
        "status": "received",
        "received_at": _instant(kept.received_at),
        "warnings": [
            {"pointer": warning.pointer, "code": warning.code, "detail": warning.detail}
            for warning in kept.warnings
        ],
    }


def write_status(kept: KeptReferral) -> dict[str, Any]:
    """How far a record has come, with what its receipt said."""
    return write_receipt(kept) | {
        "status": kept.status,
        "updated_at": _instant(kept.updated_at),
        "missing": [{"code": code, "detail": MISSING.get(code, "")} for code in kept.reasons],
    }


def write_history(
    kept: KeptReferral,
    versions: list[tuple[int, dt.datetime]],
    steps: list[tuple[str, list[str], dt.datetime]],
) -> dict[str, Any]:
    """When each version of a record came, and each step that it took."""
    return {
        "reference": kept.reference,
        "source_record_id": kept.source_record_id,
        "versions": [{"version": number, "received_at": _instant(at)} for number, at in versions],
        "steps": [
            {"status": status, "reasons": reasons, "at": _instant(at)} for status, reasons, at in steps
        ],
    }


def _instant(value: dt.datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
