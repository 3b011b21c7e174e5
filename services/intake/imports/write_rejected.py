"""Write the rejected rows of an import as a file that can be mended in a spreadsheet program and sent again.

Each row has the columns of the file that it came in, and one more that says what to mend. What came as a
spreadsheet goes back as one, every cell marked as text: a spreadsheet program then leaves telephone numbers
and dates as they are. What came as CSV goes back as CSV, in UTF-8 with a byte order mark, which every
spreadsheet program opens with the right letters.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import xlsxwriter

from services.intake.imports import store
from services.intake.imports.domain.spreadsheet_cell import WHAT_TO_MEND, guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.intake.imports.domain.file_import import FileImport, Mend
    from shared.service import Room

_PAGE: Final = 200
# A spreadsheet is written in memory as a whole; so many rows are more than a person mends by hand.
MOST_IN_SPREADSHEET: Final = 2000
_WIDTH: Final = 18
_WIDTH_OF_ADVICE: Final = 80


def goes_back_as_csv(one: FileImport) -> bool:
    """Whether the rejected rows go back as CSV, and not as a spreadsheet."""
    return one.head.is_csv or one.counts["rejected"] > MOST_IN_SPREADSHEET


def write_csv(one: FileImport, room: Room) -> Iterator[str]:
    """The CSV file in pieces: its first line, then some rows in each."""
    yield "\ufeff" + _lines([(*one.head.columns, WHAT_TO_MEND)])
    for page in _pages(one, room):
        yield _lines(page)


def write_xlsx(one: FileImport, room: Room) -> bytes:
    """The spreadsheet; nothing of it is ever in a file on the disk."""
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    sheet = book.add_worksheet("Rejected rows")
    text = book.add_format({"num_format": "@", "valign": "top"})
    bold = book.add_format({"num_format": "@", "bold": True})
    advice = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    last = len(one.head.columns)
    # Of the whole columns: what is typed into an empty cell stays text as well.
    sheet.set_column(0, last - 1, _WIDTH, text)
    sheet.set_column(last, last, _WIDTH_OF_ADVICE, advice)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate((*one.head.columns, WHAT_TO_MEND)):
        sheet.write_string(0, column, guarded(name), bold)
    for number, row in enumerate((row for page in _pages(one, room) for row in page), 1):
        for column, cell in enumerate(row):
            form = advice if column == last else text
            if cell:
                sheet.write_string(number, column, guarded(cell), form)
            else:
                sheet.write_blank(number, column, None, form)
    book.close()
    return written.getvalue()


def in_words(faults: Iterable[Mend]) -> str:
    """What is to be mended in a row, a sentence for each fault, in the words of the spreadsheet."""
    return " ".join(f"{fault.column}: {fault.detail}" if fault.column else fault.detail for fault in faults)


def _pages(one: FileImport, room: Room) -> Iterator[list[tuple[str, ...]]]:
    after = 0
    while True:
        with room.database.reading() as connection:
            page = store.list_cells(connection, room.keys.rest, one.id, after=after, limit=_PAGE)
        if not page:
            return
        after = page[-1][0].number
        yield [(*(cell or "" for cell in cells), in_words(row.faults)) for row, cells in page]


def _lines(rows: Iterable[Iterable[str]]) -> str:
    written = io.StringIO()
    # Every cell in quotation marks: no separator, whichever a program takes for one, then begins a new cell.
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([guarded(cell) for cell in row] for row in rows)
    return written.getvalue()
