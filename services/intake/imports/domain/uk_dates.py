"""Dates and times as people in the UK write them, and as Excel leaves them behind; the day stands first."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from services.intake.imports.domain.cells import Unreadable

LONDON: Final = ZoneInfo("Europe/London")

_TIME: Final = (
    r"(?:[T,\s]+(?:at\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?)?"
)
_WEEKDAY: Final = (
    r"(?:(?:mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun)(?:day|nesday|sday|rsday|urday)?\.?,?\s+)?"
)
_FORMS: Final = tuple(
    re.compile(_WEEKDAY + form + _TIME, re.IGNORECASE | re.ASCII)
    for form in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\s*[/.\-\s]\s*(?P<month>\d{1,2})\s*[/.\-\s]\s*(?P<year>\d{4}|\d{2})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\s*(?:of\s+)?[\s\-/.]?\s*(?P<name>[a-z]{3,9})\.?,?[\s\-/.,]*(?P<year>\d{4}|\d{2})",
        r"(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        r"(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>\d{2})",
        r"(?P<day>\d{2})(?P<month>\d{2})(?P<year>(?:19|20)\d{2})",
    )
)
_DAY_FIRST: Final = 1  # the form in which the month could be taken for the day
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORTEST_MONTH: Final = 3
_SERIAL: Final = re.compile(r"(\d{5})(?:\.(\d+))?", re.ASCII)
# Excel counts days from 1900 and believes in a 29 February 1900; from the day after it this base is right.
_EXCEL_DAY_ZERO: Final = dt.date(1899, 12, 30)
_LAST_SERIAL: Final = (dt.date(2099, 12, 31) - _EXCEL_DAY_ZERO).days
_SECONDS_OF_DAY: Final = 86_400
# Excel's own rule for a year of two digits.
_LAST_SHORT_YEAR_OF_2000S: Final = 29
_ANY_SHORT_YEAR: Final = 99
_TWO_DIGITS: Final = 2
# Nothing that is referred happened earlier, nor will be heard later; what else is odd, the door says.
_YEARS: Final = range(1800, 2200)
_MONTHS_OF_YEAR: Final = 12
_NOON: Final = 12

NOT_A_DATE: Final = (
    "bad_date",
    "This cannot be read as a date. Write the day, the month and the year, as in 22/03/2026.",
)
NO_SUCH_DAY: Final = (
    "bad_date",
    "There is no such day. Check its day, month and year: 22/03/2026 is 22 March 2026.",
)
NO_SUCH_YEAR: Final = ("bad_date", "Check the year: 22/03/2026 is 22 March 2026.")
AMERICAN: Final = (
    "month_first",
    (
        "This has the month before the day, as in the United States. Write the day first, as in 22/03/2026, "
        "and check the other dates of this file: some may be read wrongly."
    ),
)
NOT_A_TIME: Final = ("bad_time", "There is no such time of day. Write hours and minutes, as in 14:05.")


def read_date(text: str, *, to_come: bool = False) -> dt.date:
    """The day that this text names; a time after it is left out.

    A year of two digits is of this century where the day is one that was `to_come`: an order until 15/03/31
    has not ended in 1931.
    """
    return _read(text, _ANY_SHORT_YEAR if to_come else _LAST_SHORT_YEAR_OF_2000S)[0]


def read_date_time(text: str, at: dt.time) -> dt.datetime:
    """The instant in London's time, with its offset; at this time of day when the text names only the day."""
    day, time, zone = _read(text)
    return dt.datetime.combine(day, time or at, zone or LONDON)


def _read(
    text: str, last_of_2000s: int = _LAST_SHORT_YEAR_OF_2000S
) -> tuple[dt.date, dt.time | None, dt.tzinfo | None]:
    words = " ".join(text.split())
    if serial := _SERIAL.fullmatch(words):
        return _of_serial(int(serial[1]), serial[2])
    for form in _FORMS:
        found = form.fullmatch(words)
        if found is not None:
            given = found.groupdict()
            day = _day(given, last_of_2000s, day_first=form is _FORMS[_DAY_FIRST])
            return day, _time(given), _zone(given["offset"])
    raise Unreadable(*NOT_A_DATE)


def _of_serial(days: int, fraction: str | None) -> tuple[dt.date, dt.time | None, None]:
    if not days <= _LAST_SERIAL:
        raise Unreadable(*NOT_A_DATE)
    day = _EXCEL_DAY_ZERO + dt.timedelta(days=days)
    if fraction is None:
        return day, None, None
    seconds = min(round(float(f"0.{fraction}") * _SECONDS_OF_DAY), _SECONDS_OF_DAY - 1)
    return day, dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60), None


def _day(given: dict[str, str | None], last_of_2000s: int, *, day_first: bool) -> dt.date:
    year, day = given["year"] or "", int(given["day"] or 0)
    month = _month_called(given["name"]) if given.get("name") else int(given.get("month") or 0)
    whole = int(year)
    if len(year) == _TWO_DIGITS:
        whole += 2000 if whole <= last_of_2000s else 1900
    try:
        found = dt.date(whole, month, day)
    except ValueError:
        if day_first and month > _MONTHS_OF_YEAR >= day > 0:
            raise Unreadable(*AMERICAN) from None
        raise Unreadable(*NO_SUCH_DAY) from None
    if whole not in _YEARS:
        raise Unreadable(*NO_SUCH_YEAR)
    return found


def _month_called(name: str | None) -> int:
    for number, month in enumerate(_MONTHS, start=1):
        if name and len(name) >= _SHORTEST_MONTH and month.startswith(name.casefold()):
            return number
    if name and name.casefold() == "sept":
        return _MONTHS.index("september") + 1
    raise Unreadable(*NOT_A_DATE)


def _time(given: dict[str, str | None]) -> dt.time | None:
    if given["hour"] is None:
        return None
    hour, half = int(given["hour"]), (given["half"] or "").casefold()[:1]
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    try:
        return dt.time(hour, int(given["minute"] or 0), int(given["second"] or 0))
    except ValueError:
        raise Unreadable(*NOT_A_TIME) from None


def _zone(offset: str | None) -> dt.tzinfo | None:
    if not offset:
        return None
    if offset.upper() == "Z":
        return dt.UTC
    sign = -1 if offset[0] == "-" else 1
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    try:
        return dt.timezone(sign * dt.timedelta(minutes=minutes))
    except ValueError:
        raise Unreadable(*NOT_A_TIME) from None
