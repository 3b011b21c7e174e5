"""Reads one spreadsheet in a process of its own, whose memory and time are limited, and tells what it finds.

The file comes in by standard input. What is found goes out by standard output, a JSON array a line:

    ["book", kind]             it is a workbook, XLSX or ODS
    ["sheet", name, hidden]    a sheet begins
    ["lines", [[number, cells, {position: code of a fault}], …]]    of that sheet, those that are not blank
    ["worked"]                 another quarter MiB of the file, as it is packed, has been worked off
    ["refused", detail]        it cannot be read, or not any further
    ["end"]                    all has been said

A file that was made to do harm can do none here: this process has no keys, no settings and no database, and
it ends when it has taken too much. Run by `spreadsheet.py` alone.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final

from services.intake.imports import ods, xlsx
from services.intake.imports.domain.row import Line, Sheet
from services.intake.imports.package import Package
from services.intake.imports.unreadable import (
    DAMAGED,
    MAX_FILE,
    MAX_LINE,
    MAX_LINES,
    MAX_TEXT,
    TOO_MUCH,
    UnreadableFile,
    too_many_lines,
)
from shared.own_process import take_no_more_than

# Addresses, of which some thirty MiB are there before the first byte is read. The texts that the cells of a
# workbook share are the one thing that is kept: a hundred bytes each.
MEMORY: Final = 512 * 2**20
# Of work, not of waiting for whoever takes the rows; a million lines take about two minutes.
CPU_SECONDS: Final = 300
# What is packed honestly unpacks to so much that this is a fifth of a second's work.
WORKED: Final = 2**18
_AT_ONCE: Final = 200
# Raised where a part of the file is not what the format says that it is.
_NOT_AS_THE_FORMAT_SAYS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    LookupError,
    ArithmeticError,
)


def main() -> None:
    """Read standard input and tell it to standard output; nothing is ever said to standard error."""
    take_no_more_than(MEMORY, CPU_SECONDS)
    told = sys.stdout.buffer
    # When nobody wants to hear more, there is nothing more to do.
    with suppress(BrokenPipeError):
        for said in _tell(sys.stdin.buffer):
            told.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
            told.flush()


def _tell(file: BinaryIO) -> Iterator[list[object]]:
    try:
        yield from _read(Package(file if file.seekable() else io.BytesIO(file.read(MAX_FILE + 1))))
        yield ["end"]
    except UnreadableFile as refused:
        yield ["refused", refused.detail]
    except MemoryError:
        yield ["refused", TOO_MUCH]
    except _NOT_AS_THE_FORMAT_SAYS:
        yield ["refused", DAMAGED]


def _read(package: Package) -> Iterator[list[object]]:
    if package.is_ods():
        yield ["book", "ODS"]
        found = ods.read_workbook(package)
    else:
        package.refuse_what_is_no_workbook()
        yield ["book", "XLSX"]
        found = xlsx.read_workbook(package)
    text = sent = 0
    told = 0.0
    lines: list[tuple[int, list[str], dict[int, str], bool]] = []
    for what in found:
        if isinstance(what, Line):
            if what.number > MAX_LINES:
                raise too_many_lines()
            text += sum(map(len, what.cells))
            if text > MAX_TEXT:
                raise UnreadableFile(TOO_MUCH)
            codes = {position: fault.code for position, fault in what.faults.items()}
            lines.append((what.number, list(what.cells), codes, what.hidden))
        if lines and (not isinstance(what, Line) or len(lines) == _AT_ONCE or text - sent > MAX_LINE):
            yield ["lines", lines]
            lines, sent = [], text
        if package.worked - told >= WORKED:
            told = package.worked
            yield ["worked"]
        if isinstance(what, Sheet):
            yield ["sheet", what.name, what.hidden]


if __name__ == "__main__":
    main()
