"""XLSX and ODS files are read as their agency sees them, and read the same as a CSV file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Collection
from pathlib import Path

import openpyxl
import pytest

from services.intake.imports.domain.row import Row
from services.intake.imports.reading import open_table
from services.intake.imports.unreadable import UnreadableFile
from tests.intake.imports.workbooks import (
    a_sheet,
    ods,
    ods_parts,
    ods_row,
    packed,
    sheet_of,
    sheet_row,
    xlsx,
    xlsx_parts,
)

# All of it is invented.
Held = bool | float | dt.date | dt.time

LINES = [
    ("Referrals to the hub",),
    (),
    ("Case Ref", "Surname", "D.O.B.", "Tel", "Address"),
    ("EX/1", "O\u2019Hara & <Son>", "14/07/1980", "01914960000", "1 Example Street\nDurham"),
    (),
    ("EX/2", "Żak", "", "07700 900123"),
]


def read(content: bytes, *, known: Collection[str] = ()) -> tuple[tuple[str, ...], list[Row], str]:
    with open_table(io.BytesIO(content), "export", known=known) as table:
        return table.columns, list(table.rows), table.form


def values(content: bytes) -> dict[str, str]:
    """The one row below the names."""
    (row,) = read(content)[1]
    return dict(row.cells)


def as_csv(lines: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def as_openpyxl_writes(lines: list[tuple[str, ...]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for line in lines:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [as_csv(LINES), as_openpyxl_writes(LINES), xlsx(LINES), ods(LINES)],
    ids=["csv", "xlsx-by-openpyxl", "xlsx-with-texts-in-cells", "ods"],
)
def test_every_kind_of_file_reads_the_same(content: bytes) -> None:
    columns, rows, _ = read(content)
    assert columns == LINES[2]
    assert rows == [
        Row(4, dict(zip(LINES[2], LINES[3], strict=True))),
        Row(6, {"Case Ref": "EX/2", "Surname": "Żak", "Tel": "07700 900123"}),
    ]


def test_a_workbook_on_disk_is_read_from_there(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_bytes(xlsx(LINES))
    with open_table(path, path.name) as table:
        assert table.form == "XLSX, sheet “Sheet1”"
        assert [row.number for row in table.rows] == [4, 6]


def test_values_that_excel_holds_come_as_a_person_reads_them() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    held: dict[str, tuple[Held, str, str]] = {
        "date": (dt.date(1980, 7, 14), "dd/mm/yyyy", "1980-07-14"),
        "moment": (dt.datetime(2026, 3, 31, 14, 5), "dd/mm/yyyy hh:mm", "2026-03-31T14:05:00"),  # noqa: DTZ001
        "day of a moment": (dt.datetime(2026, 3, 31), "dd/mm/yyyy hh:mm", "2026-03-31"),  # noqa: DTZ001
        "time": (dt.time(9, 30), "hh:mm", "09:30:00"),
        "month in words": (dt.date(2026, 3, 1), '[$-809]d "of" mmmm', "2026-03-01"),
        "whole": (7700900123.0, "General", "7700900123"),
        "phone": (1914960000, "00000 000000", "01914960000"),
        "broken": (0.1 + 0.2, "General", "0.3"),
        "tiny": (0.00001, "General", "0.00001"),
        "share": (0.25, "0%", "25%"),
        "yes": (True, "General", "TRUE"),
        "red": (12, "[Red]0.00", "12"),
        "minus": (-3.5, "0.0", "-3.5"),
    }
    sheet.append(tuple(held))
    sheet.append(tuple(value for value, _, _ in held.values()))
    for column, (_, shown, _) in enumerate(held.values(), 1):
        sheet.cell(2, column).number_format = shown
    file = io.BytesIO()
    book.save(file)
    assert values(file.getvalue()) == {name: read_as for name, (_, _, read_as) in held.items()}


STYLES = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
TEXTS = f"<si><t>{'x' * 40_000}</t></si><si><r><t>shared </t></r><r><t>in pieces</t></r></si>"


def test_what_workbooks_of_other_programs_hold_is_read_too() -> None:
    held = {
        "<c><v>7.700900123E9</v></c>": "7700900123",
        "<c><v>99921390389812</v></c>": "99921390389812",
        '<c t="str"><f>A1&amp;B1</f><v>worked out</v></c>': "worked out",
        "<c><f>1+1</f><v>2</v></c>": "2",
        '<c t="d"><v>2026-03-31T00:00:00</v></c>': "2026-03-31",
        '<c t="b"><v>0</v></c>': "FALSE",
        '<c t="inlineStr"><is><r><t>in </t></r><r><t>pieces</t></r></is></c>': "in pieces",
        '<c t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></is></c>': "東京",
        '<c t="inlineStr"><is><t>one_x000D_\ntwo_x0007_</t></is></c>': "one\ntwo",
        '<c t="s"><v>1</v></c>': "shared in pieces",
        '<c s="1"><v>59</v></c>': "1900-02-28",
        '<c s="1"><v>1</v></c>': "1900-01-01",
        '<c s="1"><v>46111.9999999</v></c>': "2026-03-31",
    }
    lines = [("Ref", "Value"), *((f"EX/{number}", cell) for number, cell in enumerate(held))]
    rows = read(xlsx(lines, texts=TEXTS, styles=STYLES))[1]
    assert {cell: row.cells["Value"] for cell, row in zip(held, rows, strict=True)} == held


def test_days_count_from_1904_where_the_workbook_says_so() -> None:
    lines = [("Ref", "Day"), ("A", '<c s="1"><v>1</v></c>')]
    content = xlsx(lines, styles=STYLES, book='<workbookPr date1904="1"/>')
    assert values(content)["Day"] == "1904-01-02"


def test_a_cell_without_a_value_to_rely_on_is_blank_and_told() -> None:
    held = {
        '<c t="e"><v>#REF!</v></c>': "error_cell",
        '<c t="e"><f>NA()</f><v>#N/A</v></c>': "error_cell",
        "<c><v>1E999</v></c>": "error_cell",
        "<c><f>1+1</f></c>": "not_worked_out",
        "<c><f>1+1</f><v></v></c>": "not_worked_out",
        "<c><v>12345678901234567E3</v></c>": "shortened_number",
        '<c s="1"><v>-1</v></c>': "no_date",
        '<c s="1"><v>1E300</v></c>': "no_date",
        '<c t="d"><v>31.02.2026</v></c>': "no_date",
        f'<c t="inlineStr"><is><t>{"x" * 40_000}</t></is></c>': "too_long",
        '<c t="s"><v>0</v></c>': "too_long",
    }
    lines = [("Ref", "Value", "Town"), *(("A", cell, "Durham") for cell in held)]
    rows = read(xlsx(lines, texts=TEXTS, styles=STYLES))[1]
    assert all(row.cells == {"Ref": "A", "Town": "Durham"} for row in rows)
    assert [[(fault.column, fault.code) for fault in row.faults] for row in rows] == [
        [("Value", code)] for code in held.values()
    ]


def test_the_result_of_a_formula_may_be_no_text() -> None:
    content = xlsx([("Ref", "Value"), ("A", '<c t="str"><f>""</f><v></v></c>')])
    assert read(content)[1] == [Row(2, {"Ref": "A"})]


def test_cells_and_rows_that_are_left_out_leave_a_gap() -> None:
    rows = sheet_row("Ref", "Tel", "Town")
    rows += '<row r="5"><c r="A5" t="str"><v>A</v></c><c r="C5" t="str"><v>Durham</v></c></row>'
    rows += '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    content = packed(xlsx_parts({"Sheet1": sheet_of(rows)}))
    assert read(content)[1] == [Row(5, {"Ref": "A", "Town": "Durham"})]


def oasis_cell(attributes: str, inner: str = "") -> str:
    return f"<table:table-cell {attributes}>{inner}</table:table-cell>"


def test_values_that_libreoffice_holds_come_as_a_person_reads_them() -> None:
    text = 'office:value-type="string"'
    held = {
        oasis_cell('office:value-type="float" office:value="7.7E9"', "<text:p>8E9</text:p>"): "7700000000",
        oasis_cell('office:value-type="float" office:value="191496"', "<text:p>0191496</text:p>"): "0191496",
        oasis_cell('office:value-type="date" office:date-value="1980-07-14"'): "1980-07-14",
        oasis_cell(
            'office:value-type="date" office:date-value="2026-03-31T14:05:00.000000000"'
        ): "2026-03-31T14:05:00",
        oasis_cell('office:value-type="time" office:time-value="PT9H30M00S"'): "09:30:00",
        oasis_cell('office:value-type="percentage" office:value="0.25"'): "25%",
        oasis_cell('office:value-type="boolean" office:boolean-value="true"'): "TRUE",
        oasis_cell('office:value-type="currency" office:value="12.50"'): "12.5",
        oasis_cell(
            text,
            "<office:annotation><text:p>a remark</text:p></office:annotation><text:p>two<text:s text:c='2'/>"
            "blanks<text:line-break/><text:span>and a line</text:span></text:p>",
        ): "two  blanks\nand a line",
        oasis_cell(text, "<draw:frame><text:p>a box</text:p></draw:frame><text:p>no box</text:p>"): "no box",
        oasis_cell(
            'table:formula="of:=1+1" office:value-type="float" office:value="2"', "<text:p>2</text:p>"
        ): "2",
    }
    rows = read(ods([("Ref", "Value", "Town"), *(("A", cell, "Durham") for cell in held)]))[1]
    assert {cell: row.cells["Value"] for cell, row in zip(held, rows, strict=True)} == held
    assert all(row.cells["Town"] == "Durham" for row in rows)


def test_an_ods_cell_without_a_value_to_rely_on_is_blank_and_told() -> None:
    held = {
        oasis_cell(
            'table:formula="of:=NA()" office:value-type="string" office:string-value="" '
            'calcext:value-type="error"',
            "<text:p>#N/A</text:p>",
        ): "error_cell",
        oasis_cell(
            'table:formula="of:=1/0" office:value-type="string" office:string-value=""',
            "<text:p>#DIV/0!</text:p>",
        ): "error_cell",
        oasis_cell('table:formula="of:=1+1"'): "not_worked_out",
        oasis_cell('office:value-type="date" office:date-value="soon"'): "no_date",
    }
    rows = read(ods([("Ref", "Value", "Town"), *(("A", cell, "Durham") for cell in held)]))[1]
    assert all(row.cells == {"Ref": "A", "Town": "Durham"} for row in rows)
    assert [[(fault.column, fault.code) for fault in row.faults] for row in rows] == [
        [("Value", code)] for code in held.values()
    ]


def test_repeated_rows_and_cells_of_an_ods_file_are_counted() -> None:
    twice = (
        '<table:table-cell office:value-type="string" table:number-columns-repeated="2"><text:p>x</text:p>'
    )
    rows = (
        '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        + ods_row("Ref", "One", "Two", "Town")
        + ods_row("A", f"{twice}</table:table-cell>", "Durham").replace(
            "<table:table-row", '<table:table-row table:number-rows-repeated="2"'
        )
        + '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    row = {"Ref": "A", "One": "x", "Two": "x", "Town": "Durham"}
    assert read(packed(ods_parts({"Sheet1": rows})))[1] == [Row(5, row), Row(6, row)]


@pytest.mark.parametrize("kind", ["XLSX", "ODS"])
def test_rows_that_a_filter_hides_are_read_and_told_apart(kind: str) -> None:
    names, shown, last = ("Ref", "Surname"), ("EX/1", "Example"), ("EX/3", "Sample")
    hidden = ("EX/2", "Figment")
    if kind == "XLSX":
        rows = [sheet_row(*names), sheet_row(*shown), sheet_row(*hidden), sheet_row(*last)]
        rows[2] = rows[2].replace("<row>", '<row r="3" hidden="1">')
        content = packed(xlsx_parts({"Data": sheet_of("".join(rows))}))
    else:
        rows = [ods_row(*names), ods_row(*shown), ods_row(*hidden), ods_row(*last)]
        rows[2] = rows[2].replace("<table:table-row>", '<table:table-row table:visibility="filter">')
        content = packed(ods_parts({"Data": "".join(rows)}))
    assert [(row.number, row.hidden) for row in read(content)[1]] == [(2, False), (3, True), (4, False)]


NOTES: list[tuple[str, ...]] = [("Read me first",), ("These are the referrals of the quarter.",)]
CODES: list[tuple[str, ...]] = [("Code", "Meaning"), ("A", "Assault"), ("B", "Burglary")]
TABLE: list[tuple[str, ...]] = [("Ref", "Surname", "Town"), ("EX/1", "Example", "Durham")]


def test_the_sheet_with_the_table_is_found_among_notes_blank_sheets_and_hidden_ones() -> None:
    sheets = {
        "Notes": a_sheet(NOTES),
        "Blank": a_sheet([]),
        "Old": a_sheet(CODES),
        "Data": a_sheet(TABLE),
        "Only names": a_sheet(TABLE[:1]),
    }
    columns, rows, form = read(packed(xlsx_parts(sheets, hidden=["Old"])))
    assert columns == TABLE[0]
    assert len(rows) == 1
    assert form == "XLSX, sheet “Data”"


def test_the_same_in_an_ods_file() -> None:
    sheets = {
        name: "".join(ods_row(*line) for line in lines)
        for name, lines in (("Notes", NOTES), ("Old", CODES), ("Data", TABLE))
    }
    hides = (
        '<style:style style:name="style of Old"><style:table-properties table:display="false"/></style:style>'
    )
    columns, rows, form = read(packed(ods_parts(sheets, styles=hides)))
    assert columns == TABLE[0]
    assert len(rows) == 1
    assert form == "ODS, sheet “Data”"


def test_of_several_tables_the_one_that_the_mapping_knows_is_read() -> None:
    content = packed(xlsx_parts({"Codes": a_sheet(CODES), "Data": a_sheet(TABLE)}))
    assert read(content, known=["ref", "surname", "town", "phone"])[0] == TABLE[0]


def test_of_several_tables_that_nobody_chose_all_are_named() -> None:
    content = packed(xlsx_parts({"Codes": a_sheet(CODES), "Data": a_sheet(TABLE)}))
    with pytest.raises(UnreadableFile, match="“Codes”, “Data”"):
        read(content)


def test_a_table_without_a_name_that_the_mapping_knows_is_read_for_its_own_names() -> None:
    assert read(xlsx(TABLE), known=["Forename", "Phone"])[0] == TABLE[0]
