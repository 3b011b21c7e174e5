"""`hub mapping …`: from an unknown export to a mapping that is checked, and a form to fill in."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from services.cli import hub as command
from services.intake.imports.mapping import Mapping, shipped
from services.intake.imports.reading import open_table

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def run(*words: object) -> Result:
    return CliRunner().invoke(command, ["mapping", *map(str, words)], prog_name="hub")


def test_the_hubs_mappings_are_listed_and_shown() -> None:
    listed = run("list").stdout
    for name in shipped():
        assert name in listed
    assert run("show", "first").stdout.startswith("# FIRsT")
    assert "There is no mapping of this name" in run("show", "../first").output


@pytest.mark.parametrize(("file", "taken"), [("red-sigma-export.csv", 8), ("first-export.csv", 7)])
def test_a_draft_is_checked_on_the_rows_of_its_export(file: str, taken: int, tmp_path: Path) -> None:
    drafted = run("draft", EXAMPLES / file)
    assert drafted.exit_code == 0
    draft = tmp_path / "draft.yaml"
    draft.write_text(drafted.stdout, encoding="utf-8")
    checked = run("check", draft, EXAMPLES / file)
    assert f"{taken} of 10 rows would be taken." in checked.stdout
    assert checked.exit_code == 1
    assert run("check", draft).exit_code == 0


def test_a_draft_for_an_export_without_numbers_and_dates_takes_its_rows(tmp_path: Path) -> None:
    export, draft = tmp_path / "export.csv", tmp_path / "draft.yaml"
    export.write_text("Tenant Forename,Tenant Surname,Story\nAsh,Example,Invented\n", encoding="utf-8")
    draft.write_text(run("draft", export).stdout, encoding="utf-8")
    checked = run("check", draft, export)
    assert "1 of 1 rows would be taken." in checked.stdout
    assert checked.exit_code == 0


def test_a_check_tells_which_columns_have_which_faults(tmp_path: Path) -> None:
    mapping = tmp_path / "red_sigma.yaml"
    mapping.write_text(run("show", "red_sigma").stdout, encoding="utf-8")
    told = run("check", mapping, EXAMPLES / "red-sigma-export.csv").stdout
    assert "8 of 10 rows would be taken." in told
    assert "1 rows, column Victim 1 DOB: There is no such day." in told
    assert "31/02/1990" not in told


def test_a_check_tells_mistakes_by_line(tmp_path: Path) -> None:
    mapping = tmp_path / "own.yaml"
    mapping.write_text(run("show", "first").stdout.replace("source_record_id", "record"), encoding="utf-8")
    checked = run("check", mapping)
    assert checked.exit_code == 1
    assert "own.yaml has 1 mistake" in checked.stderr
    assert "there is no field `record`" in checked.stderr


def test_a_check_tells_columns_that_are_unknown_or_missing(tmp_path: Path) -> None:
    mapping = tmp_path / "own.yaml"
    text = run("show", "first").stdout
    mapping.write_text(text.replace("  Officer Role: referrer.role\n", ""), encoding="utf-8")
    assert "would leave out: Officer Role" in run("check", mapping, EXAMPLES / "first-export.csv").stdout
    mapping.write_text(text.replace("Date Opened", "Opened"), encoding="utf-8")
    checked = run("check", mapping, EXAMPLES / "first-export.csv")
    assert checked.exit_code == 1
    assert "The export has no column Opened." in checked.stderr


def test_the_empty_form_has_every_column_and_comes_back_as_it_was_filled_in(tmp_path: Path) -> None:
    form = tmp_path / "form.xlsx"
    assert run("form", "practitioner_form", form).exit_code == 0
    assert "give another name" in run("form", "practitioner_form", form).output
    mapping = Mapping.named("practitioner_form")
    book = load_workbook(form)
    sheet = book["Referrals"]
    headings = [cell.value for cell in sheet[1]]
    assert headings == list(mapping.columns)
    answers = {
        "Your name": "Robin Sample",
        "What happened": "Noise",
        "Harmed person 1 first name": "Tamsin",
        "Harmed person 1 mobile": "07700900101",
        "Harmed person 1 date of birth": "27/07/1991",
    }
    for column, answer in answers.items():
        sheet.cell(2, headings.index(column) + 1).value = answer
    book.save(form)
    with open_table(form, form.name, known=mapping.columns) as table:
        assert mapping.missing(table.columns) == ()
        (row,) = table.rows
    assert row.cells == answers


def test_the_form_offers_the_words_that_the_format_knows(tmp_path: Path) -> None:
    form = tmp_path / "form.xlsx"
    run("form", "practitioner_form", form)
    book = load_workbook(form)
    assert book["Words"].sheet_state == "hidden"
    offered = {cell.value for column in book["Words"].columns for cell in column}
    assert {"Yes", "No", "Criminal damage", "Given", "Not asked", "Unknown"} <= offered
    kinds = {choice.type for choice in book["Referrals"].data_validations.dataValidation}
    assert kinds == {"list"}
