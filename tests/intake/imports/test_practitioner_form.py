"""The practitioner's form as a spreadsheet carries everything that a practitioner usually knows."""

from __future__ import annotations

import datetime as dt

import pytest

from services.intake.imports.fields import fields_of
from services.intake.imports.mapping import MappedRow, Mapping
from services.intake.schema import read_referral

FORM = Mapping.named("practitioner_form")
RECEIVED_AT = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)

# All of it is invented.
SHORT = {
    "Your name": "Robin Sample",
    "What happened": "Loud music",
    "Harmed person 1 first name": "Tamsin",
    "Other person 1 address": "27 Brook Row, Exampleton, DH1 9ZZ",
}


def read(**cells: str) -> MappedRow:
    given = SHORT | {column.replace("_", " "): text for column, text in cells.items()}
    mapped = FORM.read_row(given, RECEIVED_AT)
    assert mapped.faults == ()
    read_referral(mapped.body, self_referral=False)
    return mapped


def test_a_few_columns_are_enough() -> None:
    body = read().body
    assert body.pop("source_record_id").startswith("ROW-")
    assert body == {
        "referred_at": "2026-03-02T10:00:00+00:00",
        "strand": "dispute",
        "referrer": {"name": "Robin Sample"},
        "event": {"type": "noise"},
        "parties": [
            {"role": "party", "name": {"given": "Tamsin"}},
            {
                "role": "party",
                "address": {"line1": "27 Brook Row", "town": "Exampleton", "postcode": "DH1 9ZZ"},
            },
        ],
    }


def test_an_order_with_a_short_year_has_not_ended_a_century_ago() -> None:
    body = read(
        Restraining_order_forbids_contact="yes",
        Restraining_order_ends_on="15/03/31",
        Next_court_date="4/1/30",
        Harmed_person_1_agrees_to_this_referral="later",
        Harmed_person_1_wants_to_be_asked_again_on="1/2/30",
    ).body
    (order,) = body["orders"]
    assert order == {"type": "restraining", "forbids_contact": True, "until": "2031-03-15"}
    assert body["event"]["next_hearing_on"] == "2030-01-04"
    assert body["parties"][0]["consents"][0]["contact_again_on"] == "2030-02-01"


def test_an_order_of_which_only_the_end_is_told_forbids_contact_until_somebody_finds_out() -> None:
    body = read(
        Bail_ends_on="01/02/2027", Injunction_forbids_contact="no", Injunction_ends_on="01/02/2027"
    ).body
    assert body["orders"] == [
        {"type": "bail", "until": "2027-02-01", "forbids_contact": True},
        {"type": "injunction", "forbids_contact": False, "until": "2027-02-01"},
    ]
    assert body["event"]["summary"].startswith(
        "Bail ends on: 01/02/2027 (whether it forbids contact is not told"
    )


@pytest.mark.parametrize("said", ["not known", "Unknown", "TBC", "not sure", "?"])
def test_what_nobody_knows_of_an_order_or_of_danger_counts_as_a_yes_and_is_told(said: str) -> None:
    body = read(Restraining_order_forbids_contact=said, Is_anybody_in_danger_now=said).body
    assert body["orders"] == [{"type": "restraining", "forbids_contact": True}]
    assert body["risks"] == {"immediate_danger": True}
    assert set(body["event"]["summary"].splitlines()) == {
        f"Restraining order forbids contact: {said}",
        f"Is anybody in danger now: {said}",
    }


@pytest.mark.parametrize("said", ["n/a", "none", "-", "no"])
def test_where_there_is_no_order_none_is_told(said: str) -> None:
    body = read(Restraining_order_forbids_contact=said).body
    assert "orders" not in body
    assert "summary" not in body["event"]


def test_nobody_has_to_know_whether_it_is_a_crime_or_a_dispute() -> None:
    for told, strand, roles in (
        ("Break-in", "crime", ["harmed", "responsible"]),
        ("Hedge", "dispute", ["party", "party"]),
        ("Something quite different", "dispute", ["party", "party"]),
    ):
        body = read(What_happened=told).body
        assert body["strand"] == strand
        assert [party["role"] for party in body["parties"]] == roles
    assert read(What_happened="Hedge", Crime_or_dispute="A crime").body["strand"] == "crime"


def test_what_is_safe_and_when_is_asked_for_each_channel() -> None:
    party = read(
        Harmed_person_1_mobile="07700 900101",
        Harmed_person_1_mobile_is_safe="Yes",
        Harmed_person_1_email="tamsin@mail.example",
        Harmed_person_1_email_is_safe="No",
        Harmed_person_1_landline_is_safe="No",
        Harmed_person_1_when_it_is_safe_to_call="mornings",
        Harmed_person_1_contact_details_checked_on="1/3/2026",
    ).body["parties"][0]
    assert party["contacts"] == [
        {
            "channel": "mobile",
            "value": "07700 900101",
            "safe": "yes",
            "safe_times": "mornings",
            "confirmed_on": "2026-03-01",
        },
        {"channel": "email", "value": "tamsin@mail.example", "safe": "no", "confirmed_on": "2026-03-01"},
    ]


def test_each_consent_is_its_own_and_dated() -> None:
    party = read(
        Harmed_person_1_agrees_to_this_referral="Yes",
        Harmed_person_1_agrees_that_the_other_person_is_asked="more time",
        Harmed_person_1_was_asked_on="1 March 2026",
        Harmed_person_1_wants_to_be_asked_again_on="1 May 2026",
    ).body["parties"][0]
    assert party["consents"] == [
        {
            "to": "referral",
            "decision": "given",
            "decided_on": "2026-03-01",
            "contact_again_on": "2026-05-01",
        },
        {"to": "approach_other_party", "decision": "deferred", "decided_on": "2026-03-01"},
    ]


def test_orders_risks_and_wishes_are_told_in_plain_words() -> None:
    mapped = read(
        Have_you_asked_about_risk="yes",
        Is_anybody_in_danger_now="no",
        Risks="Knife, alcohol and a large dog",
        Bail_forbids_contact="Yes",
        Bail_ends_on="28/04/2026",
        Injunction_forbids_contact="No",
        Harmed_person_1_would_like="To know why; an apology",
        Calls_to_the_police_in_six_months="12",
    )
    body = mapped.body
    assert body["risks"] == {
        "assessed": True,
        "immediate_danger": False,
        "markers": ["weapons", "substance"],
    }
    assert body["event"]["summary"] == "Risks: Knife, alcohol and a large dog"
    assert body["orders"] == [{"type": "bail", "forbids_contact": True, "until": "2026-04-28"}]
    assert body["parties"][0]["wishes"] == ["reason", "apology"]
    assert body["demand_baseline"] == {"police_calls": 12}


def test_the_form_has_a_column_for_every_field_that_a_practitioner_can_know() -> None:
    placed = {
        party: {
            placing.into.path for placing in FORM.plan.placings if placing.into and placing.party == party
        }
        for party in (None, 0, 1, 2, 3)
    }
    of_whole = {name for name, _ in fields_of(of_party=False)}
    # An address stands in one cell.
    assert of_whole - placed[None] == {"event.place.line1", "event.place.line2", "event.place.uprn"}
    of_party = {name for name, _ in fields_of(of_party=True)}
    for party in range(4):
        assert {name.rpartition(".")[0] or name for name in of_party - placed[party]} <= {
            "role",
            "name",
            "address",
            "contacts",
            "contacts.email",
            "contacts.phone",
            "contacts.post",
            "consents.storage",
            "consents.sharing",
            "consents.approach_other_party",
            "identifiers",
        }
        assert placed[party] == placed[0]
