"""An agency's file is opened as a table: its column names, and its rows one after another.

Whichever program wrote the file, every cell comes as text: dates that a spreadsheet holds as dates as ISO
text (2026-03-31, or 2026-03-31T14:05:00), numbers without ".0". What is wrong with a single row stands beside
that row and costs no other. A file that cannot be read is refused with a sentence that tells what to do; that
may turn out in the middle of it, so whoever wants all of its rows or none has to put them away first.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final

from services.intake.imports.csv_file import SEPARATORS, csv_form, csv_lines
from services.intake.imports.domain.header import Header, count_known, find_header
from services.intake.imports.domain.row import Line, Row
from services.intake.imports.kinds import Kind, kind_of
from services.intake.imports.spreadsheet import Workbook, open_workbook
from services.intake.imports.unreadable import (
    LINES_ABOVE,
    MAX_COLUMNS,
    MAX_FILE,
    MAX_LINE,
    UnreadableFile,
    too_large,
    too_many_columns,
)

_ENCODINGS: Final = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}


# Excel's own limit for the name of a sheet.
_LONGEST_NAME: Final = 31
_MOST_SHEETS: Final = 10


class NoTable(UnreadableFile):
    """The file holds no table."""

    code = "no_table"
    advice = "Export it again as a table, with the column names on top."


class NoRows(NoTable):
    """The table has no rows."""

    code = "no_rows"
    advice = "Export it again with at least one row below the column names."


class SeveralTables(UnreadableFile):
    """The workbook has several tables."""

    code = "several_tables"
    advice = "Delete the sheets that are not meant, and send it again."


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that is being read; `form` says in words how it was understood, to be shown to a person.

    `rows` can be gone through once, and raises UnreadableFile where the file proves to be damaged.
    """

    columns: tuple[str, ...]
    rows: Iterator[Row]
    form: str


@contextmanager
def open_table(source: Path | BinaryIO, filename: str, *, known: Collection[str] = ()) -> Iterator[TableFile]:
    """Open a CSV, XLSX or ODS file; what it is, its content says and not its name.

    `known` are the names of columns that a mapping knows: with them, the column names are found even under
    lines that look like names themselves, and in a workbook the sheet that has them. A file object has to
    be seekable; it is left open.

    Raises UnreadableFile.
    """
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        if file.seek(0, io.SEEK_END) > MAX_FILE:
            raise too_large()
        if kind_of(file, filename) is Kind.CSV:
            form = csv_form(file, known)
            told = f"CSV, {_ENCODINGS[form.encoding]}, with the {SEPARATORS[form.separator]} between cells"
            with closing(csv_lines(file, form)) as lines:
                yield _table(lines, told, known)
        else:
            with _open_sheet(file, frozenset(known)) as table:
                yield table


@contextmanager
def _open_sheet(file: BinaryIO, known: frozenset[str]) -> Iterator[TableFile]:
    # When no sheet has the names that the mapping knows, the names that it has instead have to be told.
    for wanted in dict.fromkeys((known, frozenset[str]())):
        with open_workbook(file) as book:
            try:
                table = _choose_sheet(book, wanted)
            except NoTable:
                if wanted:
                    continue
                raise
            yield table
            return


def _choose_sheet(book: Workbook, known: Collection[str]) -> TableFile:
    """The one sheet that has column names and rows; that there is no other is known when all are read."""
    reason: NoTable | None = None
    while (name := book.next_sheet()) is not None:
        try:
            table = _table(book.lines(), f"{book.kind}, sheet “{_short(name)}”", known, surely=True)
        except NoRows as without:
            reason = without
        except NoTable as without:
            reason = reason or without
        else:
            return replace(table, rows=chain(table.rows, _refuse_other_tables(book, known, name)))
    raise reason or NoTable(
        "The workbook shows no sheet. Unhide the sheet with the table, and send it again."
    )


def _refuse_other_tables(book: Workbook, known: Collection[str], chosen: str) -> Iterator[Row]:
    """No rows; but a workbook with a second table is refused, because nobody said which is meant."""
    tables = [chosen]
    while (name := book.next_sheet()) is not None:
        with suppress(NoTable):
            _table(book.lines(), "", known, surely=True)
            tables.append(name)
    if len(tables) > 1:
        raise SeveralTables(
            f"The workbook has several sheets with column names and rows: {_list(tables)}. Delete those that "
            "are not meant, and send it again."
        )
    yield from ()


def _list(names: list[str]) -> str:
    shown = [f"“{_short(name)}”" for name in names[:_MOST_SHEETS]]
    return ", ".join(shown if len(names) <= _MOST_SHEETS else [*shown, "…"])


def _short(name: str) -> str:
    """The name of a sheet, not longer than Excel allows, and without what could not be printed."""
    return "".join(sign for sign in name if sign.isprintable())[:_LONGEST_NAME]


def _table(lines: Iterator[Line], form: str, known: Collection[str], *, surely: bool = False) -> TableFile:
    """The table in these lines; `surely` if it may be no other than one with names that are known."""
    first = _first(lines)
    header = find_header(first, known)
    if header is None or (surely and known and count_known(header.line, known) <= 1):
        raise NoTable(
            f"No line with column names was found among the first {LINES_ABOVE} lines. Put one line of "
            "column names above the rows; in a CSV file, put a comma, semicolon, tab or bar between cells."
        )
    if len(header.columns) > MAX_COLUMNS:
        raise too_many_columns(header.line.number)
    rows = _rows(header, chain(first[first.index(header.line) + 1 :], lines))
    row = next(rows, None)
    if row is None:
        raise NoRows(
            f"There are column names in row {header.line.number} and no rows below them. Send the file "
            "with its rows; if there is nothing to report, there is no need to send one."
        )
    return TableFile(header.columns, chain([row], rows), form)


def _first(lines: Iterator[Line]) -> list[Line]:
    """The lines among which the column names are looked for; not so many that they would fill the memory."""
    first: list[Line] = []
    length = 0
    for line in islice(lines, LINES_ABOVE):
        first.append(line)
        length += sum(map(len, line.cells))
        if length > 2 * MAX_LINE:
            break
    return first


def _rows(header: Header, lines: Iterator[Line]) -> Iterator[Row]:
    for line in lines:
        row = header.row(line)
        if row is not None:
            yield row
