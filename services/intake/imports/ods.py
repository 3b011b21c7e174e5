"""An ODS workbook is read as a stream: its sheets, and of each the lines that are not blank."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from services.intake.imports.domain.cell_text import (
    ERROR_CELL,
    MAX_CELL,
    NOT_WORKED_OUT,
    Form,
    NumberFormat,
    read_date,
    read_number,
    read_text,
)
from services.intake.imports.domain.row import CellFault, Line, Sheet
from services.intake.imports.markup import read_markup
from services.intake.imports.package import Package
from services.intake.imports.unreadable import (
    MAX_COLUMNS,
    MAX_LINE,
    MAX_LINES,
    PROTECTED,
    UnreadableFile,
    line_too_long,
    too_many_columns,
    too_many_lines,
)

_OASIS: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE: Final = f"{_OASIS}office:1.0 "
_TABLE: Final = f"{_OASIS}table:1.0 "
_TEXT: Final = f"{_OASIS}text:1.0 "
_STYLE: Final = f"{_OASIS}style:1.0 "
_CALC: Final = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_MANIFEST: Final = 2**20
_PERCENT: Final = NumberFormat(Form.PERCENT)
_DURATION: Final = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_ERROR: Final = re.compile(r"#\S+[!?]|#N/A|Err:\d+")

# What stands in a cell beside its value: remarks, drawings, and what was there before.
_ASIDE: Final = frozenset(
    (f"{_OFFICE}annotation", f"{_TABLE}shapes", f"{_TABLE}tracked-changes", f"{_TEXT}ruby-text")
)
_DRAWINGS: Final = f"{_OASIS}drawing:1.0 "


def read_workbook(package: Package) -> Iterator[Sheet | Line | None]:
    """Each sheet, and after it its lines; None when a while has passed without a line."""
    if b"encryption-data" in package.start("META-INF/manifest.xml", _MANIFEST):
        raise UnreadableFile(PROTECTED)
    reader = _Reader()
    with package.open("content.xml") as file:
        for _piece in read_markup(file, reader.start, reader.end, reader.text):
            yield from reader.found
            reader.found.clear()
            yield None


class _Reader:
    """Puts the lines of all sheets together, in the order of the file."""

    def __init__(self) -> None:
        self.found: list[Sheet | Line] = []
        self._style = ""
        self._hidden_styles: set[str] = set()
        self._hidden = False
        self._aside = 0
        self._number = 0
        self._repeated_row = 1
        self._row_hidden = False
        self._cells: list[str] = []
        self._faults: dict[int, CellFault] = {}
        self._length = 0
        self._position = 0
        self._cell: dict[str, str] | None = None
        self._parts: list[str] = []
        self._parts_length = 0
        self._paragraphs = 0
        self._in_paragraph = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self._aside or name in _ASIDE or name.startswith(_DRAWINGS):
            self._aside += 1
        elif name in {_CELL, _COVERED}:
            self._cell = attributes
            self._paragraphs = 0
        elif name == f"{_TEXT}p":
            if self._paragraphs:
                self._add("\n")
            self._paragraphs += 1
            self._in_paragraph = True
        elif name == _ROW:
            self._repeated_row = _count(attributes.get(_ROWS_REPEATED))
            self._row_hidden = attributes.get(_VISIBILITY, "visible") != "visible"
            self._position = 0
        elif self._in_paragraph:
            self._add(_BLANKS.get(name, "") * _count(attributes.get(f"{_TEXT}c")))
        elif name == f"{_TABLE}table":
            self._number = 0
            self._hidden = attributes.get(f"{_TABLE}style-name", "") in self._hidden_styles
            self.found.append(Sheet(attributes.get(f"{_TABLE}name", ""), self._hidden))
        elif name == f"{_STYLE}style":
            self._style = attributes.get(f"{_STYLE}name", "")
        elif name == f"{_STYLE}table-properties" and attributes.get(f"{_TABLE}display") == "false":
            self._hidden_styles.add(self._style)

    def text(self, text: str) -> None:
        """Text; only that of a cell's paragraphs counts."""
        if self._in_paragraph and not self._aside:
            self._add(text)

    def end(self, name: str) -> None:
        """An element ends."""
        if self._aside:
            self._aside -= 1
        elif name == f"{_TEXT}p":
            self._in_paragraph = False
        elif name in {_CELL, _COVERED}:
            self._end_cell()
        elif name == _ROW:
            self._end_row()

    def _add(self, text: str) -> None:
        if self._parts_length <= MAX_CELL:
            self._parts.append(text[: MAX_CELL + 1])
            self._parts_length += len(text)

    def _end_cell(self) -> None:
        attributes, self._cell = self._cell or {}, None
        position = self._position
        times = _count(attributes.get(_COLUMNS_REPEATED))
        self._position += times
        if not attributes and not self._parts:
            return
        shown = "".join(self._parts)
        self._parts.clear()
        self._parts_length = 0
        text, fault = _value(attributes, shown)
        if not text and not fault:
            return
        if position + times > MAX_COLUMNS:
            raise too_many_columns(self._number + 1)
        self._length += len(text) * times
        if self._length > MAX_LINE:
            raise line_too_long(self._number + 1)
        self._cells.extend([""] * (position - len(self._cells)))
        self._cells.extend([text] * times)
        if fault:
            self._faults.update(dict.fromkeys(range(position, position + times), fault))

    def _end_row(self) -> None:
        if (self._cells or self._faults) and not self._hidden:
            if self._number + self._repeated_row > MAX_LINES:
                raise too_many_lines()
            for number in range(self._number + 1, self._number + self._repeated_row + 1):
                self.found.append(Line(number, self._cells, self._faults, self._row_hidden))
        self._cells, self._faults, self._length = [], {}, 0
        self._number += self._repeated_row


_ROW: Final = f"{_TABLE}table-row"
_CELL: Final = f"{_TABLE}table-cell"
_COVERED: Final = f"{_TABLE}covered-table-cell"
_VISIBILITY: Final = f"{_TABLE}visibility"
_ROWS_REPEATED: Final = f"{_TABLE}number-rows-repeated"
_COLUMNS_REPEATED: Final = f"{_TABLE}number-columns-repeated"
_BLANKS: Final = {f"{_TEXT}s": " ", f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}


def _count(written: str | None) -> int:
    """How often something is repeated; a sheet has at most a million lines."""
    return min(int(written), 2**20) if written and written.isdigit() else 1


def _value(attributes: dict[str, str], shown: str) -> tuple[str, CellFault | None]:
    """The value of a cell, which may be written otherwise than it is shown."""
    kind = attributes.get(f"{_OFFICE}value-type")
    formula = f"{_TABLE}formula" in attributes
    if attributes.get(_CALC) == "error" or (formula and _ERROR.fullmatch(shown)):
        return "", ERROR_CELL
    if formula and kind is None and not shown:
        return "", NOT_WORKED_OUT
    return _READERS.get(kind or "string", _read_string)(attributes, shown)


def _read_string(attributes: dict[str, str], shown: str) -> tuple[str, CellFault | None]:
    return read_text(attributes.get(f"{_OFFICE}string-value", shown))


def _read_float(attributes: dict[str, str], shown: str) -> tuple[str, CellFault | None]:
    value = attributes.get(f"{_OFFICE}value", "")
    # A number that is shown with leading zeros is a number to dial, or of a file, not to count with.
    if shown.startswith("0") and shown.isdecimal() and shown.lstrip("0") == value:
        return shown, None
    return read_number(value)


def _read_percentage(attributes: dict[str, str], _shown: str) -> tuple[str, CellFault | None]:
    return read_number(attributes.get(f"{_OFFICE}value", ""), _PERCENT)


def _read_date(attributes: dict[str, str], _shown: str) -> tuple[str, CellFault | None]:
    return read_date(attributes.get(f"{_OFFICE}date-value", ""))


def _read_time(attributes: dict[str, str], shown: str) -> tuple[str, CellFault | None]:
    time = _DURATION.fullmatch(attributes.get(f"{_OFFICE}time-value", ""))
    return (":".join(part.zfill(2) for part in time.groups()), None) if time else read_text(shown)


def _read_truth(attributes: dict[str, str], _shown: str) -> tuple[str, CellFault | None]:
    return attributes.get(f"{_OFFICE}boolean-value", "").upper(), None


_READERS: Final = {
    "float": _read_float,
    "currency": _read_float,
    "percentage": _read_percentage,
    "date": _read_date,
    "time": _read_time,
    "boolean": _read_truth,
}
