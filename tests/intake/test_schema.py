"""The door takes every referral that follows the format, and says every fault of one that does not."""

from __future__ import annotations

import copy
import datetime as dt
import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import fields
from services.intake.schema import read_referral
from shared.contracts import referral as format_v1
from shared.contracts.referral import Referral, codes
from shared.problems import Fault, Unprocessable, as_problem_json
from tests.support.builders import (
    Wire,
    a_contact,
    a_minimal_referral,
    a_party,
    a_referral,
    a_referrer,
    a_responsible_party,
    an_event,
)

RESPONSIBILITY = "/parties/1/responsibility"
TEXTS = {
    "/source_record_id": 64,
    "/event/summary": 4000,
    "/event/references/0/value": 254,
    **{f"/referrer/{field}": 200 for field in ("name", "role", "organisation")},
    "/referrer/phone": 254,
    **{
        f"{place}/{line}": 200
        for place in ("/event/place", "/parties/0/address")
        for line in ("line1", "town")
    },
    **{f"{place}/line2": 200 for place in ("/event/place", "/parties/0/address")},
    **{
        f"{place}/{code}": 64
        for place in ("/event/place", "/parties/0/address")
        for code in ("postcode", "uprn")
    },
    **{f"/parties/0/name/{part}": 100 for part in ("title", "given", "middle", "family", "known_as")},
    "/parties/0/gender": 100,
    "/parties/0/language": 100,
    "/parties/0/access_needs/0": 1000,
    "/parties/0/vulnerabilities/0": 1000,
    "/parties/0/contacts/0/value": 254,
    "/parties/0/contacts/0/safe_times": 1000,
    "/parties/0/identifiers/0/scheme": 64,
    "/parties/0/identifiers/0/value": 254,
    f"{RESPONSIBILITY}/told_to": 200,
}
EMAILS = ("/referrer/email",)
WORDS = {
    "/assessment_point": codes(format_v1.AssessmentPoint),
    "/need_identified_by": codes(format_v1.NeedIdentifiedBy),
    "/initiated_by": codes(format_v1.InitiatedBy),
    "/strand": codes(format_v1.Strand),
    "/event/type": codes(format_v1.EventType),
    "/event/justice_stage": codes(format_v1.JusticeStage),
    "/event/references/0/scheme": codes(format_v1.ReferenceScheme),
    "/parties/0/role": codes(format_v1.PartyRole),
    "/parties/0/contacts/0/channel": ("mobile", "landline", "post"),
    "/parties/0/contacts/0/safe": codes(format_v1.Safe),
    "/parties/0/wishes/0": codes(format_v1.Wish),
    "/parties/0/consents/0/to": codes(format_v1.ConsentTo),
    "/parties/0/consents/0/decision": codes(format_v1.ConsentDecision),
    f"{RESPONSIBILITY}/accepted": codes(format_v1.Acceptance),
    "/risks/markers/0": codes(format_v1.RiskMarker),
    "/orders/0/type": codes(format_v1.OrderType),
    "/services_wanted/0": codes(format_v1.Service),
}
DAYS = (
    "/event/started_on",
    "/event/ended_on",
    "/event/next_hearing_on",
    "/parties/0/date_of_birth",
    "/parties/0/contacts/0/confirmed_on",
    "/parties/0/consents/0/decided_on",
    "/parties/0/consents/0/contact_again_on",
    f"{RESPONSIBILITY}/on",
    "/orders/0/until",
)
FLAGS = (
    "/event/offender_identified",
    "/parties/0/address/confidential",
    "/parties/0/interpreter",
    "/parties/0/enhanced_rights",
    "/risks/assessed",
    "/risks/immediate_danger",
    "/orders/0/forbids_contact",
)
COUNTS = ("/demand_baseline/police_calls", "/demand_baseline/police_attendances")
OBJECTS = (
    "/referrer",
    "/event",
    "/event/place",
    "/event/references/0",
    "/parties/0",
    "/parties/0/name",
    "/parties/0/address",
    "/parties/0/contacts/0",
    "/parties/0/consents/0",
    "/parties/0/identifiers/0",
    RESPONSIBILITY,
    "/risks",
    "/orders/0",
    "/demand_baseline",
)
LISTS = {
    "/event/references": 50,
    "/parties": 10,
    "/parties/0/contacts": 50,
    "/parties/0/access_needs": 50,
    "/parties/0/vulnerabilities": 50,
    "/parties/0/wishes": 50,
    "/parties/0/consents": 50,
    "/parties/0/identifiers": 50,
    "/risks/markers": 50,
    "/orders": 50,
    "/services_wanted": 50,
}
REQUIRED = (
    "/source_record_id",
    "/referred_at",
    "/strand",
    "/event",
    "/event/type",
    "/event/references/0/scheme",
    "/event/references/0/value",
    "/parties",
    "/parties/0/role",
    "/parties/0/contacts/0/channel",
    "/parties/0/contacts/0/value",
    "/parties/0/consents/0/to",
    "/parties/0/consents/0/decision",
    "/parties/0/identifiers/0/scheme",
    "/parties/0/identifiers/0/value",
    f"{RESPONSIBILITY}/accepted",
    "/orders/0/type",
    "/referrer",
)
EVERY_FIELD = (*TEXTS, *EMAILS, *WORDS, *DAYS, *FLAGS, *COUNTS, *OBJECTS, *LISTS, "/referred_at")
OPTIONAL = tuple(
    pointer for pointer in EVERY_FIELD if pointer not in REQUIRED and not pointer.rpartition("/")[2].isdigit()
)
TEXT_LIKE = (*TEXTS, *EMAILS, *WORDS, *DAYS, "/referred_at")


def read(body: object) -> Referral:
    return read_referral(body, self_referral=False)


def refused(body: object, *, self_referral: bool = False) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults_of(body, self_referral=self_referral)]


def faults_of(body: object, *, self_referral: bool = False) -> tuple[Fault, ...]:
    with pytest.raises(Unprocessable) as caught:
        read_referral(body, self_referral=self_referral)
    return caught.value.errors


def _holder(body: Any, pointer: str) -> tuple[Any, Any]:  # noqa: ANN401 - any JSON
    *way, last = pointer.split("/")[1:]
    for step in way:
        body = body[int(step) if isinstance(body, list) else step]
    return body, int(last) if isinstance(body, list) else last


def with_value(pointer: str, value: object, body: Wire | None = None) -> Wire:
    changed = copy.deepcopy(body or a_referral())
    holder, last = _holder(changed, pointer)
    holder[last] = value
    return changed


def without(pointer: str) -> Wire:
    changed = a_referral()
    holder, last = _holder(changed, pointer)
    del holder[last]
    return changed


def value_at(body: object, pointer: str) -> object:
    holder, last = _holder(body, pointer)
    return holder[last]


# ------------------------------------------------------------------------------------------- what is taken


def test_a_whole_referral_becomes_a_referral() -> None:
    referral = read(a_referral())
    assert referral.referred_at == dt.datetime(2026, 3, 22, 14, 5, tzinfo=dt.UTC)
    assert referral.event.started_on == dt.date(2026, 3, 1)
    assert referral.event.references[0].value == "CRI009999990"
    assert referral.parties[0].address is not None
    assert referral.parties[0].address.confidential
    assert referral.parties[0].contacts[0].safe == "yes"
    assert referral.parties[1].responsibility is not None
    assert referral.parties[1].responsibility.accepted == "full"
    assert referral.demand_baseline == format_v1.DemandBaseline(police_calls=3, police_attendances=1)


def test_nothing_of_a_referral_is_lost_on_the_way_in() -> None:
    body = a_referral(risks={"assessed": True, "immediate_danger": True})
    body["referred_at"] = "2026-03-22T14:05:00+01:00"
    assert json.loads(msgspec.json.encode(read(body))) == body


def test_the_least_that_is_taken_is_taken() -> None:
    referral = read(a_minimal_referral())
    assert referral.parties == (format_v1.Party(role="harmed"),)
    assert referral.risks is None
    assert referral.orders == ()


def test_who_refers_is_required_of_an_agency_and_not_of_a_person() -> None:
    body = a_minimal_referral()
    del body["referrer"]
    assert refused(body) == [("/referrer", "required")]
    assert read_referral(body, self_referral=True).referrer is None


@pytest.mark.parametrize("referrer", [{}, {"name": " "}, {"role": "PCSO"}, {"phone": "01632 960131"}, None])
def test_a_referrer_has_a_name_or_an_organisation(referrer: Wire | None) -> None:
    assert refused(a_referral(referrer=referrer)) == [("/referrer", "required")]
    read_referral(a_referral(referrer=referrer), self_referral=True)


@pytest.mark.parametrize("referrer", [{"name": "Imogen Dreamt"}, {"organisation": "An Invented Agency"}])
def test_either_of_them_is_enough(referrer: Wire) -> None:
    assert read(a_referral(referrer=referrer)).referrer == format_v1.Referrer(**referrer)


@pytest.mark.parametrize("pointer", OPTIONAL)
def test_an_explicit_null_is_the_same_as_not_given(pointer: str) -> None:
    if pointer == "/parties/0/contacts/0/safe":
        assert read(with_value(pointer, None)).parties[0].contacts[0].safe == "unknown"
    assert read(with_value(pointer, None)) == read(without(pointer))


@pytest.mark.parametrize("pointer", [pointer for pointer in OPTIONAL if pointer in TEXT_LIKE])
@pytest.mark.parametrize("blank", ["", "  ", "\t\n\u00a0"])
def test_a_blank_text_is_the_same_as_not_given(pointer: str, blank: str) -> None:
    assert read(with_value(pointer, blank)) == read(without(pointer))


@pytest.mark.parametrize("pointer", [pointer for pointer in TEXT_LIKE if pointer in REQUIRED])
@pytest.mark.parametrize("blank", ["", "  ", "\t\n\u00a0"])
def test_a_blank_text_does_not_fill_a_required_field(pointer: str, blank: str) -> None:
    assert refused(with_value(pointer, blank)) == [(pointer, "required")]


@pytest.mark.parametrize("pointer", TEXT_LIKE)
def test_text_loses_its_outer_white_space(pointer: str) -> None:
    typed = value_at(a_referral(), pointer)
    assert read(with_value(pointer, f" \t{typed}\u00a0\n")) == read(a_referral())


@pytest.mark.parametrize(
    "pointer", ["/event/place", "/parties/0/name", "/parties/0/address", "/demand_baseline"]
)
def test_an_object_that_says_nothing_is_the_same_as_not_given(pointer: str) -> None:
    assert read(with_value(pointer, {})) == read(without(pointer))


def test_an_address_that_is_merely_not_confidential_says_nothing() -> None:
    assert read(with_value("/parties/0/address", {"confidential": False})).parties[0].address is None


def test_risks_that_say_nothing_are_kept_as_not_assessed() -> None:
    assert read(a_referral(risks={})).risks == format_v1.Risks(assessed=False)


def test_a_blank_item_of_a_list_of_texts_is_left_out() -> None:
    assert read(with_value("/parties/0/access_needs", ["", "BSL", " "])).parties[0].access_needs == ("BSL",)


def test_a_text_keeps_its_lines_and_its_letters() -> None:
    summary = "First line.\n\tSecond line: Zoë, Łukasz, 李, 👩\u200d👧."
    assert read(with_value("/event/summary", summary)).event.summary == summary


# ----------------------------------------------------------------------------------- every field, every rule


@pytest.mark.parametrize("pointer", REQUIRED)
def test_what_is_required_is_asked_for_where_it_belongs(pointer: str) -> None:
    assert refused(without(pointer)) == [(pointer, "required")]
    assert refused(with_value(pointer, None)) == [(pointer, "required")]


@pytest.mark.parametrize("pointer", EVERY_FIELD)
@pytest.mark.parametrize("wrong", [[["x"]], {"x": {}}, 1.5, float("nan"), "Zq", True, 7])
def test_a_value_of_the_wrong_type_is_refused(pointer: str, wrong: object) -> None:
    expected: set[type] = {str}
    if pointer in FLAGS:
        expected = {bool}
    elif pointer in COUNTS:
        expected = {int}
    elif pointer in OBJECTS:
        expected = {dict}
    elif pointer in LISTS:
        expected = {list}
    if type(wrong) not in expected:
        assert refused(with_value(pointer, wrong)) == [(pointer, "wrong_type")]


@pytest.mark.parametrize(("pointer", "most"), TEXTS.items())
def test_a_text_has_a_longest_length(pointer: str, most: int) -> None:
    read(with_value(pointer, "é" * most))
    read(with_value(pointer, " " + "é" * most + " "))
    (fault,) = faults_of(with_value(pointer, "é" * (most + 1)))
    assert (fault.pointer, fault.code) == (pointer, "too_long")
    assert str(most) in fault.detail


@pytest.mark.parametrize("pointer", TEXTS)
@pytest.mark.parametrize("unstorable", ["a\0b", "a\ud800b", "\udfff"])
def test_what_a_database_cannot_keep_is_refused(pointer: str, unstorable: str) -> None:
    assert refused(with_value(pointer, unstorable)) == [(pointer, "forbidden_character")]


@pytest.mark.parametrize("control", ["a\nb", "a\tb", "a\x1bb", "a\x7fb", "a\x85b"])
def test_a_record_number_has_no_control_character(control: str) -> None:
    assert refused(a_referral(source_record_id=control)) == [("/source_record_id", "forbidden_character")]


@pytest.mark.parametrize(("pointer", "words"), WORDS.items())
def test_a_coded_field_takes_its_words_and_names_them_when_it_gets_another(
    pointer: str, words: tuple[str, ...]
) -> None:
    for word in words:
        read(with_value(pointer, word))
    for wrong in ("Zq", words[0].upper(), f"{words[0]}\0"):
        (fault,) = faults_of(with_value(pointer, wrong))
        assert (fault.pointer, fault.code) == (pointer, "not_allowed")
        assert all(word in fault.detail for word in words)


@pytest.mark.parametrize("pointer", DAYS)
@pytest.mark.parametrize(
    "wrong",
    ["20260301", "2026-W10-7", "2026-3-1", "01/03/2026", "2026-02-30", "2026-13-01", "2026-03-01T00:00:00Z",
     "0000-01-01", "soon", "\u0662026-03-01", "2026-03-0\0", "2026-03-0\ud800"],
)  # fmt: skip
def test_a_date_that_is_no_calendar_date_is_refused(pointer: str, wrong: str) -> None:
    assert refused(with_value(pointer, wrong)) == [(pointer, "bad_date")]


def test_the_29th_of_february_exists_every_fourth_year() -> None:
    read(with_value("/parties/0/date_of_birth", "2024-02-29"))
    assert refused(with_value("/parties/0/date_of_birth", "2023-02-29"))


def test_nobody_is_born_before_1880() -> None:
    read(with_value("/parties/0/date_of_birth", "1880-01-01"))
    before = with_value("/parties/0/date_of_birth", "1879-12-31")
    assert refused(before) == [("/parties/0/date_of_birth", "date_too_early")]


def test_nobody_is_born_after_the_day_of_the_referral() -> None:
    body = a_referral(referred_at="2026-03-22T00:30:00+01:00")
    read(with_value("/parties/1/date_of_birth", "2026-03-22", body))
    after = with_value("/parties/1/date_of_birth", "2026-03-23", body)
    assert refused(after) == [("/parties/1/date_of_birth", "date_in_future")]


def test_a_birth_in_the_future_is_told_beside_the_other_faults_of_the_party() -> None:
    party = a_party(date_of_birth="2026-12-31", role="Zq", gender=1)
    assert set(refused(a_referral(parties=[party]))) == {
        ("/parties/0/role", "not_allowed"),
        ("/parties/0/gender", "wrong_type"),
        ("/parties/0/date_of_birth", "date_in_future"),
    }


def test_an_event_ends_when_it_started_or_later() -> None:
    read(a_referral(event=an_event(started_on="2026-03-01", ended_on="2026-03-01")))
    backwards = an_event(started_on="2026-03-02", ended_on="2026-03-01", type="Zq")
    assert set(refused(a_referral(event=backwards))) == {
        ("/event/type", "not_allowed"),
        ("/event/ended_on", "ends_before_start"),
    }


@pytest.mark.parametrize(
    "good",
    ["2026-03-22T14:05:00Z", "2026-03-22T14:05:00.123456789+01:00", "2026-03-22t14:05:00z",
     "1900-01-01T00:00:00+23:59", "2999-12-31T23:59:59-23:59"],
)  # fmt: skip
def test_an_instant_of_rfc_3339_is_taken_and_can_be_told_in_utc(good: str) -> None:
    referral = read_referral(a_minimal_referral(referred_at=good), self_referral=False)
    assert referral.referred_at.astimezone(dt.UTC).tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("2026-03-22T14:05:00", "no_offset"),
        ("2026-03-22T14:05:00.5", "no_offset"),
        ("2026-03-22", "bad_datetime"),
        ("2026-03-22 14:05:00Z", "bad_datetime"),
        ("2026-03-22T14:05Z", "bad_datetime"),
        ("2026-03-22T24:00:00Z", "bad_datetime"),
        ("2026-03-22T14:05:60Z", "bad_datetime"),
        ("2026-02-30T14:05:00Z", "bad_datetime"),
        ("2026-03-22T14:05:00+0100", "bad_datetime"),
        ("2026-03-22T14:05:00+24:00", "bad_datetime"),
        ("20260322T140500Z", "bad_datetime"),
        ("0001-01-01T00:00:00+12:00", "bad_datetime"),
        ("9999-12-31T23:59:59-12:00", "bad_datetime"),
        ("1774188300", "bad_datetime"),
    ],
)
def test_another_form_of_an_instant_is_refused(wrong: str, code: str) -> None:
    assert refused(a_referral(referred_at=wrong)) == [("/referred_at", code)]


@pytest.mark.parametrize("pointer", FLAGS)
@pytest.mark.parametrize("wrong", ["yes", "true", "", 0, 1, 1.0])
def test_a_flag_is_true_or_false_and_nothing_like_it(pointer: str, wrong: object) -> None:
    assert refused(with_value(pointer, wrong)) == [(pointer, "wrong_type")]


@pytest.mark.parametrize("pointer", COUNTS)
def test_a_count_is_a_whole_number_from_zero(pointer: str) -> None:
    read(with_value(pointer, 0))
    read(with_value(pointer, 1_000_000))
    assert refused(with_value(pointer, -1)) == [(pointer, "too_small")]
    assert refused(with_value(pointer, 10**30)) == [(pointer, "too_large")]
    for wrong in ("3", 3.0, False):
        assert refused(with_value(pointer, wrong)) == [(pointer, "wrong_type")]


@pytest.mark.parametrize(("pointer", "most"), LISTS.items())
def test_a_list_has_a_largest_size(pointer: str, most: int) -> None:
    items = value_at(a_referral(), pointer)
    assert isinstance(items, list)
    read(with_value(pointer, items[:1] * most))
    (fault,) = faults_of(with_value(pointer, items[:1] * (most + 1)))
    assert (fault.pointer, fault.code) == (pointer, "too_many")
    assert str(most) in fault.detail


def test_a_referral_is_about_somebody() -> None:
    assert refused(a_referral(parties=[])) == [("/parties", "too_few")]


@pytest.mark.parametrize("pointer", ["/parties/0", "/event/references/0", "/parties/0/wishes/0"])
def test_a_null_is_no_item_of_a_list(pointer: str) -> None:
    assert refused(with_value(pointer, None)) == [(pointer, "wrong_type")]


GOOD_EMAILS = ("a@b.example", "imogen.o'dreamt+rj@mail.agency.example", "zoë@café.example", "x_1-y@1.example")
BAD_EMAILS = (
    "imogen", "imogen@", "@agency.example", "imogen@agency", "imogen@@agency.example",
    "im ogen@agency.example", "imogen@agency..example", "imogen@-agency.example", "a@b.example,c@d.example",
    "Imogen <a@b.example>", "a@b.example\nBcc: c@d.example", "a\0@b.example", f"{'a' * 65}@b.example", "n/a",
)  # fmt: skip


@pytest.mark.parametrize("email", GOOD_EMAILS)
def test_an_email_address_is_taken(email: str) -> None:
    body = a_referral(
        referrer=a_referrer(email=email),
        parties=[a_party(contacts=[a_contact(channel="email", value=email)])],
    )
    assert read(body).parties[0].contacts[0].value == email


@pytest.mark.parametrize("email", BAD_EMAILS)
def test_what_is_no_email_address_is_refused(email: str) -> None:
    for pointer, body in (
        ("/referrer/email", with_value("/referrer/email", email)),
        (
            "/parties/0/contacts/0/value",
            a_referral(parties=[a_party(contacts=[a_contact(channel="email", value=email)])]),
        ),
    ):
        ((at, code),) = refused(body)
        assert at == pointer
        assert code in {"not_an_email", "forbidden_character"}


def test_a_phone_and_a_postcode_of_any_form_are_taken() -> None:
    read(with_value("/parties/0/contacts/0/value", "ask her mother"))
    read(with_value("/parties/0/address/postcode", "nowhere"))


# ------------------------------------------------------------------------------------------ unknown fields


@pytest.mark.parametrize("pointer", ["", *OBJECTS])
def test_an_unknown_field_is_refused_at_every_level(pointer: str) -> None:
    assert refused(with_value(f"{pointer}/favourite_colour", "Zq")) == [
        (f"{pointer}/favourite_colour", "unknown_field")
    ]
    (fault,) = faults_of(with_value(f"{pointer}/favourite_colour", None))
    assert fault.code == "unknown_field"


@pytest.mark.parametrize(
    "name", ["Fable Figment", "fable@figment.example", "0", "", "Zoë", "a" * 42, "\ud800"]
)
def test_an_unknown_name_that_may_be_somebodys_own_is_not_repeated(name: str) -> None:
    for holder in ("", "/parties/0"):
        body = a_referral()
        (value_at(body, holder) if holder else body)[name] = 1  # type: ignore[index]
        (fault,) = faults_of(body)
        assert (fault.pointer, fault.code) == (holder, "unknown_field")
        assert "a field here is not known" in fault.detail


def test_an_unknown_field_is_told_which_fields_there_are() -> None:
    (fault,) = faults_of(with_value("/parties/0/name/surname", "Zq"))
    assert "family" in fault.detail


def test_an_unknown_field_called_like_marshmallows_own_key_is_refused_too() -> None:
    assert ("", "unknown_field") in refused(with_value("/_schema", 1))


# ------------------------------------------------------------------------------------------------ all faults


def test_every_fault_is_told_at_once() -> None:
    body = {
        "source_record_id": "x" * 65,
        "strand": "Zq",
        "surprise": 1,
        "referrer": {"email": "Zq"},
        "event": {"type": "theft", "references": [{"scheme": "crime"}, {"value": "1"}], "summary": 1},
        "parties": [
            {"role": "harmed", "wishes": ["apology", "Zq", 3]},
            {"contacts": [{"channel": "email", "value": "Zq"}, 7]},
            "Zq",
        ],
        "risks": {"assessed": "yes"},
    }
    assert sorted(refused(body)) == [
        ("/event/references/0/value", "required"),
        ("/event/references/1/scheme", "required"),
        ("/event/summary", "wrong_type"),
        ("/parties/0/wishes/1", "not_allowed"),
        ("/parties/0/wishes/2", "wrong_type"),
        ("/parties/1/contacts/0/value", "not_an_email"),
        ("/parties/1/contacts/1", "wrong_type"),
        ("/parties/1/role", "required"),
        ("/parties/2", "wrong_type"),
        ("/referred_at", "required"),
        ("/referrer/email", "not_an_email"),
        ("/risks/assessed", "wrong_type"),
        ("/source_record_id", "too_long"),
        ("/strand", "not_allowed"),
        ("/surprise", "unknown_field"),
    ]


@pytest.mark.parametrize("body", [None, [], "Zq", 3, True, [a_referral()]])
def test_a_body_that_is_no_object_is_refused_as_a_whole(body: object) -> None:
    assert refused(body) == [("", "wrong_type")]
    assert refused(body, self_referral=True) == [("", "wrong_type")]


def test_the_problem_counts_the_faults_in_plain_words() -> None:
    with pytest.raises(Unprocessable, match="There is 1 fault in"):
        read(without("/strand"))
    with pytest.raises(Unprocessable, match="There are 4 faults in"):
        read({"referrer": {"name": "Imogen"}, "event": {"type": "theft"}})


def test_reading_changes_nothing_in_the_body() -> None:
    body = a_referral(source_record_id=" padded ")
    before = copy.deepcopy(body)
    read(body)
    assert body == before


# ------------------------------------------------------------------------------------- quick, whatever comes


def _nested(depth: int) -> object:
    deep: object = "Zq"
    for _ in range(depth):
        deep = {"event": deep}
    return deep


@pytest.mark.parametrize(
    "body",
    [
        {f"field_{number}": number for number in range(100_000)},
        {f"field {number}": number for number in range(100_000)},
        a_referral(parties=[{}] * 100_000),
        a_referral(parties=[a_party(access_needs=["x"] * 100_000)]),
        a_referral(event=_nested(50_000)),
        a_referral(event=an_event(summary="\n" * 500_000 + "\0")),
        a_referral(parties=[a_party(contacts=[a_contact(channel="email", value="a." * 400_000)])]),
        a_referral(parties=[{str(n): n for n in range(10_000)}] * 10),
    ],
    ids=["named", "unnamed", "parties", "texts", "deep", "long", "email", "items"],
)
def test_a_huge_body_is_refused_quickly_and_with_a_short_answer(body: Wire) -> None:
    began = time.process_time()
    faults = faults_of(body)
    # A tenth of a second of the processor's time, or minutes where anything is compared with everything.
    assert time.process_time() - began < 10
    assert len(faults) <= 100


def test_many_unknown_fields_are_named_in_part_and_the_rest_is_said_to_be_there() -> None:
    faults = faults_of(a_referral(**{f"field_{number}": 1 for number in range(30)}))
    assert len(faults) == fields.MOST_UNKNOWN_NAMED + 1
    assert faults[-1].pointer == ""


# -------------------------------------------------------------------------------------------------- laws

MARK = "Zébedee Quux"
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.text(max_size=8) | st.text(max_size=8).map(lambda text: text + MARK)
    | st.sampled_from(["crime", "harmed", "theft", "2026-03-01", "2026-03-22T14:05:00Z", "email"])
)  # fmt: skip
names = st.sampled_from(
    [
        "source_record_id",
        "referred_at",
        "strand",
        "event",
        "parties",
        "referrer",
        "name",
        "type",
        "role",
        "value",
    ]
) | st.text(max_size=4).map(lambda text: text + MARK)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)


def _read_or_refuse(body: object, *, self_referral: bool) -> Referral | None:
    try:
        return read_referral(body, self_referral=self_referral)
    except Unprocessable as caught:
        problem = caught
    assert problem.errors
    assert all(fault.code and fault.detail for fault in problem.errors)
    assert MARK not in json.dumps(as_problem_json(problem, "/v1/referrals"), ensure_ascii=False)
    assert MARK not in repr(problem.errors) + str(problem)
    return None


@given(any_json, st.booleans())
def test_any_json_is_a_referral_or_unprocessable_and_nothing_of_it_is_repeated(
    body: object,
    self_referral: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    _read_or_refuse(body, self_referral=self_referral)


@given(st.sampled_from(EVERY_FIELD), any_json)
def test_any_json_in_any_field_is_taken_or_refused_and_what_is_taken_round_trips(
    pointer: str, value: object
) -> None:
    referral = _read_or_refuse(with_value(pointer, value), self_referral=False)
    if referral is not None:
        assert read(msgspec.to_builtins(referral)) == referral


@given(st.lists(st.sampled_from(OPTIONAL), unique=True, max_size=30))
def test_a_referral_read_from_its_own_wire_form_is_the_same(left_out: list[str]) -> None:
    body = a_referral()
    for pointer in sorted(left_out, key=len, reverse=True):
        holder, last = _holder(body, pointer)
        del holder[last]
    referral = read_referral(body, self_referral=True)
    assert read_referral(msgspec.to_builtins(referral), self_referral=True) == referral
    assert read_referral(json.loads(msgspec.json.encode(referral)), self_referral=True) == referral
    assert msgspec.convert(msgspec.to_builtins(referral), Referral) == referral


def test_a_party_who_is_responsible_may_say_how_far() -> None:
    party = a_responsible_party(responsibility={"accepted": "partial", "told_to": None})
    assert read(a_referral(parties=[party])).parties[0].responsibility == format_v1.Responsibility(
        accepted="partial"
    )
