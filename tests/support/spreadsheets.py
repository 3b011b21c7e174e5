"""Files as an agency's system would export them: every person, place and number in them is invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

# The mapping `first` reads these; the export of the real system has more of them.
COLUMNS = (
    "Case Ref",
    "Date Opened",
    "Case Type",
    "Category",
    "Client Title",
    "Client Forename",
    "Client Surname",
    "Client D.O.B.",
    "Client Address",
    "Client Post Code",
    "Client Tel",
    "First Incident",
    "Police Crime No",
    "Case Officer",
    "Consent",
    "Case Notes",
)
MAPPING, AGENCY = "first", "durham_county_council"

Cells = dict[str, str]


_SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")


def spelt(number: int) -> str:
    """A number as a name, another for each number."""
    word = ""
    for place in range(5):
        word += _SYLLABLES[(number * 2654435761 + 40503 >> 4 * place) % 16]
    return word.capitalize()


def a_row(number: int = 1, **changes: str) -> Cells:
    """A row about which there is nothing to mend; `changes` are by column, with _ for a space."""
    row = {
        "Case Ref": f"INVENTED/{number:06}",
        "Date Opened": "19/03/2026",
        "Case Type": "Crime",
        "Category": "Assault",
        "Client Title": "Ms",
        "Client Forename": spelt(number * 7919),
        "Client Surname": spelt(number),
        "Client D.O.B.": f"{1 + number % 28:02}/{1 + number % 12:02}/19{50 + number % 50}",
        "Client Address": f"{1 + number % 90} {spelt(number // 90 + 4000)} Terrace, Darlington",
        "Client Post Code": f"DL1 {number // 90 % 9 + 1}ZZ",
        "Client Tel": f"07700 9{number % 100_000:05}",
        "First Incident": "17/03/2026",
        "Police Crime No": f"CRI{7_000_000 + number * 37:09}",
        "Case Officer": "Imogen Dreamt",
        "Consent": "Y",
        "Case Notes": "An invented account of an invented assault.",
    }
    return row | {name.replace("_", " "): cell for name, cell in changes.items()}


def a_csv(rows: Iterable[Cells], columns: Iterable[str] = COLUMNS) -> bytes:
    """The rows as a spreadsheet program saves them."""
    return b"".join(csv_lines(rows, columns))


def csv_lines(rows: Iterable[Cells], columns: Iterable[str] = COLUMNS) -> Iterator[bytes]:
    """The same, line by line, for a file that need not fit into memory."""
    written = io.StringIO()
    writer = csv.DictWriter(written, list(columns), restval="", extrasaction="ignore")
    writer.writeheader()
    yield b"\xef\xbb\xbf" + written.getvalue().encode()
    for row in rows:
        written.seek(0)
        written.truncate()
        writer.writerow(row)
        yield written.getvalue().encode()


def read_csv(content: str) -> list[Cells]:
    """The rows of a file that came back."""
    assert content.startswith("\ufeff"), "a spreadsheet program would take the letters for others"
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
