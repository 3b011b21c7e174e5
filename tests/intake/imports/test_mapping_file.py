"""A mapping with a mistake is refused with the line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.intake.imports.fields import fields_of, find_field
from services.intake.imports.mapping import Mapping, shipped
from services.intake.imports.mapping_file import (
    COLUMN_KEYS,
    FILE_KEYS,
    MOST_MISTAKES,
    PARTY_KEYS,
    MistakenMapping,
    read_plan,
)
from services.intake.imports.readers import NOTE, READERS
from services.intake.schema import read_referral

GOOD = """\
name: good
always:
  strand: dispute
  referrer.organisation: Example Housing
columns:
  No: source_record_id
  Date: referred_at
  Kind:
    to: event.type
    words:
      Din: noise
    otherwise: other
  Consent: {to: consents.referral, of: Tenant}
parties:
  - name: Tenant
    role: party
    columns:
      Tenant: name
ignored:
  - Printed on
"""


def mistakes(text: str) -> list[tuple[int, str]]:
    with pytest.raises(MistakenMapping) as refused:
        read_plan(text, "own.yaml")
    return [(mistake.line, mistake.detail) for mistake in refused.value.mistakes]


def mistake(old: str, new: str) -> tuple[int, str]:
    assert old in GOOD
    found = mistakes(GOOD.replace(old, new))
    assert len(found) == 1, found
    return found[0]


def test_the_good_one_is_good() -> None:
    plan = read_plan(GOOD, "good.yaml")
    assert plan.required == ("No", "Date", "Kind")
    assert [placing.column for placing in plan.placings] == ["No", "Date", "Kind", "Consent", "Tenant"]


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("event.type", "event.typ", 9, "no field `event.typ`. Did you mean event.type"),
        ("Tenant: name", "Tenant: surname", 18, "there is no field `surname`"),
        ("No: source_record_id", "No: date_of_birth", 6, "a field of a party: say `of:` which party"),
        ("Tenant: name", "Tenant: event.type", 18, "a field of the whole referral: put it under `columns`"),
        ("Din: noise", "Din: noisy", 11, "did you mean `noise`?"),
        ("otherwise: other", "otherwise: whatever", 12, "write one of: note"),
        ("of: Tenant", "of: Landlord", 13, "no party `Landlord`; the parties are: Tenant"),
        ("role: party", "role: victim", 16, "`victim` is no role; write one of: harmed, responsible, party"),
        ("role: party", "role: {crime: harmed}", 16, "both strands"),
        ("    role: party\n", "", 15, "give the party its `role`"),
        ("columns:\n  No", "colums:\n  No", 5, "did you mean `columns`?"),
        ("  Date: referred_at", "  No: referred_at", 7, "column `No` stands on line 6 already"),
        ("- Printed on", "- kind", 20, "column `kind` stands on line 8 already"),
        ("strand: dispute", "strand: quarrel", 3, "crime, dispute"),
        ("to: event.type", "read_as: uk_date\n    to: event.type", 9, "can be read as: code"),
        ("  Date: referred_at\n", "", 1, "every referral needs `referred_at`"),
        ("  referrer.organisation: Example Housing\n", "", 1, "needs a referrer"),
        ("name: good\n", "", 1, "give the mapping a `name`"),
        ("Date: referred_at", 'Date: {to: referred_at, time: "25:00"}', 7, "write the time of day"),
        ("Date: referred_at", "Date: {to: referred_at, when_blank: from_the_row}", 7, "write when_received"),
        ("Date: referred_at", "Date: {of: Tenant}", 7, "say where column `Date` goes"),
        ("Tenant: name", "Tenant: {to: name, joined_with: x}", 18, "nothing is joined"),
        ("Tenant: name", "Tenant: contacts.pigeon", 18, "no field `contacts.pigeon`"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(old: str, new: str, line: int, told: str) -> None:
    found = mistake(old, new)
    assert found[0] == line
    assert told in found[1]


def test_every_mistake_is_told_at_once() -> None:
    text = (
        GOOD.replace("event.type", "event.typ")
        .replace("role: party", "role: victim")
        .replace("name: good", "")
    )
    assert [line for line, _ in mistakes(text)] == [2, 9, 16]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: good\n\tcolumns: x", "cannot be read as YAML"),
        ("columns: [", "cannot be read as YAML"),
        ("a: &x [1]\nb: *x", "instead of using & and *"),
        ("- a list", "written as lines of"),
        ("", "written as lines of"),
        ("\x00", "take out the characters"),
        (GOOD.replace("Date: referred_at", 'Date: "\\ud800"'), "take out the characters"),
        (GOOD.replace("name: good", 'name: good\n"\\0": x'), "take out the characters"),
        ("#" * 70_000, "too large"),
        ("a: " + "[" * 5000, "do not put lists into lists"),
        ("columns:\n" + "".join(f"  Column {number}: note\n" for number in range(1200)), "at most 1000"),
        (GOOD.replace("- name: Tenant", f"- columns_begin_with: [{'A, ' * 20}]"), "at most 10 parties"),
    ],
)
def test_what_is_no_mapping_at_all_is_refused_in_a_sentence(text: str, told: str) -> None:
    assert any(told in detail for _, detail in mistakes(text))


def test_mistakes_without_end_are_not_all_looked_for() -> None:
    text = GOOD.replace("columns:\n  No", "columns:\n" + "  Wrong: wrong\n" * 2000 + "  No")
    found = mistakes(text)
    assert len(found) == MOST_MISTAKES + 1
    assert "mend these first" in found[-1][1]


def test_yes_and_no_are_words_like_any_other() -> None:
    text = GOOD.replace("of: Tenant}", "of: Tenant, words: {Yes: given, No: refused, Ja: given}}")
    plan = read_plan(text, "good.yaml")
    placing = next(placing for placing in plan.placings if placing.column == "Consent")
    assert placing.words == {"yes": "given", "no": "refused", "ja": "given"}


def test_a_column_may_go_into_several_fields() -> None:
    text = GOOD.replace("  Date: referred_at\n", "  Date:\n    - referred_at\n    - {to: event.started_on}\n")
    body = Mapping(read_plan(text, "good.yaml")).read_row({"Date": "1/3/2026"}).body
    assert body["referred_at"] == "2026-03-01T09:00:00+00:00"
    assert body["event"] == {"started_on": "2026-03-01"}


@pytest.mark.parametrize("of_party", [True, False])
def test_every_field_that_can_be_named_is_found(of_party: bool) -> None:  # noqa: FBT001
    for name, kind in fields_of(of_party=of_party):
        found = find_field(name.replace("SYSTEM", "red_sigma_nominal"), of_party=of_party)
        if name.startswith("contacts"):
            continue
        assert found.kind == kind


@pytest.mark.parametrize("name", shipped())
def test_what_the_hub_brings_is_right_and_called_by_its_file(name: str) -> None:
    mapping = Mapping.named(name)
    assert mapping.name == name
    assert mapping.about


def test_every_reader_and_every_key_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    told = {word.strip("`, ") for row in rows for word in row.split()}
    keys = {*READERS, *FILE_KEYS, *PARTY_KEYS, *COLUMN_KEYS, NOTE}
    assert keys <= told


def test_the_example_of_the_page_is_a_mapping() -> None:
    page = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    mapping = Mapping(read_plan(example, "docs/mappings.md"))
    assert mapping.missing(mapping.columns) == ()
    row = {
        "Complaint No": "1",
        "Opened": "22/06/2026 14:05",
        "Kind": "Loud parties",
        "Colour of file": "green",
        "May we refer?": "Yes",
        "Tenant Forename": "Ash",
        "Complained about": "Bo Example",
    }
    body = mapping.read_row(row).body
    assert read_referral(body, self_referral=False).event.type == "noise"
    assert body["referred_at"] == "2026-06-22T14:05:00+01:00"
    assert body["event"]["summary"] == "Colour of file: green"
    assert [party["role"] for party in body["parties"]] == ["party", "party"]
    assert body["parties"][0]["consents"] == [{"to": "referral", "decision": "given"}]
