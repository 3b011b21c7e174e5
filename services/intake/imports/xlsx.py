"""An XLSX workbook is read as a stream: its sheets, and of each the lines that are not blank.

Why not a library: `docs/decisions/0010-spreadsheets-are-read-as-streams.md`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Final

from services.intake.imports.domain.cell_text import (
    ERROR_CELL,
    MAX_CELL,
    NOT_WORKED_OUT,
    PLAIN,
    NumberFormat,
    number_format,
    read_date,
    read_number,
    read_text,
)
from services.intake.imports.domain.row import CellFault, Line, Sheet
from services.intake.imports.markup import read_markup, read_whole
from services.intake.imports.package import Package
from services.intake.imports.unreadable import (
    DAMAGED,
    MAX_COLUMNS,
    MAX_LINE,
    UnreadableFile,
    line_too_long,
    too_many_columns,
)

# ECMA-376, transitional and strict.
_SPREADSHEET: Final = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main ",
    "http://purl.oclc.org/ooxml/spreadsheetml/main ",
)
_RELATIONSHIP: Final = "http://schemas.openxmlformats.org/package/2006/relationships Relationship"
_RELATIONSHIP_ID: Final = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
_TRUE: Final = frozenset(("1", "true"))
# Characters that XML cannot hold are written so.
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


_LAST_COLUMN: Final = 16_384


def _local(*names: str) -> dict[str, str]:
    return {space + name: name for space in _SPREADSHEET for name in names}


_BOOK: Final = _local("sheet", "workbookPr")
_STYLES: Final = _local("numFmt", "cellXfs", "xf")
_TEXTS: Final = _local("si", "t", "rPh")
_SHEET: Final = _local("row", "c", "v", "t", "f", "rPh")


def read_workbook(package: Package) -> Iterator[Sheet | Line | None]:
    """Each sheet, and after it its lines; None when a while has passed without a line."""
    book = _Workbook(package)
    yield from book.read_texts(package)
    for name, part, hidden in book.sheets:
        yield Sheet(name, hidden)
        if not hidden:
            yield from _SheetReader(book).read(package, part)


class _Workbook:
    """What the sheets of a workbook share: texts, formats of numbers, and the day from which days count."""

    def __init__(self, package: Package) -> None:
        main = next((part for kind, part in _related(package, "").values() if kind == "officeDocument"), "")
        self.from_1904 = False
        self.texts: list[str] = []
        self.text_faults: dict[int, CellFault] = {}
        self.formats: list[NumberFormat] = []
        self._named: list[tuple[str, str, bool]] = []
        read_whole(package.open(main), self._sheet)
        related = _related(package, main)
        parts = dict(related.values())
        if "styles" in parts:
            self._codes: dict[int, str] = {}
            self._in_cell_formats = False
            read_whole(package.open(parts["styles"]), self._format, self._format_end)
        self._texts_part = parts.get("sharedStrings")
        self.sheets = [
            (name, related[key][1], hidden)
            for name, key, hidden in self._named
            if related.get(key, ("", ""))[0] == "worksheet"
        ]

    def read_texts(self, package: Package) -> Iterator[None]:
        """Read the texts that cells share, which may take a while."""
        if self._texts_part is not None:
            texts = _Texts(self)
            with package.open(self._texts_part) as file:
                yield from read_markup(file, texts.start, texts.end, texts.text)

    def _sheet(self, name: str, attributes: dict[str, str]) -> None:
        element = _BOOK.get(name)
        if element == "sheet":
            key = next((attributes[key] for key in _RELATIONSHIP_ID if key in attributes), "")
            self._named.append(
                (attributes.get("name", ""), key, attributes.get("state", "visible") != "visible")
            )
        elif element == "workbookPr":
            self.from_1904 = attributes.get("date1904") in _TRUE

    def _format(self, name: str, attributes: dict[str, str]) -> None:
        element = _STYLES.get(name)
        if element == "numFmt":
            self._codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif element == "cellXfs":
            self._in_cell_formats = True
        elif element == "xf" and self._in_cell_formats:
            number = int(attributes.get("numFmtId", "0"))
            self.formats.append(number_format(number, self._codes.get(number, "")))

    def _format_end(self, name: str) -> None:
        if _STYLES.get(name) == "cellXfs":
            self._in_cell_formats = False


class _Texts:
    """The texts that cells share, in order; how a text sounds (Japanese) is left out."""

    def __init__(self, book: _Workbook) -> None:
        self._book = book
        self._parts: list[str] = []
        self._length = 0
        self._wanted = False
        self._sounds = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        """An element begins."""
        element = _TEXTS.get(name)
        if element == "t":
            self._wanted = not self._sounds
        elif element == "si":
            self._parts.clear()
            self._length = 0
        elif element == "rPh":
            self._sounds = True

    def text(self, text: str) -> None:
        """A run of text."""
        # One character more than is allowed tells that there were too many.
        if self._wanted and self._length <= MAX_CELL:
            self._parts.append(text[: MAX_CELL + 1])
            self._length += len(text)

    def end(self, name: str) -> None:
        """An element ends."""
        element = _TEXTS.get(name)
        if element == "t":
            self._wanted = False
        elif element == "rPh":
            self._sounds = False
        elif element == "si":
            text, fault = read_text(_unescaped("".join(self._parts)))
            if fault:
                self._book.text_faults[len(self._book.texts)] = fault
            self._book.texts.append(text)


class _SheetReader:
    """Puts the lines of one sheet together."""

    def __init__(self, book: _Workbook) -> None:
        self._book = book
        self._readers: dict[str, Callable[[str], tuple[str, CellFault | None]]] = {
            "s": self._read_shared,
            "n": self._read_number,
            "b": _read_truth,
            "e": _read_error,
            "d": read_date,
        }
        self._lines: list[Line] = []
        self._columns: dict[str, int] = {}
        self._number = 0
        self._hidden = False
        self._cells: list[str] = []
        self._faults: dict[int, CellFault] = {}
        self._length = 0
        self._position = -1
        self._type = "n"
        self._format = PLAIN
        self._formula = False
        self._sounds = False
        self._wanted = False
        self._value: str | None = None
        self._parts: list[str] = []
        self._parts_length = 0

    def read(self, package: Package, part: str) -> Iterator[Line | None]:
        with package.open(part) as file:
            for _piece in read_markup(file, self._start, self._end, self._text):
                yield from self._lines
                self._lines.clear()
                yield None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = _SHEET.get(name)
        if element == "c":
            self._begin_cell(attributes)
        elif element == "v":
            self._wanted = True
        elif element == "t":
            self._wanted = not self._sounds
        elif element == "f":
            self._formula = True
        elif element == "row":
            number = attributes.get("r")
            self._number = int(number) if number else self._number + 1
            self._position = -1
            self._hidden = attributes.get("hidden") in _TRUE
        elif element == "rPh":
            self._sounds = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._position += 1
        else:
            letters = reference.rstrip("0123456789")
            position = self._columns.get(letters)
            if position is None:
                position = self._columns[letters] = _position(letters)
            self._position = position
        self._type = attributes.get("t", "n")
        style = attributes.get("s")
        self._format = self._book.formats[int(style)] if style and self._book.formats else PLAIN
        self._formula = False
        self._value = None

    def _text(self, text: str) -> None:
        if self._wanted and self._parts_length <= MAX_CELL:
            self._parts.append(text[: MAX_CELL + 1])
            self._parts_length += len(text)

    def _end(self, name: str) -> None:
        element = _SHEET.get(name)
        if element in {"v", "t"}:
            if self._wanted:
                self._value = (self._value or "") + "".join(self._parts)
                self._parts.clear()
                self._parts_length = 0
                self._wanted = False
        elif element == "c":
            if self._value is not None or self._formula:
                self._end_cell()
        elif element == "row":
            if self._cells or self._faults:
                self._lines.append(Line(self._number, self._cells, self._faults, self._hidden))
                self._cells, self._faults = [], {}
            self._length = 0
        elif element == "rPh":
            self._sounds = False

    def _end_cell(self) -> None:
        text, fault = self._read_value()
        position = self._position
        if not text and not fault:
            return
        if position >= MAX_COLUMNS:
            raise too_many_columns(self._number)
        self._length += len(text)
        if self._length > MAX_LINE:
            raise line_too_long(self._number)
        if fault:
            self._faults[position] = fault
        cells = self._cells
        if position == len(cells):
            cells.append(text)
        else:
            if position > len(cells):
                cells.extend([""] * (position + 1 - len(cells)))
            cells[position] = text

    def _read_value(self) -> tuple[str, CellFault | None]:
        value = self._value
        if not value:
            # The result of a formula that is text may be no text.
            without = self._formula and (value is None or self._type != "str")
            return "", NOT_WORKED_OUT if without else None
        return self._readers.get(self._type, _read_own_text)(value)

    def _read_shared(self, value: str) -> tuple[str, CellFault | None]:
        index = int(value)
        return self._book.texts[index], self._book.text_faults.get(index)

    def _read_number(self, value: str) -> tuple[str, CellFault | None]:
        return read_number(value, self._format, from_1904=self._book.from_1904)


def _read_own_text(value: str) -> tuple[str, CellFault | None]:
    return read_text(_unescaped(value))


def _read_truth(value: str) -> tuple[str, CellFault | None]:
    return "TRUE" if value in _TRUE else "FALSE", None


def _read_error(_value: str) -> tuple[str, CellFault | None]:
    return "", ERROR_CELL


def _position(letters: str) -> int:
    """The position, from 0, of a column by its letters."""
    position = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise UnreadableFile(DAMAGED)
        position = position * 26 + ord(letter) - ord("A") + 1
        if position > _LAST_COLUMN:
            raise UnreadableFile(DAMAGED)
    return position - 1


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escaped: re.Match[str]) -> str:
    character = chr(int(escaped[1], 16))
    return character if character.isprintable() or character.isspace() else ""


def _related(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """The parts that this part (or the package, if it is "") points to: kind and name, by id."""
    folder, name = posixpath.split(part)
    related: dict[str, tuple[str, str]] = {}

    def start(element: str, attributes: dict[str, str]) -> None:
        if element == _RELATIONSHIP and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            kind = attributes.get("Type", "").rpartition("/")[2]
            related[attributes.get("Id", "")] = (kind, target.lstrip("/"))

    read_whole(package.open(posixpath.join(folder, "_rels", f"{name}.rels")), start)
    return related
