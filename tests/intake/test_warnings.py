"""What looks strange is taken and remarked upon, and no remark repeats what was typed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.intake.check_referral import warnings_for
from services.intake.domain.contact_details import remark_on_phone, remark_on_postcode, remark_on_uprn
from services.intake.domain.references import remark_on_reference
from services.intake.domain.warning import Warning  # noqa: A004 - the receipt's own word
from services.intake.schema import read_referral
from tests.support.builders import (
    Wire,
    a_consent,
    a_contact,
    a_minimal_referral,
    a_party,
    a_place,
    a_reference,
    a_referral,
    a_referrer,
    a_responsible_party,
    an_event,
)

REFERENCES = yaml.safe_load((Path(__file__).parent / "reference_formats.yaml").read_text("utf-8"))


NOW = dt.datetime(2026, 3, 22, 15, 0, tzinfo=dt.UTC)


def warnings_of(body: Wire) -> tuple[Warning, ...]:
    return warnings_for(read_referral(body, self_referral=False), NOW)


def warned(body: Wire) -> list[tuple[str, str]]:
    return [(warning.pointer, warning.code) for warning in warnings_of(body)]


@pytest.mark.parametrize("case", REFERENCES, ids=lambda case: f"{case['scheme']} {case['value']}")
def test_a_reference_of_a_known_form_passes_and_a_strange_one_is_remarked_upon(case: dict[str, Any]) -> None:
    remark = remark_on_reference(case["scheme"], case["value"])
    assert (remark.code if remark else None) == case["remark"]


@pytest.mark.parametrize(
    ("postcode", "code"),
    [
        ("DL1 9ZZ", None),
        ("dl14 9zz", None),
        ("DH19ZZ", None),
        ("NN1 1AA", None),
        ("W1A 1AA", None),
        ("EC1A 1BB", None),
        ("GIR 0AA", None),
        ("BFPO 58", None),
        ("DL14", "part_of_postcode"),
        ("SR8", "part_of_postcode"),
        ("DLI 9ZZ", "strange_postcode"),
        ("DL1 OZZ", "strange_postcode"),
        ("TS1O 1DU", "strange_postcode"),
        ("DL1 9CC", "strange_postcode"),
        ("unknown", "strange_postcode"),
    ],
)
def test_a_uk_postcode_passes_in_any_spacing_and_another_is_remarked_upon(
    postcode: str, code: str | None
) -> None:
    remark = remark_on_postcode(postcode)
    assert (remark.code if remark else None) == code


@pytest.mark.parametrize(
    ("number", "channel", "code"),
    [
        ("07700 900123", "mobile", None),
        ("07700-900-123", "mobile", None),
        ("+44 7700 900123", "mobile", None),
        ("+44 (0)7700 900123", "mobile", None),
        ("00447700900123", "mobile", None),
        ("447700900123", "mobile", None),
        ("07624 900123", "mobile", None),
        ("07700 900123", "landline", "not_a_landline"),
        ("(01632) 960131", "landline", None),
        ("0191 498 0131 ext 12", "landline", None),
        ("0191 004 4131", "landline", None),
        ("01632 96013", "landline", None),
        ("0800 111 1234", "landline", None),
        ("01632 960131", "mobile", "not_a_mobile"),
        ("01632 960131", None, None),
        ("+353 1 496 0000", "landline", None),
        ("+48 22 000 00 00", None, None),
        ("07700 90012", "mobile", "strange_phone"),
        ("07600 900123", "mobile", "strange_phone"),
        ("07000000000", "mobile", "strange_phone"),
        ("960131", "landline", "strange_phone"),
        ("ask her mother", "mobile", "strange_phone"),
    ],
)
def test_a_phone_number_passes_in_any_spacing_and_a_strange_one_is_remarked_upon(
    number: str, channel: str | None, code: str | None
) -> None:
    remark = remark_on_phone(number, channel)
    assert (remark.code if remark else None) == code


def test_a_property_number_has_at_most_twelve_digits() -> None:
    assert remark_on_uprn("990000000012") is None
    assert remark_on_uprn("12") is None
    for strange in ("9900000000123", "UPRN 12"):
        remark = remark_on_uprn(strange)
        assert remark is not None
        assert remark.code == "strange_uprn"


@given(st.text(), st.sampled_from(["crime", "incident", "first", "other"]))
def test_any_text_at_all_can_be_looked_over(text: str, scheme: str) -> None:
    remark_on_reference(scheme, text)
    remark_on_postcode(text)
    remark_on_uprn(text)
    remark_on_phone(text, "mobile")


def test_a_complete_referral_has_no_warning() -> None:
    assert warned(a_referral()) == []


def test_the_least_that_is_taken_lacks_safety_consent_and_risk() -> None:
    assert warned(a_minimal_referral()) == [
        ("/parties/0/contacts", "no_safe_contact"),
        ("/parties/0/consents", "no_consent_to_refer"),
        ("/risks", "risks_not_assessed"),
    ]


def test_each_warning_points_to_what_was_typed() -> None:
    strange = a_party(
        address=a_place(postcode="nowhere", uprn="home"),
        contacts=[
            a_contact(),
            a_contact(channel="landline"),
            a_contact(channel="email", value="a@b.example"),
        ],
    )
    body = a_referral(
        referrer=a_referrer(phone="ring me"),
        event=an_event(
            place=a_place(postcode="DL1"),
            references=[a_reference(), a_reference(value="TBC"), a_reference(scheme="incident", value="358")],
        ),
        parties=[a_responsible_party(), strange],
    )
    assert warned(body) == [
        ("/referrer/phone", "strange_phone"),
        ("/event/place/postcode", "part_of_postcode"),
        ("/event/references/1/value", "placeholder_reference"),
        ("/event/references/2/value", "reference_without_date"),
        ("/parties/1/address/postcode", "strange_postcode"),
        ("/parties/1/address/uprn", "strange_uprn"),
        ("/parties/1/contacts/1/value", "not_a_landline"),
    ]


def test_a_serial_without_a_date_is_asked_for_its_date() -> None:
    body = a_referral(event=an_event(references=[a_reference(scheme="incident", value="358")]))
    (warning,) = warnings_of(body)
    assert "Add the date" in warning.detail


def test_what_was_done_after_the_referral_is_remarked_upon() -> None:
    later = "2026-03-23"
    body = a_referral(
        event=an_event(started_on=later, ended_on=later),
        parties=[
            a_party(contacts=[a_contact(confirmed_on=later)], consents=[a_consent(decided_on=later)]),
            a_responsible_party(responsibility={"accepted": "full", "on": later}),
        ],
    )
    assert warned(body) == [
        ("/event/started_on", "date_after_referral"),
        ("/event/ended_on", "date_after_referral"),
        ("/parties/0/contacts/0/confirmed_on", "date_after_referral"),
        ("/parties/0/consents/0/decided_on", "date_after_referral"),
        ("/parties/1/responsibility/on", "date_after_referral"),
    ]


def test_what_was_to_come_before_the_referral_is_remarked_upon() -> None:
    earlier = "1931-03-15"
    body = a_referral(
        event=an_event(next_hearing_on=earlier),
        parties=[a_party(consents=[a_consent(), a_consent(to="sharing", contact_again_on=earlier)])],
        orders=[{"type": "bail"}, {"type": "restraining", "forbids_contact": True, "until": earlier}],
    )
    assert warned(body) == [
        ("/event/next_hearing_on", "date_before_referral"),
        ("/parties/0/consents/1/contact_again_on", "date_before_referral"),
        ("/orders/1/until", "date_before_referral"),
    ]


def test_a_year_that_nobody_can_remember_is_remarked_upon() -> None:
    body = a_referral(
        event=an_event(started_on="0206-03-01", ended_on="1900-01-01"),
        parties=[a_party(consents=[a_consent(decided_on="1026-03-20")])],
    )
    assert warned(body) == [
        ("/event/started_on", "date_long_ago"),
        ("/parties/0/consents/0/decided_on", "date_long_ago"),
    ]


@pytest.mark.parametrize(
    ("referred_at", "expected"),
    [
        ("2026-03-23T14:59:59Z", []),
        ("2026-03-24T04:59:59+14:00", []),
        ("2026-03-23T15:00:01Z", [("/referred_at", "referred_in_future")]),
        ("2062-03-22T14:05:00Z", [("/referred_at", "referred_in_future")]),
    ],
)
def test_a_referral_that_is_still_to_come_is_remarked_upon(
    referred_at: str, expected: list[tuple[str, str]]
) -> None:
    assert warned(a_referral(referred_at=referred_at)) == expected


def test_what_was_done_on_the_day_of_the_referral_is_not_strange() -> None:
    today = "2026-03-22"
    assert warned(a_referral(event=an_event(started_on=today, ended_on=today))) == []


@pytest.mark.parametrize(
    ("risks", "expected"),
    [
        (None, [("/risks", "risks_not_assessed")]),
        ({}, [("/risks/assessed", "risks_not_assessed")]),
        ({"assessed": False}, [("/risks/assessed", "risks_not_assessed")]),
        ({"assessed": True}, []),
    ],
)
def test_not_assessed_is_not_no_risk(risks: Wire | None, expected: list[tuple[str, str]]) -> None:
    assert warned(a_referral(risks=risks)) == expected


@pytest.mark.parametrize("safe", ["no", "unknown", None])
def test_a_contact_counts_as_safe_only_when_somebody_said_so(safe: str | None) -> None:
    body = a_referral(parties=[a_responsible_party(), a_party(contacts=[a_contact(safe=safe)])])
    assert warned(body) == [("/parties/1/contacts", "no_safe_contact")]


@pytest.mark.parametrize(
    ("consents", "code"),
    [
        ([], "no_consent_to_refer"),
        ([a_consent(decision="not_asked")], "no_consent_to_refer"),
        ([a_consent(decision="deferred")], "no_consent_to_refer"),
        ([a_consent(to="storage")], "no_consent_to_refer"),
        ([a_consent(decision="refused")], "consent_to_refer_refused"),
    ],
)
def test_consent_to_refer_is_asked_for_until_it_is_given(consents: list[Wire], code: str) -> None:
    assert warned(a_referral(parties=[a_party(consents=consents)])) == [("/parties/0/consents", code)]


def test_the_side_that_asked_is_the_one_that_must_be_reachable_and_agree() -> None:
    asks = a_responsible_party(contacts=[a_contact()], consents=[a_consent()])
    silent = a_party(contacts=[], consents=[])
    assert warned(a_referral(initiated_by="responsible", parties=[silent, asks])) == []
    assert warned(a_referral(initiated_by="harmed", parties=[silent, asks])) == [
        ("/parties/0/contacts", "no_safe_contact"),
        ("/parties/0/consents", "no_consent_to_refer"),
    ]


def test_in_a_dispute_either_side_may_be_the_one_that_asked() -> None:
    sides = [a_party(role="party", contacts=[], consents=[]), a_party(role="party")]
    assert warned(a_referral(strand="dispute", parties=sides)) == []


@given(typed=st.text("QZ0123456789 /", min_size=6, max_size=12).map(lambda tail: f"Zq{tail}q"))
def test_no_warning_repeats_what_was_typed(typed: str) -> None:
    body = a_referral(
        referrer=a_referrer(phone=typed),
        event=an_event(
            place=a_place(postcode=typed, uprn=typed),
            references=[a_reference(scheme=scheme, value=typed) for scheme in ("crime", "incident", "other")],
        ),
        parties=[a_party(contacts=[a_contact(value=typed)], address=a_place(postcode=typed, uprn=typed))],
    )
    warnings = warnings_of(body)
    assert warnings
    assert typed not in repr(warnings)
