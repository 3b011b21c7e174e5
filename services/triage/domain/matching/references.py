"""Reference numbers in the form in which they are compared: soft, scheme by scheme, as people type them.

A crime number is its digits; a police log is a serial number of a day. `CRI00 3229239`, `C003229239` and
`003229239` are one crime number; `532 of 08/06/26`, `DHM-08062026-0532` and `log 532 of June 8` one log. What
only stands for "none" is no reference. Nothing is refused here: what fits no form is compared as it stands.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from services.triage.domain.matching.letters import folded
from services.triage.domain.matching.whens import MONTHS

_SAYS_NOTHING = frozenset(
    [
        "na",
        "none",
        "nil",
        "null",
        "tbc",
        "tba",
        "tbd",
        "unknown",
        "notknown",
        "nk",
        "pending",
        "notyet",
        "notgiven",
        "notprovided",
        "notavailable",
        "notapplicable",
        "awaiting",
        "awaited",
        "noref",
        "noreference",
        "refused",
        "test",
        "seenotes",
        "asabove",
        "various",
        "other",
        "crime",
        "incident",
        "xxxx",
        "toconfirm",
        "tobeconfirmed",
        "tobeadvised",
        "notreported",
        "notrecorded",
    ]
)
_READ_FOR_DIGITS = str.maketrans("oilsbzgq", "01158269")
_LABEL = re.compile(
    r"\b(crime|incident|inc|event|evt|log|ref|reference|number|num|no|nr|urn|occurrence|occ)\b[.:#]*",
    re.IGNORECASE,
)
_LOG_DAY = re.compile(
    r"^\D*0*(\d{1,4})\s*(?:of|/)\s*(?:the\s+)?(\d{1,2})[/.\- ]?(\d{1,2})[/.\- ]?(\d{2,4})\Z"
)
_LOG_WORDS = re.compile(
    r"^\D*0*(\d{1,4})\s*of\s*(?:the\s+)?(?:(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]{3,9})|([a-z]{3,9})\s+(\d{1,2})(?:st|nd|rd|th)?)\s*,?\s*(\d{2,4})?\Z"
)
_FORCE_DAY = re.compile(r"^([a-z]{2,4})[\s/-]*(\d{2})(\d{2})(\d{4}|\d{2})[\s/-]+0*(\d{1,5})\Z")
_FILES = frozenset({"first", "other"})
_CRIME_SERIES = frozenset({"cri", "se"})
_TOLD = re.compile(r"\b([a-z]{2,4})[\s/-]?(\d{6,12})\b")
_SHORTEST = 4  # digits of a number that can identify something
_LOG_SHORTEST = 1


class Reference(NamedTuple):
    """A reference as it is compared.

    `kind` is `log` (a serial number of a day, `20260608-532`), `number` (of a crime or an incident) or `file`
    (an agency's own).
    """

    kind: str
    value: str
    # The letters in front, where there are any: the force or the system.
    series: str = ""


def read_reference(value: str, referred_on: dt.date, scheme: str = "crime") -> Reference | None:
    """One reference as it is compared; None when it can identify nothing."""
    text = " ".join(folded(value).split())
    bare = _LABEL.sub(" ", text)
    log = _read_log(text, bare.strip(), referred_on)
    if log is not None:
        return log
    compact = "".join(c for c in bare if c.isalnum())
    if compact in _SAYS_NOTHING or not compact:
        return None
    series = re.match(r"[a-z]*", compact)
    front = series.group() if series else ""
    rest = compact[len(front) :].translate(_READ_FOR_DIGITS)
    # A scanner may have read the first digits as letters: `crioo3229239`.
    while front and front[-1] in "oi" and rest[:1].isdigit() and len(front) > 3:  # noqa: PLR2004 - forces have two to four letters
        front, rest = front[:-1], front[-1].translate(_READ_FOR_DIGITS) + rest
    digits = "".join(c for c in rest if c.isdigit()).lstrip("0")
    if len(digits) < _SHORTEST or len(set(digits)) < 2 or "123456789".startswith(digits):  # noqa: PLR2004 - 1111
        return None
    kind = "file" if scheme in _FILES and front not in _CRIME_SERIES else "number"
    if not rest.isdigit():
        return Reference(kind, front + rest, front)
    return Reference(kind, digits, front)


def numbers_in(text: str) -> tuple[Reference, ...]:
    """Numbers that a text gives: two to four letters before at least six digits (`CRI003183426`)."""
    found = (
        Reference("number", digits.lstrip("0"), series) for series, digits in _TOLD.findall(folded(text))
    )
    return tuple(dict.fromkeys(found))


def _read_log(text: str, bare: str, referred_on: dt.date) -> Reference | None:
    if found := _FORCE_DAY.match(text):
        _, day, month, year, serial = found.groups()
        return _log(serial, day, month, year)
    if found := _LOG_DAY.match(bare):
        return _log(*found.groups())
    if found := _LOG_WORDS.match(bare):
        serial, day1, month1, month2, day2, year = found.groups()
        month = MONTHS.get((month1 or month2)[:3])
        if month is None:
            return None
        return _log(serial, day1 or day2, str(month), year or _year_of(int(day1 or day2), month, referred_on))
    return None


def _year_of(day: int, month: int, referred_on: dt.date) -> str:
    """The year in which that day was last, seen from when the referral was made."""
    last = referred_on.year if (month, day) <= (referred_on.month, referred_on.day) else referred_on.year - 1
    return str(last)


def _log(serial: str, day: str, month: str, year: str) -> Reference | None:
    whole = int(year) + 2000 if len(year) == 2 else int(year)  # noqa: PLR2004 - a year in two digits
    try:
        when = dt.date(whole, int(month), int(day))
    except ValueError:
        return None
    return Reference("log", f"{when:%Y%m%d}-{int(serial)}")
