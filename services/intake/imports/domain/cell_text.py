"""What a cell says, as text: values are written out, and what a program did to them is undone or told."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.intake.imports.domain.row import CellFault

# Excel's own limit for a cell.
MAX_CELL: Final = 32_767

ERROR_CELL: Final = CellFault(
    "error_cell", "The spreadsheet could not work this cell out. Mend it there and export again."
)
NOT_WORKED_OUT: Final = CellFault(
    "not_worked_out",
    "This cell holds a formula without its result. Open the file in the spreadsheet program, save it, and "
    "send it again.",
)
SHORTENED_NUMBER: Final = CellFault(
    "shortened_number",
    "The spreadsheet has shortened this number and lost digits. Format the column as text and export again.",
)
TOO_NARROW: Final = CellFault(
    "too_narrow",
    "The column was too narrow for this value and was saved as ####. Make it wider and export again.",
)
NO_DATE: Final = CellFault(
    "no_date", "This number is formatted as a date but is none. Correct the cell and export again."
)
TOO_LONG: Final = CellFault("too_long", f"A cell has at most {MAX_CELL:,} characters. Shorten the text.")
OPEN_QUOTE: Final = CellFault(
    "open_quote",
    "Several lines were read as one row here: a quotation mark is not closed. Close it and send them again.",
)
CELL_FAULTS: Final = {
    fault.code: fault
    for fault in (
        ERROR_CELL,
        NOT_WORKED_OUT,
        SHORTENED_NUMBER,
        TOO_NARROW,
        NO_DATE,
        TOO_LONG,
        OPEN_QUOTE,
    )
}

# ="0191…" is how some systems keep Excel from taking a zero away.
_KEPT_AS_TEXT: Final = re.compile(r'="([^"]*)"')
# '=… is how some systems keep Excel from taking a text for a formula.
_KEPT_FROM_RUNNING: Final = re.compile(r"'[=+\-@]")
# What a spreadsheet program leaves of a value in a text file when it shows something else.
_DAMAGES: Final = (
    (re.compile(r"#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)"), ERROR_CELL),
    (re.compile(r"#{3,}"), TOO_NARROW),
    (re.compile(r"\d(?:\.\d+)?E\+\d\d?", re.IGNORECASE), SHORTENED_NUMBER),
)
_MAY_BE_DAMAGED: Final = frozenset("='#0123456789")


def read_text(raw: str) -> tuple[str, CellFault | None]:
    """A text as the agency's system meant it; blank, with a fault, where a program has lost what it said."""
    text = raw.strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text and text[0] in _MAY_BE_DAMAGED:
        if kept := _KEPT_AS_TEXT.fullmatch(text):
            return kept[1].strip(), None
        if _KEPT_FROM_RUNNING.match(text):
            return text[1:], None
        for damage, fault in _DAMAGES:
            if damage.fullmatch(text):
                return "", fault
    return (text, None) if len(text) <= MAX_CELL else ("", TOO_LONG)


class Form(enum.Enum):
    """What a number is shown as."""

    PLAIN = enum.auto()
    DATE = enum.auto()
    TIME = enum.auto()
    PERCENT = enum.auto()


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a spreadsheet shows a number: as what, and with how many digits at least."""

    form: Form = Form.PLAIN
    digits: int = 0


PLAIN: Final = NumberFormat()

# The formats that Excel has by number, ECMA-376 part 1, 18.8.30; from 27 and from 50 on they are East Asian.
_BY_NUMBER: Final = {
    **dict.fromkeys((*range(14, 18), 22, *range(27, 37), *range(50, 59)), Form.DATE),
    **dict.fromkeys((*range(18, 22), *range(45, 48)), Form.TIME),
    **dict.fromkeys((9, 10), Form.PERCENT),
}
# What is shown as it stands: quoted, escaped, filled, as wide as; colours and languages in brackets.
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|\*.|_.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_SPACING: Final = re.compile(r"[ ()/\-]")


def number_format(number: int, code: str = "") -> NumberFormat:
    """A format by its number in Excel or else by its code (`dd/mm/yyyy`, `00000 000000`)."""
    shown = _LITERAL.sub("", code).partition(";")[0].lower()
    zeros = _SPACING.sub("", shown)
    if zeros and not zeros.strip("0"):
        return NumberFormat(digits=len(zeros))
    return NumberFormat(_BY_NUMBER.get(number) or _form(shown))


def _form(shown: str) -> Form:
    if shown == "general":
        return Form.PLAIN
    if "%" in shown:
        return Form.PERCENT
    # Beside hours or seconds, an m means minutes.
    clock = "h" in shown or "s" in shown
    if "d" in shown or "y" in shown or ("m" in shown and not clock):
        return Form.DATE
    return Form.TIME if clock else Form.PLAIN


_MOST_DIGITS: Final = 15
_SECONDS: Final = 86_400
# Serial 1 is 1 January 1900, but Excel has a 29 February 1900, serial 60.
_FROM_1900: Final = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's clock has no zone
_BEFORE_MARCH: Final = dt.datetime(1899, 12, 31)  # noqa: DTZ001 - as above
_FROM_1904: Final = dt.datetime(1904, 1, 1)  # noqa: DTZ001 - as above
_NO_SUCH_DAY: Final = 60
_LAST_DAY: Final = 2_958_466


# The same days and the same small numbers come again and again.
@functools.lru_cache(maxsize=4096)
def read_number(
    raw: str, shown: NumberFormat = PLAIN, *, from_1904: bool = False
) -> tuple[str, CellFault | None]:
    """A number as a person reads it: no ".0", no exponent, dates as ISO text, kept leading zeros."""
    try:
        number = float(raw)
    except ValueError:
        return read_text(raw)
    if not math.isfinite(number):
        return "", ERROR_CELL
    if shown.form is Form.PLAIN:
        text, fault = _digits(number, raw)
        return text.zfill(shown.digits) if text and shown.digits else text, fault
    if shown.form is Form.PERCENT:
        text, fault = _digits(float(Decimal(repr(number)) * 100), "")
        return f"{text}%" if text else "", fault
    return _date(number, shown.form, from_1904=from_1904)


def _digits(number: float, raw: str) -> tuple[str, CellFault | None]:
    if not number.is_integer():
        # More digits than these are noise of the arithmetic, and no spreadsheet program shows them.
        return format(Decimal(f"{number:.{_MOST_DIGITS}g}"), "f"), None
    # A program that is no spreadsheet may have written all digits of a longer number.
    if abs(number) < 10**_MOST_DIGITS:
        return str(int(number)), None
    return (raw, None) if raw.isdigit() and raw.rstrip("0")[_MOST_DIGITS:] else ("", SHORTENED_NUMBER)


def _date(number: float, form: Form, *, from_1904: bool) -> tuple[str, CellFault | None]:
    if not 0 <= number < _LAST_DAY:
        return "", NO_DATE
    days, seconds = divmod(round(number * _SECONDS), _SECONDS)
    if form is Form.TIME and not days:
        return (_FROM_1900 + dt.timedelta(seconds=seconds)).time().isoformat(), None
    from_1900 = _BEFORE_MARCH if days < _NO_SUCH_DAY else _FROM_1900
    start = _FROM_1904 if from_1904 else from_1900
    try:
        return date_text(start + dt.timedelta(days=days, seconds=seconds)), None
    except OverflowError:
        return "", NO_DATE


def date_text(moment: dt.datetime) -> str:
    """A date, and the time when there is one."""
    moment = moment.replace(microsecond=0, tzinfo=None)
    return moment.isoformat() if moment.time() != dt.time() else moment.date().isoformat()


def read_date(raw: str) -> tuple[str, CellFault | None]:
    """A date that the spreadsheet holds as ISO text."""
    try:
        return date_text(dt.datetime.fromisoformat(raw.strip())), None
    except ValueError:
        return "", NO_DATE
