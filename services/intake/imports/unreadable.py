"""A file that cannot be read, or is beyond the limits, is refused with a sentence that tells what to do."""

from __future__ import annotations

from typing import Final

from shared.problems import Problem

# The export of a county's whole year is about ten mebibytes. A file is held in memory once.
MAX_FILE: Final = 64 * 2**20
# What a spreadsheet program can show (1,048,576 lines), rounded down.
MAX_LINES: Final = 1_000_000
# The exports of case systems have up to about 120 columns; the old spreadsheet programs stopped at 256.
MAX_COLUMNS: Final = 256
# Characters in a line, all cells together: as much as the body of one referral may have.
MAX_LINE: Final = 2**20
# Characters in a whole spreadsheet. Cells may share a text, so that a small file can say very much.
MAX_TEXT: Final = 2**28
# Titles, notes and blank lines above the column names are fewer than this.
LINES_ABOVE: Final = 100


DAMAGED: Final = "The file is damaged, or was cut off on its way. Export it again, and send it again."
PROTECTED: Final = "The file is protected by a password. Save it without one, and send it again."
TOO_MUCH: Final = (
    "The file takes more time or memory to read than a table of referrals does. Copy the table alone into a "
    "new workbook, or divide it into several, and send that."
)


class UnreadableFile(Problem):
    """The file cannot be read."""

    status = 422
    code = "unreadable_file"
    advice = "Save it again as XLSX or as CSV, with the column names on top."


def too_large() -> UnreadableFile:
    return UnreadableFile(
        f"The file is larger than {MAX_FILE // 2**20} MiB, the most that is taken. "
        "Divide it into several files, each with the column names on top."
    )


def too_many_lines() -> UnreadableFile:
    return UnreadableFile(
        f"The file has more than {MAX_LINES:,} lines, the most that is taken. "
        "Divide it into several files, each with the column names on top."
    )


def too_many_columns(number: int) -> UnreadableFile:
    return UnreadableFile(
        f"Row {number} has more than {MAX_COLUMNS} columns, the most that is taken. "
        "Export only the columns that a referral needs."
    )


def line_too_long(number: int) -> UnreadableFile:
    return UnreadableFile(
        f"Row {number} has more than {MAX_LINE:,} characters, the most that is taken. "
        "Look there for a missing line break or an open quotation mark, and export the file again."
    )
