"""When something happened, as far as an account tells: a day, or a day that may be some days off."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from services.triage.domain.matching.letters import folded

MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10,
    "nov": 11, "dec": 12,
}  # fmt: skip
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DIGIT = re.compile(r"\d")
_DAY_NUMBERS = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?(?![\d/-])")
_ISO = re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")
_DAY_MONTH = re.compile(rf"(?<![\d/])(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b")
_MONTH_DAY = re.compile(rf"\b{_MONTH}\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)")
_IN_MONTH = re.compile(
    rf"\b(early|mid|late|end of|beginning of|start of|in|since|last|during)[\s-]+{_MONTH}\b"
)
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "couple of": 2, "a couple of": 2, "two": 2, "three": 3, "few": 3, "a few": 3,
    "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "several": 4,
}  # fmt: skip
_AGO = re.compile(
    r"\b(\d{1,2}|a couple of|couple of|a few|few|an?|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|several)\s+"
    r"(day|week|month)s?\s+(?:ago|back|since|or so ago|before)\b"
)
_LAST = re.compile(r"\b(yesterday|last night|last week|last month|this week|this morning|today)\b")
_DAYS = {"day": (1, 1), "week": (7, 5), "month": (30, 17)}
_NEAR = {
    "yesterday": (1, 1), "last night": (1, 1), "last week": (7, 5), "last month": (30, 20),
    "this week": (3, 4), "this morning": (0, 1), "today": (0, 1),
}  # fmt: skip
_PARTS = {
    "early": (5, 7),
    "beginning of": (5, 7),
    "start of": (5, 7),
    "mid": (15, 7),
    "late": (25, 7),
    "end of": (26, 7),
}


class When(NamedTuple):
    """A day, and how many days either way it may be off."""

    day: dt.date
    slack: int = 0


def days_apart(one: When, other: When) -> int:
    """How many days lie between them beyond what either may be off; 0 when they can be the same day."""
    return max(0, abs((one.day - other.day).days) - one.slack - other.slack)


def whens_in(text: str, told_on: dt.date) -> tuple[When, ...]:
    """The days that a text tells, exact ones first; without a year, the last such day before `told_on`."""
    plain = folded(text)
    found: list[When] = []

    def exact(day: str, month: int, year: str | None) -> None:
        when = _day(int(day), month, year, told_on)
        if when is not None:
            found.append(When(when))

    if _DIGIT.search(plain):
        for year, month, day in _ISO.findall(plain):
            exact(day, int(month), year)
        for day, month, year in _DAY_NUMBERS.findall(plain):
            if year or "/" in plain:
                exact(day, int(month), year or None)
        for day, month in _DAY_MONTH.findall(plain):
            exact(day, MONTHS[month[:3]], None)
        for month, day in _MONTH_DAY.findall(plain):
            exact(day, MONTHS[month[:3]], None)
    for part, month in _IN_MONTH.findall(plain):
        middle, slack = _PARTS.get(part, (15, 16))
        when = _day(middle, MONTHS[month[:3]], None, told_on + dt.timedelta(days=31))
        if when is not None:
            found.append(When(when, slack))
    for count, unit in _AGO.findall(plain):
        number = int(count) if count.isdigit() else _COUNTS[count]
        days, slack = _DAYS[unit]
        found.append(
            When(told_on - dt.timedelta(days=days * number), slack + (number if unit == "month" else 0))
        )
    for near in _LAST.findall(plain):
        days, slack = _NEAR[near]
        found.append(When(told_on - dt.timedelta(days=days), slack))
    return tuple(dict.fromkeys(found))


def _day(day: int, month: int, year: str | None, told_on: dt.date) -> dt.date | None:
    try:
        if year:
            return dt.date(int(year) + 2000 if len(year) == 2 else int(year), month, day)  # noqa: PLR2004 - a year in two digits
        this = dt.date(told_on.year, month, day)
        return this if this <= told_on else dt.date(told_on.year - 1, month, day)
    except ValueError:
        return None


def plausible_birthday(day: dt.date | None, told_on: dt.date) -> dt.date | None:
    """A birth date, unless it only fills a field: 1 January of 1900 or 1970, or nobody's age."""
    if day is None or ((day.month, day.day) == (1, 1) and day.year in _FILLING_YEARS):
        return None
    return day if dt.timedelta(0) <= told_on - day <= _OLDEST else None


_FILLING_YEARS = frozenset({1900, 1901, 1970, 2000, 1753, 1899})
_OLDEST = dt.timedelta(days=366 * 112)
