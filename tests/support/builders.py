"""Referrals for tests, as they come over the wire: every person, place and number in them is invented.

A test changes what it is about (`a_referral(strand="dispute")`) and leaves the rest. Each call gives a new
object, so that a test may also change it in place. Domains end in `.example`; phone numbers are of the ranges
kept for drama.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

Wire = dict[str, Any]


def a_minimal_referral(**changes: object) -> Wire:
    """The least that is taken from an agency: who refers, one party, what happened and the strand."""
    return {
        "source_record_id": "INVENTED-0001",
        "referred_at": "2026-03-22T14:05:00+00:00",
        "strand": "crime",
        "referrer": {"organisation": "An Invented Agency"},
        "event": {"type": "theft"},
        "parties": [{"role": "harmed"}],
    } | changes


def a_referral(**changes: object) -> Wire:
    """A referral about which there is nothing to remark, with two sides of a crime."""
    return {
        "source_record_id": "INVENTED-0002",
        "referred_at": "2026-03-22T14:05:00+00:00",
        "assessment_point": "vcas",
        "need_identified_by": "crime_or_incident",
        "initiated_by": "harmed",
        "strand": "crime",
        "referrer": a_referrer(),
        "event": an_event(),
        "parties": [a_party(), a_responsible_party()],
        "risks": {"assessed": True, "immediate_danger": False, "markers": ["self_harm"]},
        "orders": [{"type": "bail", "forbids_contact": True, "until": "2026-06-30"}],
        "services_wanted": ["restorative_justice"],
        "demand_baseline": {"police_calls": 3, "police_attendances": 1},
    } | changes


def a_referrer(**changes: object) -> Wire:
    return {
        "name": "Imogen Dreamt",
        "role": "Victim Care Officer",
        "organisation": "An Invented Agency",
        "email": "imogen.dreamt@agency.example",
        "phone": "01632 960131",
    } | changes


def an_event(**changes: object) -> Wire:
    return {
        "type": "burglary",
        "started_on": "2026-03-01",
        "ended_on": "2026-03-02",
        "place": a_place(),
        "references": [a_reference()],
        "summary": "An invented account of an invented burglary.",
        "justice_stage": "under_investigation",
        "next_hearing_on": "2026-09-01",
        "offender_identified": True,
    } | changes


def a_reference(**changes: object) -> Wire:
    return {"scheme": "crime", "value": "CRI009999990"} | changes


def a_place(**changes: object) -> Wire:
    return {
        "line1": "12 Nowhere Terrace",
        "line2": "Little Nowhere",
        "town": "Darlington",
        "postcode": "DL1 9ZZ",
        "uprn": "990000000012",
    } | changes


def a_party(**changes: object) -> Wire:
    """The harmed person: can be reached safely and has agreed."""
    return {
        "role": "harmed",
        "name": {
            "title": "Ms",
            "given": "Fable",
            "middle": "Fiction",
            "family": "Figment",
            "known_as": "Fay",
        },
        "date_of_birth": "1988-02-29",
        "gender": "female",
        "address": a_place() | {"confidential": True},
        "contacts": [a_contact()],
        "language": "pl",
        "interpreter": True,
        "access_needs": ["large print"],
        "vulnerabilities": ["isolated"],
        "enhanced_rights": True,
        "wishes": ["explanation", "apology"],
        "consents": [a_consent()],
        "identifiers": [{"scheme": "invented_nominal", "value": "N00000001"}],
    } | changes


def a_responsible_party(**changes: object) -> Wire:
    return {
        "role": "responsible",
        "name": {"given": "Mythos", "family": "Madeup"},
        "responsibility": {"accepted": "full", "told_to": "An invented officer", "on": "2026-03-10"},
    } | changes


def a_contact(**changes: object) -> Wire:
    return {
        "channel": "mobile",
        "value": "07700 900123",
        "safe": "yes",
        "safe_times": "weekdays after 5pm",
        "confirmed_on": "2026-03-20",
    } | changes


def a_consent(**changes: object) -> Wire:
    return {
        "to": "referral",
        "decision": "given",
        "decided_on": "2026-03-20",
        "contact_again_on": "2026-04-20",
    } | changes


_GIVEN: tuple[str, ...] = (
    "Aubrey",
    "Bertram",
    "Cosima",
    "Dorothea",
    "Ezekiel",
    "Florian",
    "Gwendolen",
    "Hyacinth",
    "Ignatius",
)
_GIVEN += ("Jocasta", "Kasimir", "Leopold", "Marigold", "Nathaniel", "Ottoline", "Peregrine", "Quentin")


def an_account(  # noqa: PLR0913 - each argument is something that cases are joined or routed by
    record: str,
    *,
    given: str = "",
    family: str = "Figment",
    born: str = "",
    phone: str = "",
    kind: str = "burglary",
    on: str = "2026-03-01",
    references: tuple[str, ...] = (),
    postcode: str | None = "DL1 9ZZ",
    **changes: object,
) -> Wire:
    """One person's account of one event, made of nothing but what a case is found and routed by.

    Who has another family name has another given name, was born on another day and has another telephone,
    unless that is said. Nothing that a case must have is missing, unless there is no postcode.
    """
    # crc32 and not hash(): the same in every process.
    number = crc32(family.casefold().encode())
    given = given or ("Fable" if family == "Figment" else _GIVEN[number % len(_GIVEN)])
    born = born or f"{1950 + number % 50}-{1 + number // 50 % 12:02}-{1 + number // 600 % 28:02}"
    phone = phone or f"07700 {900000 + number % 1000}"
    address = {"address": {"postcode": postcode}} if postcode else {}
    party = {
        "role": "harmed",
        "name": {"given": given, "family": family},
        "date_of_birth": born,
        "contacts": [{"channel": "mobile", "value": phone, "safe": "yes"}],
        "consents": [{"to": "referral", "decision": "given"}],
        **address,
    }
    event = {
        "type": kind,
        "started_on": on,
        "references": [{"scheme": "crime", "value": value} for value in references],
    }
    return a_minimal_referral(source_record_id=record, event=event, parties=[party]) | changes
