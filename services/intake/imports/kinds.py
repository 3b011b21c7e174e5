"""What kind of file it is, its first bytes say: its name is often wrong."""

from __future__ import annotations

import enum
import re
from typing import BinaryIO, Final

from services.intake.imports.unreadable import PROTECTED, UnreadableFile

_ASK: Final = "Ask for the export as CSV, XLSX or ODS."
_START: Final = 4096

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK: Final = 2**20

# The first bytes of kinds that are not read, and what they are. A spreadsheet in a zip is looked at below.
_OTHER: Final = (
    (rb"%PDF", "a PDF document"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\x00{4}|II\*\0|MM\x00\*|RIFF.{4}WEBP|.{4}ftyp", "an image or a film"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ\0|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", "a packed file"),
    (rb"\{\\rtf", "a text document"),
    (rb"\x7fELF|MZ.\0", "a program"),
    (rb"SQLite format 3|\x00\x01\x00\x00Standard ", "a database"),
)
_OTHER_KINDS: Final = tuple((re.compile(start, re.DOTALL), what) for start, what in _OTHER)
_MARKUP: Final = re.compile(rb"\s*<(?:!doctype|\?xml|[a-z!])", re.IGNORECASE)
_JSON: Final = re.compile(rb"\s*[\[{]\s*[\[{\"\]}]")
# A name ends in one of these because somebody took the file for a table.
_ENDINGS: Final = ("csv", "tsv", "txt", "xls", "xlsx", "xlsm", "ods")
_WEB_MAIL: Final = re.compile(rb"\s*(?:MIME-Version|Content-Type|From):", re.IGNORECASE)


class Kind(enum.Enum):
    """The kinds of files that are read."""

    CSV = "CSV"
    # XLSX and ODS are zip archives; which of the two, the process that reads them finds out.
    SPREADSHEET = "spreadsheet"


def kind_of(file: BinaryIO, filename: str) -> Kind:
    """Which kind of table it is; raises UnreadableFile if it is none, and says what it is instead."""
    file.seek(0)
    start = file.read(_START)
    text = start.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise UnreadableFile("The file is empty. Export it again, and save it before it is sent.")
    for begins, what in _OTHER_KINDS:
        if begins.match(start):
            raise UnreadableFile(f"This is {what}{_although(filename)}. {_ASK}")
    if start.startswith(_ZIP):
        return Kind.SPREADSHEET
    if start.startswith(_OLE):
        raise UnreadableFile(_old_office(file))
    if _MARKUP.match(text):
        raise UnreadableFile(_markup(text, filename))
    if _WEB_MAIL.match(text):
        raise UnreadableFile(f"This is a message or a saved web page{_although(filename)}. {_ASK}")
    if _JSON.match(text):
        raise UnreadableFile(
            f"This is JSON{_although(filename)}. Send it to /v1/referrals, one referral at a time. {_ASK}"
        )
    return Kind.CSV


def _old_office(file: BinaryIO) -> str:
    """The names in the directory of an old office file, in UTF-16, say what it is."""
    file.seek(0)
    last = b""
    while chunk := file.read(_CHUNK):
        window = last + chunk
        if "EncryptedPackage".encode("utf-16-le") in window:
            return PROTECTED
        if "WordDocument".encode("utf-16-le") in window:
            return f"This is an old text document. {_ASK}"
        last = chunk[-100:]
    return "This is a workbook in the old format (XLS). Open it, save it as XLSX, and send that."


def _markup(text: bytes, filename: str) -> str:
    if b"urn:schemas-microsoft-com:office:spreadsheet" in text:
        return "This is a spreadsheet in an old XML format. Open it, save it as XLSX, and send that."
    if b"urn:oasis:names:tc:opendocument" in text:
        return "This is a flat OpenDocument file. Open it, save it as ODS or XLSX, and send that."
    return (
        f"This is a web page or XML{_although(filename)}. Open it in the spreadsheet program, "
        "save it as XLSX, and send that."
    )


def _although(filename: str) -> str:
    """A reminder of the ending that promised something else; never the name itself."""
    ending = filename.rpartition(".")[2].lower()
    return f", although its name ends in .{ending}" if ending in _ENDINGS else ""
