"""Write an empty spreadsheet with a mapping's columns, in which Excel leaves numbers and dates as typed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import xlsxwriter

from services.intake.imports.domain.cells import bare_words
from services.intake.imports.mapping import Mapping
from services.intake.imports.readers import Placing, words_of

_ROWS: Final = 500
_NARROWEST: Final = 14
_WIDEST: Final = 28
_WORDS: Final = "Words"


def write_form(mapping: Mapping, path: Path) -> None:
    """Write the columns in the mapping's order; where only some words are known, a list offers them."""
    with path.open("wb") as file, xlsxwriter.Workbook(file) as book:
        sheet, words = book.add_worksheet("Referrals"), book.add_worksheet(_WORDS)
        words.hide()
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        as_typed, day = (book.add_format({"num_format": form}) for form in ("@", "dd/mm/yyyy"))
        offered: dict[tuple[str, ...], str] = {}
        for number, placing in enumerate(_columns(mapping)):
            width = max(_NARROWEST, min(len(placing.column), _WIDEST))
            is_day = placing.into is not None and placing.into.kind in {"day", "instant"}
            sheet.set_column(number, number, width, day if is_day else as_typed)
            sheet.write_string(0, number, placing.column, heading)
            choices = _choices(placing)
            if choices and choices not in offered:
                words.write_column(0, len(offered), choices)
                offered[choices] = _place_of(words.name, len(offered), len(choices))
            if choices:
                # Words of one's own are taken too: they are kept in the summary.
                choice = {"validate": "list", "source": offered[choices], "show_error": False}
                sheet.data_validation(1, number, _ROWS, number, choice)
        sheet.freeze_panes(1, 1)


def _columns(mapping: Mapping) -> list[Placing]:
    """The first thing that is done with each column tells what is typed into it."""
    first = {placing.column: placing for placing in reversed(mapping.plan.placings)}
    return [first[column] for column in mapping.columns if column in first]


def _choices(placing: Placing) -> tuple[str, ...]:
    if placing.into is None or placing.into.kind not in {"word", "flag"}:
        return ()
    return tuple(bare_words(word).capitalize() for word in words_of(placing.into))


def _place_of(sheet: str, column: int, rows: int) -> str:
    first, last = (xlsxwriter.utility.xl_rowcol_to_cell(row, column, True, True) for row in (0, rows - 1))
    return f"={sheet}!{first}:{last}"
