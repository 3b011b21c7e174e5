"""Spreadsheets for tests, written part by part, so that a test can have any part otherwise."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"

Parts = dict[str, str | bytes]


def packed(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these parts, in their order."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return file.getvalue()


def text_cell(text: str) -> str:
    """A cell of an XLSX sheet with a text of its own."""
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def sheet_row(*cells: str) -> str:
    """A row of an XLSX sheet; cells that are no XML yet are texts."""
    return f"<row>{''.join(cell if cell.startswith('<') else text_cell(cell) for cell in cells)}</row>"


def sheet_of(rows: str) -> str:
    """An XLSX sheet of these rows."""
    return f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def a_sheet(lines: Sequence[Sequence[str]]) -> str:
    """An XLSX sheet of these lines of texts or cells."""
    return sheet_of("".join(sheet_row(*line) for line in lines))


def xlsx_parts(
    sheets: Mapping[str, str],
    *,
    hidden: Sequence[str] = (),
    texts: str = "",
    styles: str = "",
    book: str = "",
) -> Parts:
    """The parts of a workbook: its sheets by name, and the inner XML of what they share."""
    names = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
        f"{' state=' + quoteattr('hidden') if name in hidden else ''}/>"
        for number, name in enumerate(sheets, 1)
    )
    pointers = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    parts: Parts = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_CONTENT_TYPES}"/>',
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{book}'
        f"<sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}">{pointers}'
        f'<Relationship Id="rIdT" Type="{_OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'{_XML}<sst xmlns="{_MAIN}">{texts}</sst>',
        "xl/styles.xml": f'{_XML}<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>',
    }
    for number, sheet in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet
    return parts


def xlsx(lines: Sequence[Sequence[str]], *, texts: str = "", styles: str = "", book: str = "") -> bytes:
    """A workbook of one sheet."""
    return packed(xlsx_parts({"Sheet1": a_sheet(lines)}, texts=texts, styles=styles, book=book))


def ods_cell(text: str) -> str:
    """A cell of an ODS sheet with a text, a paragraph for each of its lines."""
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n"))
    return (
        f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'
        if text
        else ("<table:table-cell/>")
    )


def ods_row(*cells: str) -> str:
    """A row of an ODS sheet; cells that are no XML yet are texts."""
    inner = "".join(cell if cell.startswith("<") else ods_cell(cell) for cell in cells)
    return f"<table:table-row>{inner}</table:table-row>"


def ods_parts(sheets: Mapping[str, str], *, styles: str = "", manifest: str = "") -> Parts:
    """The parts of a workbook: the rows of its sheets by name."""
    spaces = " ".join(
        f'xmlns:{short}="{_OASIS}{name}"'
        for short, name in [
            ("office", "office:1.0"),
            ("table", "table:1.0"),
            ("text", "text:1.0"),
            ("style", "style:1.0"),
            ("draw", "drawing:1.0"),
        ]
    )
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    tables = "".join(
        f"<table:table table:name={quoteattr(name)} table:style-name={quoteattr('style of ' + name)}>{rows}"
        "</table:table>"
        for name, rows in sheets.items()
    )
    return {
        "mimetype": _ODS,
        "META-INF/manifest.xml": f'{_XML}<manifest:manifest xmlns:manifest="{_OASIS}manifest:1.0">{manifest}'
        "</manifest:manifest>",
        "content.xml": f"{_XML}<office:document-content {spaces} {calc}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>",
    }


def ods(lines: Sequence[Sequence[str]]) -> bytes:
    """A workbook of one sheet."""
    return packed(ods_parts({"Sheet1": "".join(ods_row(*line) for line in lines)}))
