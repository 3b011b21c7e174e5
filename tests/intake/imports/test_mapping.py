"""A column mapping turns a row of an agency's export into a referral, and loses nothing of it."""

from __future__ import annotations

import datetime as dt
import io
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.intake.imports.domain.row import Row, RowFault
from services.intake.imports.mapping import NOBODY, MappedRow, Mapping, NoSuchMapping, shipped
from services.intake.imports.reading import open_table
from services.intake.schema import read_referral
from shared.problems import Fault, Unprocessable
from tests.support.houses import embedded_hub

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
EXPORTS = {"red_sigma": EXAMPLES / "red-sigma-export.csv", "first": EXAMPLES / "first-export.csv"}


# What the first row of the example of Red Sigma says.
FIRST_ROW = {
    "source_record_id": "RS-EX-00001",
    "referred_at": "2026-03-09T13:09:00+00:00",
    "assessment_point": "restorative_hub",
    "need_identified_by": "crime_or_incident",
    "initiated_by": "agency",
    "strand": "crime",
    "referrer": {
        "name": "Robin Sample",
        "role": "NPT Exampleton",
        "organisation": "Durham Constabulary",
    },
    "event": {
        "type": "criminal_damage",
        "started_on": "2026-03-06",
        "ended_on": "2026-03-07",
        "place": {
            "line1": "Flat 3 Specimen Court",
            "line2": "Vale Street",
            "town": "Exampleton",
            "postcode": "DH1 9ZZ",
        },
        "references": [
            {"scheme": "crime", "value": "CRI009000001"},
            {"scheme": "incident", "value": "DHM-06032026-0101"},
        ],
        "summary": "Both door mirrors broken.\nRepair about £600.",
        "justice_stage": "under_investigation",
        "next_hearing_on": "2026-04-28",
        "offender_identified": True,
    },
    "parties": [
        {
            "role": "harmed",
            "name": {
                "title": "Ms",
                "given": "Tamsin",
                "middle": "Jo",
                "family": "Harcastle",
                "known_as": "Tam",
            },
            "date_of_birth": "1991-07-27",
            "gender": "female",
            "address": {"line1": "41 Vale St", "town": "Exampleton", "postcode": "DH1 9ZZ"},
            "contacts": [
                {"channel": "mobile", "value": "07700 900101"},
                {"channel": "landline", "value": "(01632) 960101"},
                {"channel": "email", "value": "tamsin.harcastle@mail.example"},
            ],
            "consents": [{"to": "referral", "decision": "given"}],
            "identifiers": [{"scheme": "red_sigma_nominal", "value": "N90000001"}],
        },
        {
            "role": "responsible",
            "name": {"given": "KIERAN", "family": "OTHERBY"},
            "gender": "male",
            "address": {"line1": "21 BROOK ROW", "line2": "SAMPLE HILL", "town": "EXAMPLETON"},
            "contacts": [{"channel": "mobile", "value": "+44 7700 900102"}],
            "identifiers": [{"scheme": "red_sigma_nominal", "value": "N90000002"}],
        },
    ],
    "risks": {"assessed": True},
}


def rows_of(name: str) -> tuple[tuple[str, ...], list[Row]]:
    path = EXPORTS[name]
    with open_table(path, path.name) as table:
        return table.columns, list(table.rows)


def row(name: str, number: int) -> MappedRow:
    """The row of the example of this number."""
    return Mapping.named(name).read_row(rows_of(name)[1][number - 1].cells)


def faults_of(mapped: MappedRow) -> list[tuple[str, str]]:
    """Every fault of a mapped row, the door's included, as column and code."""
    found = list(mapped.faults)
    try:
        read_referral(mapped.body, self_referral=False)
    except Unprocessable as problem:
        found += mapped.tell(problem.errors)
    return [(fault.column, fault.code) for fault in found]


def written(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return Mapping.read(path)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_shipped_mapping_knows_every_column_of_its_export(name: str) -> None:
    mapping = Mapping.named(name)
    columns, _ = rows_of(name)
    assert mapping.unknown(columns) == ()
    assert mapping.missing(columns) == ()
    assert set(mapping.columns) == set(columns)


def test_a_whole_row_of_red_sigma_becomes_a_whole_referral() -> None:
    assert row("red_sigma", 1).body == FIRST_ROW


def test_a_file_gives_the_same_referrals_and_the_same_links_as_the_api(tmp_path: Path) -> None:
    with closing(embedded_hub(tmp_path / "home")) as hub:
        agencies = {"red_sigma": "durham_constabulary", "first": "durham_county_council"}
        for name, path in EXPORTS.items():
            answer = hub.front.post(
                "/v1/imports",
                data={"file": (io.BytesIO(path.read_bytes()), path.name), "mapping": name},
                headers={"Authorization": f"Bearer {hub.key_of(agencies[name])}"},
            )
            assert answer.status_code == 202, answer.text
            hub.settle()
        links = hub.links()
        assert len(links) == 15
        # The same content by the API is a repeat of what the file brought, and no amendment.
        answer = hub.post(FIRST_ROW, "durham_constabulary")
        assert (answer.status_code, answer.get_json()["version"]) == (200, 1)
        of_police = links["durham_constabulary:RS-EX-00001"]
        of_council = links["durham_county_council:FIRST/EX/00010"]
        # They share a number and nothing else: that is a question for a human, and no answer.
        assert of_police["case"] != of_council["case"]
        assert of_police["review"] == ["durham_county_council:FIRST/EX/00010"]
        assert len({line["case"] for line in links.values()}) == 15


def test_what_excel_did_to_dates_and_numbers_is_undone() -> None:
    body = row("red_sigma", 2).body
    assert body["referred_at"] == "2026-05-30T12:00:00+01:00"
    assert body["event"]["started_on"] == "2026-05-28"
    harmed, responsible = body["parties"]
    assert harmed["date_of_birth"] == "1991-07-27"
    assert [one["value"] for one in harmed["contacts"]] == ["07700900103", "01632960103"]
    assert [one["value"] for one in responsible["contacts"]] == ["+447700900104", "01632960104"]


def test_several_references_of_one_cell_are_kept_as_typed() -> None:
    assert row("red_sigma", 3).body["event"]["references"] == [
        {"scheme": "incident", "value": "DHM-09122025-0357"},
        {"scheme": "incident", "value": "479 of 04/03/26"},
        {"scheme": "incident", "value": "291/13112025"},
    ]
    assert [one["value"] for one in row("red_sigma", 4).body["event"]["references"]] == [
        "CRI009000004",
        "Crime No. CRI009000005",
    ]


@pytest.mark.parametrize(
    ("name", "number", "roles"),
    [
        ("red_sigma", 1, ["harmed", "responsible"]),
        ("red_sigma", 3, ["party", "party", "party"]),
        ("red_sigma", 4, ["harmed", "harmed"]),
        ("first", 1, ["party", "party", "party"]),
        ("first", 6, ["harmed", "harmed", "responsible"]),
    ],
)
def test_roles_follow_the_strand_and_a_party_is_there_when_a_column_of_its_own_is_filled_in(
    name: str, number: int, roles: list[str]
) -> None:
    assert [party["role"] for party in row(name, number).body["parties"]] == roles


def test_a_person_known_by_number_alone_is_a_party() -> None:
    assert row("red_sigma", 6).body["parties"][1] == {
        "role": "responsible",
        "identifiers": [{"scheme": "red_sigma_nominal", "value": "N90000006"}],
    }


def test_a_word_that_has_no_place_is_kept_in_the_summary() -> None:
    event = row("red_sigma", 4).body["event"]
    assert event["type"] == "other"
    assert "justice_stage" not in event
    assert event["summary"].splitlines() == [
        "Taken from the front step.",
        "Offence: Kidnap of a garden gnome",
        "Investigation Status: Awaiting file review",
    ]
    assert row("first", 4).body["event"]["summary"].splitlines()[1:] == ["Category: Ghosts"]


def test_a_word_that_must_be_known_is_a_fault_that_lists_the_words() -> None:
    mapped = row("first", 5)
    assert faults_of(mapped) == [("Case Type", "unknown_word")]
    assert "neighbour dispute" in mapped.faults[0].detail
    assert "Anything else" not in mapped.faults[0].detail


def test_an_answer_of_a_party_who_is_not_there_is_kept_in_the_summary() -> None:
    assert row("red_sigma", 8).body["event"]["summary"].splitlines()[1:] == ["Consent To Refer: Yes"]


def test_an_order_that_forbids_contact_is_carried_and_none_is_made_of_a_no() -> None:
    assert row("red_sigma", 4).body["orders"] == [{"type": "other", "forbids_contact": True}]
    assert "orders" not in row("red_sigma", 3).body


def test_yes_and_no_to_consent_are_decisions_and_blank_is_none() -> None:
    decisions = [
        row("red_sigma", number).body["parties"][0].get("consents", [{}])[0].get("decision")
        for number in (1, 2, 3)
    ]
    assert decisions == ["given", None, "refused"]


def test_not_known_is_no_value_where_a_date_or_a_number_belongs() -> None:
    harmed = row("red_sigma", 6).body["parties"][0]
    assert "date_of_birth" not in harmed
    assert "contacts" not in harmed


def test_two_numbers_of_one_cell_are_two_contacts() -> None:
    assert row("red_sigma", 5).body["parties"][0]["contacts"] == [
        {"channel": "mobile", "value": "07700 900105"},
        {"channel": "mobile", "value": "07700 900106"},
    ]
    assert [one["value"] for one in row("red_sigma", 4).body["parties"][1]["contacts"]] == [
        "niamh@mail.example",
        "niamh.work@mail.example",
    ]


def test_every_cell_that_cannot_be_read_is_told_of_by_its_column() -> None:
    assert faults_of(row("red_sigma", 7)) == [
        ("Offence Date From", "month_first"),
        ("Next Hearing", "bad_date"),
        ("Suspect Identified", "not_yes_or_no"),
        ("Victim 1 DOB", "bad_date"),
    ]
    assert [fault.column for fault in rows_of("red_sigma")[1][6].faults] == [
        "Victim 1 Mobile",
        "Suspect 1 Email",
    ]


def test_no_detail_repeats_what_a_cell_holds() -> None:
    for fault in row("red_sigma", 7).faults:
        assert not any(held in fault.detail for held in ("06/31/2026", "soon", "perhaps", "31/02", "7.7E"))


def test_what_the_door_misses_is_told_in_the_words_of_the_spreadsheet() -> None:
    assert faults_of(row("first", 7)) == [("Date Opened", "required")]
    mapped = row("red_sigma", 9)
    with pytest.raises(Unprocessable) as refused:
        read_referral(mapped.body, self_referral=False)
    assert mapped.tell(refused.value.errors) == (RowFault("Victim 1 Surname", "required", NOBODY),)


def test_each_place_of_the_body_knows_its_column() -> None:
    mapped = row("red_sigma", 4)
    assert mapped.column_of["/parties/1/name/family"] == "Victim 2 Surname"
    assert mapped.column_of["/parties/1/contacts/1/value"] == "Victim 2 Email"
    assert mapped.column_of["/event/references/1/value"] == "Crime Number"
    assert mapped.column_for("/parties/0/consents") == "Consent To Refer"
    assert mapped.tell([Fault("/parties/1/contacts/0/value", "not_an_email", "Give one.")]) == (
        RowFault("Victim 2 Email", "not_an_email", "Give one."),
    )


@pytest.mark.parametrize("name", EXPORTS)
def test_every_row_without_a_fault_is_taken_by_the_door(name: str) -> None:
    faulty = {"red_sigma": {7, 9}, "first": {5, 7, 8}}[name]
    found = {
        number
        for number, one in enumerate(rows_of(name)[1], start=1)
        if one.faults or faults_of(Mapping.named(name).read_row(one.cells))
    }
    assert found == faulty


def test_a_day_without_a_time_is_the_start_of_a_working_day_in_london() -> None:
    assert row("first", 1).body["referred_at"] == "2026-03-19T09:00:00+00:00"
    assert row("first", 2).body["referred_at"] == "2026-05-30T09:00:00+01:00"


def test_the_phone_of_a_council_is_a_mobile_or_a_landline_by_its_form() -> None:
    client, _, other = row("first", 1).body["parties"]
    assert client["contacts"][0] == {"channel": "mobile", "value": "07700-900111"}
    assert other["contacts"][0] == {"channel": "landline", "value": "01632 960111"}


def test_a_second_client_named_in_one_cell_is_a_party_with_a_name_in_parts() -> None:
    assert row("first", 1).body["parties"][1]["name"] == {"given": "Nell", "family": "Fletchley"}
    assert row("first", 3).body["parties"][1]["name"] == {
        "title": "Mrs",
        "given": "Ros",
        "family": "O Hara",
    }
    assert row("first", 6).body["parties"][1]["name"] == {"given": "Max", "family": "LAMB"}


def test_columns_are_known_whatever_their_case_and_spaces() -> None:
    mapping = Mapping.named("first")
    columns = [f" {column.upper()} " for column in mapping.columns]
    assert mapping.unknown(columns) == ()
    assert mapping.missing(columns) == ()
    body = mapping.read_row({"CASE  REF": "FIRST/EX/1", "date opened": "19/03/2026"}).body
    assert body["source_record_id"] == "FIRST/EX/1"


@pytest.mark.parametrize("written", ["{}:", "{} *", "*{}", "{}\u200b"])
def test_columns_are_known_whatever_stands_for_a_space_or_around_their_names(written: str) -> None:
    mapping = Mapping.named("first")
    columns = [written.format(column.replace(" ", "_")) for column in mapping.columns]
    assert mapping.unknown(columns) == ()
    assert mapping.missing(columns) == ()
    body = mapping.read_row({written.format("Case_Ref"): "FIRST/EX/1"}).body
    assert body["source_record_id"] == "FIRST/EX/1"


def test_unknown_columns_are_named_and_missing_ones_too() -> None:
    mapping = Mapping.named("first")
    columns = [column for column in mapping.columns if column != "Date Opened"]
    assert mapping.unknown([*columns, "Shoe size"]) == ("Shoe size",)
    assert mapping.missing(columns) == ("Date Opened",)


def test_only_the_hubs_own_mappings_are_found_by_name() -> None:
    assert set(EXPORTS) <= set(shipped())
    for name in ("nothing", "../first", "/etc/hosts", ""):
        with pytest.raises(NoSuchMapping):
            Mapping.named(name)


SMALL = """
name: small
always:
  strand: dispute
  referrer.organisation: Example Housing
columns:
  No: {to: source_record_id, when_blank: from_the_row}
  Date: {to: referred_at, when_blank: when_received}
  Kind: event.type
  Story: event.summary
  Story (more): event.summary
  Wishes: note
parties:
  - name: Tenant
    role: party
    always: {language: English, contacts.post.safe: "no"}
    columns:
      House: address.line1
      Street: {to: address.line1, joined_with: " "}
      Tenant: name
      Ring: {to: contacts.mobile.safe}
      Telephone: contacts.mobile
      Likes: wishes
      Needs: access_needs
"""


def small(tmp_path: Path, **cells: str) -> dict[str, Any]:
    given = {"No": "1", "Date": "1 March 2026", "Kind": "noise", "Tenant": "Ash Example"} | cells
    return written(tmp_path, SMALL).read_row(given).body


def test_text_of_several_columns_is_joined(tmp_path: Path) -> None:
    cells = {
        "House": "12",
        "Street": "Vale Street",
        "Story": "One.",
        "Story (more)": "Two.",
        "Wishes": "Peace",
    }
    body = small(tmp_path, **cells)
    assert body["parties"][0]["address"]["line1"] == "12 Vale Street"
    assert body["event"]["summary"] == "One.\nTwo.\nWishes: Peace"


def test_a_letter_goes_to_the_partys_own_address(tmp_path: Path) -> None:
    contacts = small(tmp_path, House="12", Street="Vale Street")["parties"][0]["contacts"]
    assert contacts == [{"channel": "post", "safe": "no", "value": "12 Vale Street"}]
    assert "contacts" not in small(tmp_path)["parties"][0]


def test_what_is_said_of_a_number_that_is_not_given_is_kept_in_the_summary(tmp_path: Path) -> None:
    body = small(tmp_path, Ring="No")
    assert "contacts" not in body["parties"][0]
    assert body["event"]["summary"] == "Ring: No"
    told = small(tmp_path, Ring="No", Telephone="07700 900107")["parties"][0]["contacts"]
    assert told == [{"channel": "mobile", "safe": "no", "value": "07700 900107"}]


def test_several_words_and_several_texts_of_one_cell_are_lists(tmp_path: Path) -> None:
    party = small(tmp_path, Likes="Apology, explanation", Needs="large print; wheelchair")["parties"][0]
    assert party["wishes"] == ["apology", "explanation"]
    assert party["access_needs"] == ["large print", "wheelchair"]


def test_a_row_without_a_number_always_gets_the_same_one(tmp_path: Path) -> None:
    once, again, other = (
        small(tmp_path, **cells)["source_record_id"]
        for cells in ({"No": "tbc"}, {"No": " "}, {"No": "N/A", "Story": "Another."})
    )
    assert once == again
    assert once != other
    assert once.startswith("ROW-")


@pytest.mark.parametrize("nothing", ["TBC", "n/a", "-", "Not known"])
def test_a_number_that_is_not_known_yet_is_asked_for(nothing: str) -> None:
    row = Mapping.named("first").read_row({"Case Ref": nothing, "Client Surname": "Example"})
    assert "source_record_id" not in row.body
    assert row.column_for("/source_record_id") == "Case Ref"


def test_a_blank_date_of_referral_is_when_it_was_received(tmp_path: Path) -> None:
    mapping = written(tmp_path, SMALL)
    cells = {"Kind": "noise", "Tenant": "Ash Example"}
    received_at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    assert mapping.read_row(cells, received_at).body["referred_at"] == "2026-03-01T12:00:00+00:00"
    assert "referred_at" not in mapping.read_row(cells).body
    assert mapping.missing(["Kind", "Tenant"]) == ()


def test_an_answer_that_is_no_decision_is_no_consent_and_is_kept() -> None:
    mapping = Mapping.named("first")
    body = mapping.read_row({"Client Surname": "Example", "Consent": "Verbal, to be confirmed"}).body
    assert "consents" not in body["parties"][0]
    assert body["event"]["summary"] == "Consent: Verbal, to be confirmed"
