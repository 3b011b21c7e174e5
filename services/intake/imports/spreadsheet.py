"""A spreadsheet is read in a process of its own, which can do no harm and is ended when it falls silent."""

from __future__ import annotations

import io
import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, BinaryIO, Final

import msgspec

from services.intake.imports.domain.cell_text import CELL_FAULTS
from services.intake.imports.domain.row import Line
from services.intake.imports.unreadable import DAMAGED, TOO_MUCH, UnreadableFile
from shared.own_process import started_as


class _Book(msgspec.Struct, frozen=True, array_like=True, tag="book"):
    kind: str


class _Sheet(msgspec.Struct, frozen=True, array_like=True, tag="sheet"):
    name: str
    hidden: bool


class _Lines(msgspec.Struct, frozen=True, array_like=True, tag="lines"):
    lines: list[tuple[int, list[str], dict[int, str], bool]]


class _Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    detail: str


class _Worked(msgspec.Struct, frozen=True, array_like=True, tag="worked"):
    pass


class _End(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    pass


# What the process that reads says; `sheet_process.py` tells what it means.
_Said = _Book | _Sheet | _Lines | _Worked | _Refused | _End
_DECODER: Final = msgspec.json.Decoder(_Said)

# The first lines of an honest workbook, or a word that more of it has been worked off, come within half a
# second, and the next ones all the time. So whatever is small and takes long is refused after this.
LONGEST_SILENCE: Final = 4.0
# A message holds at most 200 lines, or two of the longest, and a character is written in at most six.
_LONGEST_MESSAGE: Final = 2**24
_CHUNK: Final = 2**18
_READER: Final = "services.intake.imports.sheet_process"


class Workbook:
    """What is found in a workbook, in the order of the file: sheet by sheet, line by line."""

    def __init__(self, said: Iterator[_Said]) -> None:
        self._said = said
        self._next: _Said | None = None
        first = self._take()
        self.kind = first.kind if isinstance(first, _Book) else ""
        self.hidden = 0

    def next_sheet(self) -> str | None:
        """The name of the next sheet that is not hidden, past the rest of this one; None after the last."""
        while not isinstance(said := self._take(), _End):
            if isinstance(said, _Sheet):
                if not said.hidden:
                    return said.name
                self.hidden += 1
        return None

    def lines(self) -> Iterator[Line]:
        """The lines of this sheet."""
        while isinstance(said := self._take(), _Lines):
            for number, cells, codes, hidden in said.lines:
                faults = {position: CELL_FAULTS[code] for position, code in codes.items()}
                yield Line(number, cells, faults, hidden)
        self._next = said

    def _take(self) -> _Said:
        said, self._next = self._next or next(self._said), None
        if isinstance(said, _Refused):
            raise UnreadableFile(said.detail)
        if isinstance(said, _End):
            self._next = said
        return said


@contextmanager
def open_workbook(file: BinaryIO) -> Iterator[Workbook]:
    """Open an XLSX or ODS file; the process that reads it has ended when the block is left."""
    on_disk = isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO)
    file.seek(0)
    process = subprocess.Popen(
        **started_as(_READER),
        # A file that is open already is handed over; any other goes through a pipe, and never to a disk.
        stdin=file if on_disk else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    try:
        if process.stdin is not None:
            _hand_over(file, process.stdin)
        yield Workbook(_listen(process))
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _hand_over(file: BinaryIO, pipe: IO[bytes]) -> None:
    # The other process says nothing before it has the whole file; if it refuses it earlier, it says so.
    with suppress(BrokenPipeError):
        while chunk := file.read(_CHUNK):
            pipe.write(chunk)
        pipe.close()


def _listen(process: subprocess.Popen[bytes]) -> Iterator[_Said]:
    if process.stdout is None:
        return
    for message in _messages(process.stdout.fileno()):
        try:
            said = _DECODER.decode(message)
        except msgspec.DecodeError as wrong:
            raise UnreadableFile(DAMAGED) from wrong
        if not isinstance(said, _Worked):
            yield said
    # It ended without saying that it had told all: it was ended, because it had taken too much.
    raise UnreadableFile(TOO_MUCH)


def _messages(descriptor: int) -> Iterator[bytes]:
    """The lines that come; none after the other process has ended, or has been silent for too long."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    begun = bytearray()
    while poll.poll(LONGEST_SILENCE * 1000):
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            return
        *whole, rest = chunk.split(b"\n")
        for end in whole:
            begun += end
            yield bytes(begun)
            begun.clear()
        begun += rest
        if len(begun) > _LONGEST_MESSAGE:
            return
