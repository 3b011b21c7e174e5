"""Files that cannot be read are refused with a sentence that tells what to do, whatever is wrong."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import random
import re
import resource
import struct
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.intake.imports.domain.cell_text import MAX_CELL
from services.intake.imports.reading import open_table
from services.intake.imports.unreadable import MAX_COLUMNS, MAX_FILE, MAX_LINE, MAX_LINES, UnreadableFile
from tests.intake.imports.workbooks import (
    a_sheet,
    ods,
    ods_cell,
    ods_parts,
    ods_row,
    packed,
    sheet_of,
    sheet_row,
    text_cell,
    xlsx,
    xlsx_parts,
)

# An invented name, in every file that has room for one: no refusal may repeat it.
NAME = "Zebedee Quillfeather"
LINES = [("Case Ref", "Name", "Tel"), ("EX/1", NAME, "01914960000"), ("EX/2", "Zoë Example", "01914960001")]
TEXT = "".join(",".join(line) + "\r\n" for line in LINES)
ROWS = "".join(sheet_row(*line) for line in LINES)
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + NAME * 10
    + '">'
    + "".join(f'<!ENTITY {name} "{f"&{of};" * 10}">' for of, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/hostname">]>'
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"


def with_part(part: str, content: str | bytes) -> bytes:
    """A workbook with one part otherwise."""
    return packed({**xlsx_parts({"Data": a_sheet(LINES)}), part: content})


def without_part(part: str) -> bytes:
    parts = xlsx_parts({"Data": a_sheet(LINES)})
    del parts[part]
    return packed(parts)


def with_ods_content(content: str | bytes) -> bytes:
    return packed({**ods_parts({}), "content.xml": content})


def with_declaration(declaration: str, inner: str = "&i;") -> str:
    """A sheet with a document type of its own."""
    return declaration + a_sheet([*LINES, ("EX/3", f'<c t="str"><v>{inner}</v></c>')]).partition("?>")[2]


def with_a_wrong_sum() -> bytes:
    """A byte of the sheet, which is not packed, is another one than when it was written."""
    content = packed(xlsx_parts({"Data": a_sheet(LINES)}), zipfile.ZIP_STORED)
    return content.replace(NAME.encode(), NAME.replace("Z", "X").encode())


def with_a_lying_directory() -> bytes:
    """The directory says that the sheet is small, while much more is packed in it."""
    content = bytearray(with_part("xl/worksheets/sheet1.xml", sheet_of(ROWS + " " * 2**24)))
    directory = content.rindex(b"PK\x01\x02", 0, content.rindex(b"xl/worksheets/sheet1.xml"))
    content[directory + 24 : directory + 28] = struct.pack("<L", 5000)
    return bytes(content)


def with_a_lying_end() -> bytes:
    """The record at the end says that the directory is larger than any."""
    content = bytearray(xlsx(LINES))
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = struct.pack("<L", 2**30)
    return bytes(content)


def marked_as_encrypted() -> bytes:
    content = bytearray(xlsx(LINES))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def noise(length: int) -> bytes:
    return random.Random(7).randbytes(length)


def a_nested_bomb() -> bytes:
    inner = packed({"Data.xml": bytes(2**22)})
    return packed({f"{number}.zip": inner for number in range(500)})


# Each is made when its test runs, by a call without arguments; then the words that its refusal has to hold.
AS_TEXT: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "only-blank-lines": (lambda: b"\r\n \r\n" * 100, "empty"),
    "only-a-mark": (lambda: codecs.BOM_UTF8, "empty"),
    "only-separators": (lambda: b",,,\r\n" * 10, "column names"),
    "only-a-header": (TEXT.splitlines()[0].encode, "no rows below"),
    "a-header-and-blank-rows": ((TEXT.splitlines()[0] + "\r\n,,\r\n,,\r\n").encode, "no rows"),
    "no-header": (lambda: "".join(TEXT.splitlines(keepends=True)[1:]).encode() * 3, "column names"),
    "one-column": (lambda: b"Dear team\r\nplease ring the person below\r\n", "column names"),
    "utf-16-without-its-mark": (lambda: TEXT.encode("utf-16-le"), "UTF-16 without the mark"),
    "utf-16-the-other-way-without-its-mark": (lambda: TEXT.encode("utf-16-be"), "UTF-16 without the mark"),
    "utf-16-with-half-a-character": (lambda: TEXT.encode("utf-16") + b"\0", "does not go on"),
    "utf-16-mark-before-utf-8": (lambda: codecs.BOM_UTF16_LE + TEXT.encode() + b"\xdc", "does not go on"),
    "utf-32": (lambda: TEXT.encode("utf-32"), "UTF-32"),
    "utf-8-cut-inside-a-character": (
        lambda: TEXT.encode()[: TEXT.encode().index(b"\xc3") + 1],
        "Most of the text",
    ),
    "utf-8-and-windows-in-one-file": (
        lambda: (TEXT * 3).encode() + TEXT.encode("cp1252"),
        "Most of the text",
    ),
    "an-encoding-of-far-away": (
        lambda: TEXT.encode() + b"\x81\x8d\x8f\x90",
        "neither UTF-8 nor Windows-1252",
    ),
    "nothing-but-nul": (lambda: bytes(100_000), "NUL"),
    "a-nul-in-a-cell": (lambda: TEXT.replace("Zebedee", "Zebe\0dee").encode(), "NUL"),
    "binary-noise": (lambda: noise(100_000).replace(b"\0", b"\1"), "neither a text file nor"),
    "an-endless-line": (lambda: TEXT.encode() + b"x" * (MAX_LINE + 10), "Row 4 has more than 1,048,576 char"),
    "an-endless-line-of-all": (lambda: b"x" * 5_000_000, "Row 1 has more than 1,048,576 characters"),
    "an-endless-row-of-short-lines": (lambda: TEXT.encode() + b'"x\n",' * 300_000, "Row 4 has more than"),
    "a-cell-of-ten-megabytes": (lambda: TEXT.encode() + b'EX/3,"' + b"x\r\n" * 3_500_000, "does not end"),
    "an-open-quotation-mark": (lambda: TEXT.replace(NAME, f'"{NAME}').encode(), "row 2 is not closed"),
    "a-million-columns": (lambda: TEXT.encode() + b"1," * 500_000, "Row 4 has more than 256 columns"),
    "a-million-column-names": (
        lambda: b"a," * 500_000 + b"\r\n" + b"1," * 500_000,
        "Row 1 has more than 256",
    ),
    "more-lines-than-are-taken": (lambda: TEXT.encode() + b"\n" * MAX_LINES + b"a,b", "1,000,000 lines"),
    "a-pdf-with-the-wrong-name": (lambda: b"%PDF-1.7\n" + noise(1000), r"a PDF document, although .* \.csv"),
    "a-png": (lambda: b"\x89PNG\r\n\x1a\n" + noise(1000), "an image"),
    "a-jpeg": (lambda: b"\xff\xd8\xff\xe0" + noise(1000), "an image"),
    "a-photo-of-a-phone": (lambda: b"\0\0\0\x18ftypheic" + noise(1000), "an image"),
    "a-gzip": (lambda: gzip.compress(TEXT.encode()), "a packed file"),
    "a-7-zip": (lambda: b"7z\xbc\xaf\x27\x1c" + noise(1000), "a packed file"),
    "an-rtf": (lambda: rb"{\rtf1\ansi " + TEXT.encode() + b"}", "a text document"),
    "a-database": (lambda: b"SQLite format 3\0" + noise(1000), "a database"),
    "a-program": (lambda: b"MZ\x90\0" + noise(1000), "a program"),
    "a-web-page": (f"<html><table><tr><td>{NAME}</td></tr></table></html>".encode, "a web page"),
    "a-web-page-with-a-mark": (lambda: b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><p>", "a web page"),
    "a-web-archive": (lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "a saved web page"),
    "an-xml": (lambda: b'<?xml version="1.0"?><a/>', "a web page or XML"),
    "excel-2003-xml": (
        lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "an old XML format",
    ),
    "a-flat-ods": (
        f'<?xml version="1.0"?><office:document xmlns:office="{OFFICE}"/>'.encode,
        "flat",
    ),
    "json": (lambda: json.dumps([{"name": NAME}]).encode(), "JSON"),
    "json-lines": (lambda: (json.dumps({"name": NAME}) + "\n").encode() * 3, "JSON"),
    "an-old-xls": (lambda: OLD_OFFICE + "Workbook".encode("utf-16-le") + noise(4096), r"\(XLS\)"),
    "an-old-doc": (lambda: OLD_OFFICE + "WordDocument".encode("utf-16-le"), "old text document"),
    "a-workbook-with-a-password": (
        lambda: OLD_OFFICE + bytes(2**20 - 4110) + "EncryptedPackage".encode("utf-16-le"),
        "password",
    ),
}

AS_SPREADSHEET: dict[str, tuple[Callable[[], bytes], str]] = {
    "xlsx-cut-in-the-middle": (lambda: xlsx(LINES)[:1000], "cut off"),
    "xlsx-without-its-last-bytes": (lambda: xlsx(LINES)[:-30], "cut off"),
    "xlsx-without-its-first-bytes": (lambda: b"PK\x03\x04" + xlsx(LINES)[400:], "damaged"),
    "xlsx-with-other-bytes-inside": (with_a_wrong_sum, "damaged"),
    "xlsx-with-broken-xml": (
        lambda: with_part("xl/worksheets/sheet1.xml", a_sheet(LINES).replace("</row>", "</raw>", 1)),
        "damaged",
    ),
    "xlsx-whose-xml-ends-too-early": (
        lambda: with_part("xl/worksheets/sheet1.xml", a_sheet(LINES)[:-30]),
        "damaged",
    ),
    "xlsx-with-noise-for-xml": (lambda: with_part("xl/worksheets/sheet1.xml", noise(5000)), "damaged"),
    "xlsx-with-an-empty-sheet-file": (lambda: with_part("xl/worksheets/sheet1.xml", ""), "damaged"),
    "xlsx-without-its-sheet": (lambda: without_part("xl/worksheets/sheet1.xml"), "damaged"),
    "xlsx-without-its-book": (lambda: without_part("xl/workbook.xml"), "damaged"),
    "xlsx-without-its-pointers": (lambda: without_part("xl/_rels/workbook.xml.rels"), "damaged"),
    "xlsx-with-a-text-that-is-not-there": (
        lambda: xlsx([*LINES, ("EX/3", '<c t="s"><v>7</v></c>')]),
        "damaged",
    ),
    "xlsx-with-a-format-that-is-not-there": (
        lambda: xlsx([*LINES, ("EX/3", '<c s="9"><v>7</v></c>')], styles="<cellXfs><xf/></cellXfs>"),
        "damaged",
    ),
    "xlsx-with-a-cell-in-no-column": (
        lambda: xlsx([*LINES, ("EX/3", '<c r="7"><v>7</v></c>'), ('<c r="ÄÖ1"><v>7</v></c>',)]),
        "damaged",
    ),
    "xlsx-with-a-row-without-a-number": (
        lambda: with_part("xl/worksheets/sheet1.xml", sheet_of(ROWS + '<row r="next"/>')),
        "damaged",
    ),
    "xlsx-with-names-that-were-not-worked-out": (
        lambda: xlsx([("<c><f>A9</f></c>", "<c><f>B9</f></c>"), ("<c><v>1</v></c>", "<c><v>2</v></c>")]),
        "column names",
    ),
    "xlsx-with-only-a-header": (lambda: xlsx(LINES[:1]), "no rows below"),
    "xlsx-without-a-cell": (lambda: xlsx([]), "column names"),
    "xlsx-without-a-sheet": (lambda: packed(xlsx_parts({})), "shows no sheet"),
    "xlsx-with-only-a-hidden-sheet": (
        lambda: packed(xlsx_parts({"Data": a_sheet(LINES)}, hidden=["Data"])),
        "Unhide",
    ),
    "xlsx-with-only-a-chart": (
        lambda: with_part(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Type="http://x/chartsheet" Target="c.xml"/></Relationships>',
        ),
        "shows no sheet",
    ),
    "xlsx-with-several-tables": (
        lambda: packed(xlsx_parts({"First": a_sheet(LINES), "Second": a_sheet(LINES)})),
        "“First”, “Second”",
    ),
    "xlsx-with-a-hundred-thousand-columns": (
        lambda: with_part(
            "xl/worksheets/sheet1.xml", sheet_of(ROWS + f"<row>{'<c><v>1</v></c>' * 10**5}</row>")
        ),
        f"Row 4 has more than {MAX_COLUMNS} columns",
    ),
    "xlsx-with-a-value-in-the-last-corner": (
        lambda: with_part(
            "xl/worksheets/sheet1.xml",
            sheet_of(ROWS + '<row r="999999"><c r="XFD999999"><v>1</v></c></row>'),
        ),
        f"Row 999999 has more than {MAX_COLUMNS} columns",
    ),
    "xlsx-with-more-lines-than-are-taken": (
        lambda: with_part(
            "xl/worksheets/sheet1.xml", sheet_of(ROWS + '<row r="1000001"><c><v>1</v></c></row>')
        ),
        "1,000,000 lines",
    ),
    "xlsx-with-an-endless-row": (
        lambda: xlsx([*LINES, [text_cell("x" * MAX_CELL)] * 40]),
        "Row 4 has more than 1,048,576 characters",
    ),
    "an-xml-entity-bomb": (
        lambda: with_part("xl/worksheets/sheet1.xml", with_declaration(ENTITIES)),
        "document type",
    ),
    "an-xml-entity-bomb-in-the-texts": (
        lambda: with_part("xl/sharedStrings.xml", f"{ENTITIES}<sst><si><t>&i;</t></si></sst>"),
        "document type",
    ),
    "an-entity-from-elsewhere": (
        lambda: with_part("xl/worksheets/sheet1.xml", with_declaration(EXTERNAL)),
        "document type",
    ),
    "an-entity-from-elsewhere-in-the-book": (
        lambda: with_part("xl/workbook.xml", f"{EXTERNAL}<workbook>&i;</workbook>"),
        "document type",
    ),
    "a-zip-bomb-in-the-sheet": (
        lambda: with_part("xl/worksheets/sheet1.xml", sheet_of(ROWS + " " * 2**24)),
        "takes more time or memory",
    ),
    "a-zip-bomb-in-the-texts": (
        lambda: with_part("xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * 2**24 + b"</t></si></sst>"),
        "takes more time or memory",
    ),
    "a-zip-bomb-of-zip-bombs": (a_nested_bomb, "a packed file with no spreadsheet"),
    "a-zip-bomb-with-a-lying-directory": (with_a_lying_directory, "damaged"),
    "a-zip-whose-end-lies": (with_a_lying_end, "takes more time or memory"),
    "a-zip-of-too-many-members": (
        lambda: packed({f"{number}": b"" for number in range(6000)}),
        "takes more time or memory",
    ),
    "a-zip-of-something-else": (lambda: packed({"letter.txt": NAME}), "no spreadsheet at its top"),
    "a-zip-of-a-csv": (lambda: packed({"export.csv": TEXT}), "Unpack it"),
    "a-zip-of-nothing": (lambda: packed({}), "no spreadsheet at its top"),
    "a-zip-with-a-password": (marked_as_encrypted, "password"),
    "a-zip-packed-otherwise": (
        lambda: packed(xlsx_parts({"Data": a_sheet(LINES)}), zipfile.ZIP_LZMA),
        "packed in a way",
    ),
    "a-docx": (lambda: packed({"_rels/.rels": "", "word/document.xml": NAME}), "text document"),
    "a-pptx": (lambda: packed({"_rels/.rels": "", "ppt/presentation.xml": NAME}), "no spreadsheet"),
    "an-xlsb": (lambda: packed({"_rels/.rels": "", "xl/workbook.bin": NAME}), r"\(XLSB\)"),
    "an-odt": (
        lambda: packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": NAME}),
        "text document",
    ),
    "ods-cut-in-the-middle": (lambda: ods(LINES)[:500], "cut off"),
    "ods-with-broken-xml": (
        lambda: with_ods_content(str(ods_parts({"A": ods_row("a", "b")})["content.xml"])[:-40]),
        "damaged",
    ),
    "ods-without-its-content": (
        lambda: packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}),
        "no spreadsheet at its top",
    ),
    "ods-with-a-password": (
        lambda: packed(ods_parts({}, manifest="<manifest:encryption-data/>")),
        "password",
    ),
    "ods-with-a-password-of-today": (
        lambda: packed(
            {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "encrypted-package": "x"}
        ),
        "password",
    ),
    "ods-with-only-a-header": (lambda: ods(LINES[:1]), "no rows below"),
    "ods-without-a-sheet": (lambda: packed(ods_parts({})), "shows no sheet"),
    "ods-with-a-cell-that-is-repeated-a-million-times": (
        lambda: ods([*LINES, (ods_cell(NAME).replace(" ", ' table:number-columns-repeated="99999" ', 1),)]),
        f"Row 4 has more than {MAX_COLUMNS} columns",
    ),
    "ods-with-a-row-that-is-repeated-a-million-times": (
        lambda: packed(
            ods_parts(
                {
                    "Data": "".join(ods_row(*line) for line in LINES).replace(
                        "<table:table-row", '<table:table-row table:number-rows-repeated="99999999999"'
                    )
                }
            )
        ),
        "1,000,000 lines",
    ),
    "ods-with-an-entity-bomb": (lambda: with_ods_content(f"{ENTITIES}<x>&i;</x>"), "document type"),
    "ods-with-a-zip-bomb": (lambda: with_ods_content(b"<x>" + b" " * 2**24), "takes more time or memory"),
}


def refusal(source: Path | io.BytesIO, filename: str = "export.csv") -> str:
    """The sentence that a file is refused with, at the latest at its end."""
    with pytest.raises(UnreadableFile) as refused, open_table(source, filename) as table:
        for _row in table.rows:
            pass
    assert refused.value.status == 422
    return refused.value.detail


DAMAGES = AS_TEXT | AS_SPREADSHEET
# More than the largest line and the largest cell need, and much less than the files that are made here hold
# when they are unpacked. The process that reads a spreadsheet has a limit of its own.
ROOM = 64 * 2**20
# The kind of file, its encoding and its separator are looked for, and then its lines are read.
MOST_READINGS = 4


class Counted(io.BytesIO):
    """A file that counts how many of its bytes were asked for, again and again."""

    asked_for = 0

    def read(self, size: int | None = -1, /) -> bytes:
        return self._count(super().read(size))

    def read1(self, size: int | None = -1, /) -> bytes:
        return self._count(super().read1(size))

    def _count(self, content: bytes) -> bytes:
        self.asked_for += len(content)
        return content


@contextmanager
def no_more_memory_than(room: int) -> Iterator[None]:
    """Within it, this process may take so much more than it has: beyond that everything fails."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_with_a_sentence_that_tells_what_to_do(damage: str) -> None:
    make, reason = DAMAGES[damage]
    file = Counted(make())
    with no_more_memory_than(ROOM):
        told = refusal(file)
    assert re.search(reason, told), told
    # Reason and advice are two sentences at least, without a trace of the code and of the content.
    assert re.fullmatch(r"[A-Z].*[a-z].*[.;] [A-Z“].*\.|.*; .*\.", told), told
    assert not re.search(r"Traceback|Error|Exception|Quillfeather|<|\{", told), told
    # However long it is, it is not gone through more often than that.
    assert file.asked_for <= MOST_READINGS * len(file.getvalue()) + 2**16


@pytest.mark.nightly
def test_no_damaged_file_keeps_a_processor_busy_for_long() -> None:
    """Seconds of a processor, this process and the one that reads spreadsheets together."""
    costs = {}
    for damage, (make, _reason) in DAMAGES.items():
        file = io.BytesIO(make())
        before = seconds_of_a_processor()
        refusal(file)
        costs[damage] = seconds_of_a_processor() - before
    slowest = sorted(costs, key=lambda damage: costs[damage], reverse=True)[:5]
    sys.stdout.write("".join(f"{costs[damage]:.2f} s  {damage}\n" for damage in slowest))
    assert costs[slowest[0]] < 5


def seconds_of_a_processor() -> float:
    """What this process and those that it has ended have cost."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


LAST_ROW = 1_048_576


@pytest.mark.parametrize(
    "row",
    [
        '<row r="{}"/>',
        pytest.param('<row r="{}" spans="1:36" s="1" customFormat="1" ht="15"/>', marks=pytest.mark.nightly),
        pytest.param('<row r="{0}"><c r="A{0}" s="0"/><c r="B{0}" s="0"/></row>', marks=pytest.mark.nightly),
    ],
    ids=["bare", "formatted", "with-empty-cells"],
)
def test_a_sheet_whose_rows_go_on_empty_to_the_last_is_a_sheet_of_the_rows_that_say_something(
    row: str,
) -> None:
    """Somebody has formatted whole columns; what reads it may take no more memory than it always may."""
    empty = "".join(map(row.format, range(len(LINES) + 1, LAST_ROW + 1)))
    file = io.BytesIO(with_part("xl/worksheets/sheet1.xml", sheet_of(ROWS + empty)))
    with open_table(file, "export.xlsx") as table:
        assert [each.cells["Case Ref"] for each in table.rows] == ["EX/1", "EX/2"]


def test_a_file_larger_than_is_taken_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    assert "larger than 64 MiB" in refusal(path)


def test_a_workbook_that_nobody_has_opened_is_told_row_by_row() -> None:
    """What a program wrote, formulas and all, without working them out."""
    lines = [("Ref", "Tel"), *((f"EX/{number}", "<c><f>1+1</f></c>") for number in range(3))]
    with open_table(io.BytesIO(xlsx(lines)), "export.xlsx") as table:
        rows = list(table.rows)
    assert [row.cells for row in rows] == [{"Ref": f"EX/{number}"} for number in range(3)]
    assert all("Open the file" in row.faults[0].detail for row in rows)


def test_whoever_reads_no_further_leaves_no_process_behind() -> None:
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    before = children.read_text().split()
    lines = [LINES[0], *([LINES[1]] * 20_000)]
    with open_table(io.BytesIO(xlsx(lines)), "export.xlsx") as table:
        assert next(table.rows).number == 2
        assert len(children.read_text().split()) == len(before) + 1
    assert children.read_text().split() == before


@pytest.mark.nightly
def test_a_small_file_that_keeps_its_reader_busy_without_a_word_is_refused() -> None:
    """Blank rows without end, among remarks that do not pack so well that they give the file away."""
    remarks = random.Random(7)
    busy = "".join(f"{'<row/>' * 1500}<!--{remarks.randbytes(12).hex()}-->" for _ in range(10_000))
    content = with_part("xl/worksheets/sheet1.xml", sheet_of(busy + ROWS))
    assert len(content) < 2**19
    assert "takes more time or memory" in refusal(io.BytesIO(content))


@pytest.mark.nightly
def test_a_file_whose_texts_would_fill_the_memory_is_refused() -> None:
    remarks = random.Random(7)
    texts = "".join(f"<si><t>{remarks.randbytes(80).hex()}{'x' * 20_000}</t></si>" for _ in range(30_000))
    content = packed(xlsx_parts({"Data": a_sheet(LINES)}, texts=texts))
    assert len(content) < 2**24
    assert "takes more time or memory" in refusal(io.BytesIO(content))
