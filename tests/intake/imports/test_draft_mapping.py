"""A draft proposes a mapping for an export that nobody has mapped, and can be read as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.imports.column_names import names
from services.intake.imports.domain.header import plain
from services.intake.imports.draft_mapping import draft_mapping
from services.intake.imports.mapping import Mapping
from services.intake.imports.mapping_file import Plan, read_plan
from services.intake.imports.reading import open_table

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def places(plan: Plan) -> dict[str, set[tuple[str, str]]]:
    """Where each column goes: the field, and whose it is."""
    found: dict[str, set[tuple[str, str]]] = {}
    for placing in plan.placings:
        whose = "" if placing.party is None else plan.parties[placing.party].name.casefold()
        found.setdefault(placing.column, set()).add((placing.into.path if placing.into else "note", whose))
    return found | {column: {("ignored", "")} for column in plan.ignored}


def drafted(name: str, columns: list[str], rows: list[dict[str, str]] | None = None) -> Plan:
    return read_plan(draft_mapping(name, columns, rows or []).text, "draft.yaml")


@pytest.mark.parametrize(("name", "file", "unlike"), [("red_sigma", "red-sigma", 4), ("first", "first", 0)])
def test_a_draft_comes_close_to_what_was_written_by_hand(name: str, file: str, unlike: int) -> None:
    with open_table(EXAMPLES / f"{file}-export.csv", f"{file}.csv") as table:
        proposed = draft_mapping(name, table.columns, [row.cells for row in table.rows])
    shipped = places(Mapping.named(name).plan)
    found = places(read_plan(proposed.text, "draft.yaml"))
    # The example of Red Sigma has few dates, and wrong ones among them.
    assert sum(found.get(column) != place for column, place in shipped.items()) <= unlike
    assert proposed.columns == len(shipped)


STRANGE = [
    "Ref No.", "Date Recd", "Crime/ASB", "Offence Desc", "Victim Full Name", "Victim D.O.B",
    "VictimContactNo", "Victim E-mail Address", "Victim Shoe Size", "Offender Name",
    "Offender PNC ID", "Crime Ref", "Log No",
    "OIC", "Brief Circumstances", "Consent Obtained", "Last Updated", "Colour",
]  # fmt: skip
STRANGE_ROWS = [
    {
        "Ref No.": f"EX/{number}",
        "Date Recd": "12/03/2026",
        "Crime/ASB": "ASB" if number % 2 else "Crime",
        "Offence Desc": ("Section 39 assault", "Criminal damge", "Wheelie bins")[number % 3],
        "Consent Obtained": "Y",
        "Victim Full Name": "Ash Example",
        "Victim Shoe Size": str(number),
    }
    for number in range(6)
]


def test_an_export_of_another_system_is_placed_by_names_and_values() -> None:
    plan = drafted("other", STRANGE, STRANGE_ROWS)
    found = places(plan)
    assert found["Ref No."] == {("source_record_id", "")}
    assert found["Date Recd"] == {("referred_at", "")}
    assert found["Crime/ASB"] == {("strand", "")}
    assert found["Victim D.O.B"] == {("date_of_birth", "victim")}
    assert found["Victim E-mail Address"] == {("contacts.email", "victim")}
    assert found["Offender Name"] == {("name", "offender")}
    assert found["Offender PNC ID"] == {("identifiers.other_pnc", "offender")}
    assert found["Consent Obtained"] == {("consents.referral", "victim")}
    assert found["Last Updated"] == {("ignored", "")}
    assert set(plan.unplaced) >= {"Victim Shoe Size", "Colour"}


def test_words_of_the_export_are_proposed_as_the_formats_where_they_are_alike() -> None:
    text = draft_mapping("other", STRANGE, STRANGE_ROWS).text
    words = next(
        placing.words
        for placing in read_plan(text, "draft.yaml").placings
        if placing.into and placing.into.path == "event.type"
    )
    assert words == {"section 39 assault": "assault", "criminal damge": "criminal_damage"}
    assert "# not placed: Wheelie bins" in text


def test_nothing_of_a_person_stands_in_a_draft() -> None:
    assert "Ash Example" not in draft_mapping("other", STRANGE, STRANGE_ROWS).text


def test_a_column_that_could_not_be_placed_is_told_by_its_looks() -> None:
    text = draft_mapping("other", STRANGE, STRANGE_ROWS).text
    assert "- Victim Shoe Size   # looks like numbers" in text
    assert "- Colour   # empty in the rows that were looked at" in text


def test_a_name_that_the_values_speak_against_is_not_believed() -> None:
    rows = [{"Incident Date": "soon", "Victim Name": "Ash"}, {"Incident Date": "later", "Victim Name": "Bo"}]
    plan = drafted("other", ["Incident Date", "Victim Name"], rows)
    assert plan.unplaced == ("Incident Date",)


def test_columns_without_a_beginning_are_those_of_the_one_person_there_is() -> None:
    found = places(drafted("other", ["Surname", "Forename", "DOB", "Postcode", "Story"]))
    assert found["Surname"] == {("name.family", "person")}
    assert found["Postcode"] == {("address.postcode", "person")}


_NAMES = [phrase for part in (names().whole, names().of_party) for known in part.values() for phrase in known]
_BEGINNINGS = [
    "Victim 1",
    "Victim 2",
    "Suspect",
    "Other Party",
    "Second Client",
    "Person A",
    "#Tenant",
    "Vic's",
]
_COLUMNS = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(_NAMES).map(str.title),
    st.builds("{} {}".format, st.sampled_from(_BEGINNINGS), st.sampled_from(_NAMES)),
).map(lambda name: " ".join(name.split()))
_CELLS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["Yes", "12/03/2026", "a@b.example", "DH1 1AA", "07700900123", "Noise"]),
)


@settings(max_examples=60)
@given(st.lists(_COLUMNS.filter(bool), min_size=1, max_size=14, unique_by=plain), st.data())
def test_a_draft_can_always_be_read_and_forgets_no_column(columns: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, _CELLS)), max_size=3))
    plan = drafted("own", columns, rows)
    told = {plain(column) for column in (*Mapping(plan).columns, *plan.unplaced)}
    assert told >= {plain(column) for column in columns}
