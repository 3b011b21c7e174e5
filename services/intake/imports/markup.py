"""XML is read as a stream, and its document type never: no entity of its own, no file from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NoReturn
from xml.parsers import expat

from services.intake.imports.package import Member
from services.intake.imports.unreadable import DAMAGED, UnreadableFile

_CHUNK: Final = 2**18

Start = Callable[[str, dict[str, str]], None]
Text = Callable[[str], None]


def read_markup(
    file: Member, start: Start, end: Text | None = None, text: Text | None = None
) -> Iterator[None]:
    """Call these for each element, its end and each run of text; comes back after each piece of the file.

    Names are the namespace and the local name with a space between.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as wrong:
        raise UnreadableFile(DAMAGED) from wrong
    yield


def read_whole(file: Member, start: Start, end: Text | None = None, text: Text | None = None) -> None:
    """The same for a file of which nothing is wanted before its end."""
    with file:
        for _piece in read_markup(file, start, end, text):
            pass


def _refuse(*_declaration: object) -> NoReturn:
    raise UnreadableFile(
        "The file holds a document type, which no spreadsheet program writes. Open it in one, save it as "
        "XLSX, and send that."
    )
