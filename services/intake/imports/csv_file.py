"""A CSV file is read line by line, in whichever encoding and with whichever separator it was written.

Its encoding is made sure of before its first line is handed out; a row or a cell that does not end is found
when the reading gets there.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from services.intake.imports.domain.cell_text import OPEN_QUOTE, read_text
from services.intake.imports.domain.header import count_known
from services.intake.imports.domain.row import CellFault, Line
from services.intake.imports.unreadable import (
    MAX_COLUMNS,
    MAX_LINE,
    MAX_LINES,
    UnreadableFile,
    line_too_long,
    too_many_columns,
    too_many_lines,
)

SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_CHUNK: Final = 2**20
_SAMPLE: Final = 2**16
_SAMPLE_LINES: Final = 200

# Excel writes this line above the table when it is told to, and does not show it.
_TOLD_SEPARATOR: Final = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
# What no text holds: the control characters but tab, the ends of lines and pages, and the old end of a file.
_CONTROLS: Final = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A})
_NOT_TEXT_ABOVE: Final = 0.001

_AGAIN_AS_UTF_8: Final = "Save it again as “CSV UTF-8”, or send the spreadsheet itself (XLSX or ODS)."


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a file is written: its encoding, as Python calls it, and its separator."""

    encoding: str
    separator: str


def csv_form(file: BinaryIO, known: Collection[str] = ()) -> CsvForm:
    """Find out how the file is written; raises UnreadableFile when that is no encoding that is read."""
    encoding = _encoding(file)
    return CsvForm(encoding, _separator(file, encoding, known))


def csv_lines(file: BinaryIO, form: CsvForm) -> Generator[Line]:
    """Each line that is not blank, numbered as a spreadsheet program does: a quoted line break ends none."""
    file.seek(0)
    text = io.TextIOWrapper(file, form.encoding, newline="")
    feed = _Feed(text)
    try:
        if not _TOLD_SEPARATOR.fullmatch(text.readline(_SAMPLE)):
            text.seek(0)
        for cells in csv.reader(feed, delimiter=form.separator):
            feed.ended()
            if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
                raise too_many_columns(feed.number)
            if feed.number > MAX_LINES:
                raise too_many_lines()
            if any(cells):
                yield _line(feed.number, cells, form.separator, several=feed.lines > 1)
    except csv.Error as wrong:
        raise UnreadableFile(
            f"A cell in row {feed.number + 1} does not end: it has more than {csv.field_size_limit():,} "
            f"characters. Look there for a quotation mark that is not closed, and export the file again."
        ) from wrong
    finally:
        text.detach()


class _Feed:
    """Hands physical lines to the CSV reader, never too much of one row, and knows where a row begins."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.number = 0
        self.lines = 0
        self._begun = False
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._begun:
            self._length = self.lines = 0
        line = self.text.readline(MAX_LINE + 1)
        if not line:
            if self._begun:
                raise UnreadableFile(
                    f"A quotation mark in row {self.number + 1} is not closed, so that the rest of the file "
                    "is read as one cell. Close it there, or export the file again."
                )
            raise StopIteration
        self._begun = True
        self.lines += 1
        self._length += len(line)
        if self._length > MAX_LINE:
            raise line_too_long(self.number + 1)
        return line

    def ended(self) -> None:
        """The reader has a whole row."""
        self._begun = False
        self.number += 1


def _line(number: int, cells: list[str], separator: str, *, several: bool) -> Line:
    faults: dict[int, CellFault] = {}
    columns = len(cells)
    for position, raw in enumerate(cells):
        if not raw:
            continue
        text, fault = read_text(raw)
        if fault:
            faults[position] = fault
        if several and "\n" in text and _swallowed(text, separator, columns):
            faults[-1] = OPEN_QUOTE
        cells[position] = text
    while cells and not cells[-1]:
        cells.pop()
    return Line(number, cells, faults)


def _swallowed(text: str, separator: str, columns: int) -> bool:
    """Whether a quoted text of several lines looks like rows that a quotation mark too many has taken in.

    In prose a space follows a comma; between cells none does.
    """
    between = re.compile(re.escape(separator) + r"(?! )")
    return any(len(between.findall(line)) >= max(4, columns // 2) for line in text.split("\n")[1:])


def _encoding(file: BinaryIO) -> str:
    """The encoding that the whole file can be read in."""
    file.seek(0)
    start = file.read(4)
    if start in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise UnreadableFile(f"The text is written in UTF-32. {_AGAIN_AS_UTF_8}")
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if not _decodes(file, "utf-16"):
            raise UnreadableFile(f"The text begins as UTF-16 but does not go on so. {_AGAIN_AS_UTF_8}")
        return "utf-16"
    _refuse_what_is_not_text(file)
    if _decodes(file, "utf-8-sig"):
        return "utf-8-sig"
    good, bad = _utf_8_characters(file)
    if good >= bad:
        raise UnreadableFile(
            "Most of the text is UTF-8 but some of it is not: the file was cut, or put together from "
            f"several. {_AGAIN_AS_UTF_8}"
        )
    if _decodes(file, "cp1252"):
        return "cp1252"
    raise UnreadableFile(f"The text is neither UTF-8 nor Windows-1252. {_AGAIN_AS_UTF_8}")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk


def _refuse_what_is_not_text(file: BinaryIO) -> None:
    length = controls = 0
    for chunk in _chunks(file):
        nuls = chunk.count(0)
        if nuls:
            # Every second byte of western text in UTF-16 is NUL.
            if nuls < len(chunk) and max(chunk[::2].count(0), chunk[1::2].count(0)) > len(chunk) // 3:
                raise UnreadableFile(
                    f"The text is written in UTF-16 without the mark that says so. {_AGAIN_AS_UTF_8}"
                )
            raise UnreadableFile(
                "This is not a text file, or it is damaged: it holds NUL characters. Export it again as CSV, "
                "XLSX or ODS."
            )
        length += len(chunk)
        controls += length and len(chunk) - len(chunk.translate(None, _CONTROLS))
    if controls > length * _NOT_TEXT_ABOVE:
        raise UnreadableFile(
            "This is neither a text file nor a spreadsheet. Ask for the export as CSV, XLSX or ODS."
        )


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    nul = False
    try:
        for chunk in _chunks(file):
            nul = nul or "\0" in decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not nul


def _utf_8_characters(file: BinaryIO) -> tuple[int, int]:
    """How many characters beyond ASCII are UTF-8, and how many bytes are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    for chunk in _chunks(file):
        text = decoder.decode(chunk)
        wrong = len(re.findall("[\udc80-\udcff]", text))
        bad += wrong
        good += len(re.findall(r"[^\x00-\x7f]", text)) - wrong
    return good, bad


def _separator(file: BinaryIO, encoding: str, known: Collection[str]) -> str:
    """The separator that divides the first lines most evenly, or into most of the names that are known."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        sample = text.read(_SAMPLE)
    finally:
        text.detach()
    told = _TOLD_SEPARATOR.match(sample)
    if told and told[1] in SEPARATORS:
        return told[1]
    return max(SEPARATORS, key=lambda separator: _fit(sample, separator, known))


def _fit(sample: str, separator: str, known: Collection[str]) -> tuple[int, float]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    lines = [cells for cells in islice(reader, _SAMPLE_LINES) if any(cells)]
    if len(sample) == _SAMPLE and len(lines) > 1:
        # The last line was cut where the sample ends.
        lines.pop()
    names = max((count_known(Line(0, [cell.strip() for cell in cells]), known) for cells in lines), default=0)
    widths = Counter(len(cells) for cells in lines if len(cells) > 1)
    even = max(((count / len(lines)) ** 2 * math.log(width) for width, count in widths.items()), default=0.0)
    return names, even
