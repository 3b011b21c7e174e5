"""Whichever program wrote an agency's file, its columns and rows are read the same."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.imports.domain.cell_text import MAX_CELL
from services.intake.imports.domain.header import plain
from services.intake.imports.domain.row import Row, RowFault
from services.intake.imports.reading import open_table
from services.intake.imports.unreadable import UnreadableFile

# All of it is invented.
COLUMNS = ("Case Ref", "Forename", "Surname", "D.O.B.", "Tel", "Address", "Notes")
ROWS = [
    {
        "Case Ref": "EX/1",
        "Forename": "Zoë",
        "Surname": "O\u2019Hara",
        "D.O.B.": "14/07/1980",
        "Tel": "01914960000",
        "Address": "1 Example Street\nDurham",
        "Notes": 'called "Zo"; rings, sometimes',
    },
    {"Case Ref": "EX/2", "Surname": "Żak", "Tel": "07700900123", "Notes": "£5 | 5\t%"},
]
IN_WESTERN = [{name: text.replace("Ż", "Z") for name, text in row.items()} for row in ROWS]


def csv_text(rows: list[dict[str, str]], separator: str = ",", line_end: str = "\r\n") -> str:
    lines = [COLUMNS, *(tuple(row.get(name, "") for name in COLUMNS) for row in rows)]
    return "".join(
        separator.join('"' + text.replace('"', '""') + '"' for text in line) + line_end for line in lines
    )


def read(content: bytes | str, *, known: Collection[str] = ()) -> tuple[tuple[str, ...], list[Row], str]:
    raw = content.encode() if isinstance(content, str) else content
    with open_table(io.BytesIO(raw), "export.csv", known=known) as table:
        return table.columns, list(table.rows), table.form


def cells(content: bytes | str) -> list[dict[str, str]]:
    return [dict(row.cells) for row in read(content)[1]]


@pytest.mark.parametrize(
    ("encoding", "mark", "rows", "told"),
    [
        ("utf-8", b"", ROWS, "UTF-8"),
        ("utf-8", codecs.BOM_UTF8, ROWS, "UTF-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE, ROWS, "UTF-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, ROWS, "UTF-16"),
        ("cp1252", b"", IN_WESTERN, "Windows-1252"),
    ],
)
def test_every_encoding_reads_the_same(
    encoding: str, mark: bytes, rows: list[dict[str, str]], told: str
) -> None:
    columns, found, form = read(mark + csv_text(rows).encode(encoding))
    assert columns == COLUMNS
    assert [row.cells for row in found] == rows
    assert [row.number for row in found] == [2, 3]
    assert told in form


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_every_separator_and_end_of_line_reads_the_same(separator: str, line_end: str) -> None:
    assert cells(csv_text(ROWS, separator, line_end)) == ROWS


def test_a_first_line_that_tells_the_separator_is_believed_and_not_counted() -> None:
    _, rows, _ = read("sep=|\r\nRef|Town, county\r\n1|Durham, Durham\r\n")
    assert rows == [Row(2, {"Ref": "1", "Town, county": "Durham, Durham"})]


def test_a_file_is_read_from_its_path_and_a_file_object_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(csv_text(ROWS), encoding="utf-8")
    with open_table(path, path.name) as table:
        assert [row.cells for row in table.rows] == ROWS
    file = io.BytesIO(path.read_bytes())
    with open_table(file, path.name) as table:
        next(table.rows)
    assert not file.closed


@pytest.mark.parametrize("mark", ["\ufeff", "\u200b", "\xad", "\u200e"])
def test_a_mark_that_nobody_sees_is_no_part_of_a_column_name(mark: str) -> None:
    written = f"\ufeff{mark}Case {mark}Ref{mark},Surname\r\nEX/1,Example\r\n".encode()
    with open_table(io.BytesIO(written), "export.csv", known=["case ref", "Surname"]) as table:
        assert table.columns == ("Case Ref", "Surname")
        assert [dict(row.cells) for row in table.rows] == [{"Case Ref": "EX/1", "Surname": "Example"}]


@pytest.mark.parametrize(
    "name", ["Case_Ref", "CASE_REF", "Case Ref *", "* Case Ref", "Case Ref:", "Case_Ref*:"]
)
def test_underscores_asterisks_and_colons_make_no_other_column_name(name: str) -> None:
    written = f"Case work,{name},Surname:\r\nx,EX/1,Example\r\n".encode()
    with open_table(io.BytesIO(written), "export.csv", known=["Case Ref", "Surname"]) as table:
        assert table.columns == ("Case work", name, "Surname:")
        assert [plain(column) for column in table.columns] == ["case work", "case ref", "surname"]


def test_two_columns_that_differ_in_an_underscore_only_are_told_apart_by_number() -> None:
    columns, rows, _ = read("Ref,Surname,Sur_name,Case_Ref,Case Ref:\r\n1,A,B,C,D\r\n")
    assert columns == ("Ref", "Surname", "Sur_name", "Case_Ref", "Case Ref: (2)")
    assert len({plain(column) for column in columns}) == len(rows[0].cells) == 5


def test_column_names_are_found_under_titles_notes_and_blank_lines() -> None:
    above = 'Referrals to the hub\r\n\r\nAgency:,An example\r\n"From 1 April, to 31 March"\r\n,,\r\n'
    columns, rows, _ = read(above + csv_text(ROWS))
    assert columns == COLUMNS
    assert [row.number for row in rows] == [7, 8]


def test_names_that_a_mapping_knows_are_found_above_lines_that_look_like_names_themselves() -> None:
    text = "Team,Officer,Area,Week\r\nRef,Sex\r\nA,Male\r\nB,Female\r\nnorth,south,east,west\r\n"
    assert read(text)[0] == ("Team", "Officer", "Area", "Week")
    assert read(text, known=["REF", " sex"])[0] == ("Ref", "Sex")


def test_the_names_over_again_at_the_top_of_a_page_are_no_row() -> None:
    assert cells(csv_text(ROWS[:1]) + csv_text(ROWS[1:])) == ROWS


def test_a_name_that_comes_again_is_numbered() -> None:
    columns, rows, _ = read("Forename,Surname,Forename,Surname\r\nAn,Example,Ann,Other\r\n")
    assert columns == ("Forename", "Surname", "Forename (2)", "Surname (2)")
    assert rows[0].cells["Surname (2)"] == "Other"


def test_a_column_without_a_name_is_called_by_its_letter_when_it_holds_something() -> None:
    columns, rows, _ = read("Ref,,,Town,,\r\nA,,x,Durham,,\r\n")
    assert columns == ("Ref", "Column C", "Town")
    assert rows == [Row(2, {"Ref": "A", "Column C": "x", "Town": "Durham"})]


def test_more_cells_than_columns_are_the_fault_of_their_row_alone() -> None:
    _, rows, _ = read("Ref,Town\r\nA,Durham\r\nB,Durham,City\r\nC\r\n")
    assert [row.cells for row in rows] == [
        {"Ref": "A", "Town": "Durham"},
        {"Ref": "B", "Town": "Durham"},
        {"Ref": "C"},
    ]
    assert [[(fault.column, fault.code) for fault in row.faults] for row in rows] == [
        [],
        [("Column C", "column_without_name")],
        [],
    ]


def test_a_stray_quotation_mark_inside_a_cell_is_kept() -> None:
    assert cells('Ref,Height,Town\r\nA,6\'2",Durham\r\nB,"5\'"" or so",Durham\r\n') == [
        {"Ref": "A", "Height": "6'2\"", "Town": "Durham"},
        {"Ref": "B", "Height": "5'\" or so", "Town": "Durham"},
    ]


def test_rows_that_a_quotation_mark_took_in_are_told_and_not_guessed() -> None:
    lines = [f"EX/{number},An,Example,,0191,Durham,no" for number in range(9)]
    lines[3] = 'EX/3,An,"Example,,0191,Durham,no'
    lines[6] = 'EX/6,An,Example,,0191,"Durham",no'
    _, rows, _ = read("\r\n".join([",".join(COLUMNS), *lines]))
    assert [row.cells["Case Ref"] for row in rows if not row.faults] == [
        "EX/0",
        "EX/1",
        "EX/2",
        "EX/7",
        "EX/8",
    ]
    assert [row.faults[0].code for row in rows if row.faults] == ["open_quote"]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ('"=""07700900123"""', "07700900123"),
        ('="00123"', "00123"),
        ("'+447700900123", "+447700900123"),
        ("'t Hart", "'t Hart"),
        ("  padded\u00a0 ", "padded"),
        ("#1 Example House", "#1 Example House"),
        ("7E", "7E"),
        ("=A1+1", "=A1+1"),
    ],
)
def test_what_a_careful_system_wrote_around_a_value_is_taken_off(written: str, read_as: str) -> None:
    assert cells(f"Ref,Tel\r\nA,{written}\r\n") == [{"Ref": "A", "Tel": read_as}]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("#REF!", "error_cell"),
        ("#N/A", "error_cell"),
        ("########", "too_narrow"),
        ("7.7009E+09", "shortened_number"),
        ("x" * (MAX_CELL + 1), "too_long"),
    ],
)
def test_a_value_that_the_spreadsheet_has_lost_is_blank_and_told(written: str, code: str) -> None:
    _, rows, _ = read(f"Ref,Tel,Town\r\nA,{written},Durham\r\nB,1,Durham\r\n")
    assert [row.cells for row in rows] == [
        {"Ref": "A", "Town": "Durham"},
        {"Ref": "B", "Tel": "1", "Town": "Durham"},
    ]
    (fault,) = rows[0].faults
    assert isinstance(fault, RowFault)
    assert (fault.column, fault.code) == ("Tel", code)
    assert written not in fault.detail
    assert rows[1].faults == ()


def test_a_cell_as_long_as_excel_allows_is_taken() -> None:
    assert cells(f'Ref,Notes\r\nA,"{"x" * MAX_CELL}"\r\n')[0]["Notes"] == "x" * MAX_CELL


def test_rows_without_column_names_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="column names above the rows"):
        read("EX/10001,14/07/1980,01914960000\r\nEX/10002,15/07/1980,01914960001\r\n")


# Whatever a person may type into a cell, a blank text included.
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip)
KINDS = st.sampled_from([("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE)])


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1), KINDS, st.sampled_from(",;\t|"))
def test_whatever_a_program_writes_reads_the_same(
    lines: list[list[str]], kind: tuple[str, bytes], separator: str
) -> None:
    # Only what a spreadsheet program has done to a text is read otherwise than it is written.
    lines = [["EX", *(f"x{text}" if text else "" for text in line)] for line in lines]
    names = ["Ref", "One", "Two", "Three"]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([names, *lines])
    encoding, mark = kind
    _, rows, _ = read(mark + text.getvalue().encode(encoding), known=names)
    assert [[row.cells.get(name, "") for name in names] for row in rows] == lines


@given(st.binary(max_size=200), st.integers(0, 150), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_whatever_stands_in_a_file_it_is_read_or_refused(noise: bytes, place: int, encoding: str) -> None:
    content = csv_text(IN_WESTERN).encode(encoding)
    with contextlib.suppress(UnreadableFile):
        read(content[:place] + noise + content[place:])
