"""References are the numbers by which a police force or a council knows an event; their forms differ widely.

Nothing here refuses a reference: forms change, typists vary and other forces have forms of their own. What
looks strange is remarked upon, so that whoever typed it can look again. The forms, by force:

* Durham, crime: `CRI` and digits; incident: `DHM-DDMMYYYY-NNNN`, or the serial of a day, "358 of July 16";
* Cleveland: `SE`, two digits of the year and six digits; an event has six digits;
* Northamptonshire: eleven digits, of which two are the year, for a crime and for an occurrence;
* FIRsT, the council's case database: no form is published, so only what names no number at all is strange.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from services.intake.domain.warning import Remark

PLACEHOLDER: Final = Remark(
    "placeholder_reference", "This names no reference. Leave it out, or send it when you know it."
)
WITHOUT_DATE: Final = Remark(
    "reference_without_date",
    "A serial number starts again every day, so it cannot be matched without one. "
    "Add the date: 358 of 16/07/2026.",
)
IMPOSSIBLE_DATE: Final = Remark(
    "reference_with_impossible_date",
    "The date within this reference does not exist. Check its day and month.",
)
LETTER_FOR_DIGIT: Final = Remark(
    "letter_for_digit", "There is a letter where a digit belongs, such as O for zero. Check it."
)
INCIDENT_AS_CRIME: Final = Remark(
    "reference_of_another_scheme",
    "This has the form of an incident number. If it is one, send it with scheme incident.",
)
CRIME_AS_INCIDENT: Final = Remark(
    "reference_of_another_scheme",
    "This has the form of a crime number. If it is one, send it with scheme crime.",
)
POLICE_ELSEWHERE: Final = Remark(
    "reference_of_another_scheme",
    "This has the form of a police number. If it is one, send it with scheme crime or incident.",
)
STRANGE: Final = Remark(
    "strange_reference",
    "This has no form that is known here. It is kept as it is: check it against your record.",
)

_SCHEMES_OF_POLICE: Final = frozenset({"crime", "incident"})
_PLACEHOLDERS: Final = frozenset(
    {
        "", "na", "nk", "nil", "no", "none", "null", "nonumber", "noref", "noreference", "notapplicable",
        "notavailable", "notgiven", "notknown", "notprovided", "notrecorded", "notreported", "notsure",
        "notyet", "notyetknown", "dontknow", "idk", "awaited", "awaiting", "pending", "tba", "tbc", "tbd",
        "tobeadvised", "tobeconfirmed", "tofollow", "unk", "unknown", "unsure", "seeabove", "asabove", "test",
    }
)  # fmt: skip
_NOT_A_SIGN: Final = re.compile(r"[\W_]+")
_ONE_SIGN_REPEATED: Final = re.compile(r"(X+|0+|(\d)\2{3,})")
_COUNTED_UP: Final = "1234567890"
_FEWEST_COUNTED_UP: Final = 4
_LABEL: Final = re.compile(
    r"(?:(?:crime|incident|inc|log|event|ev|occurrence|occ|ref|reference|number|num|no|nr)\b[\s.:#]*)+",
    re.IGNORECASE,
)
_SERIAL_OF_DAY: Final = re.compile(r"\d{1,4}(?: ?(?:of|/|-| ) ?(.+))?", re.IGNORECASE | re.ASCII)
_NUMERIC_DAY: Final = re.compile(r"(\d{1,2})[/.\s-]?(\d{1,2})[/.\s-]?(\d{4}|\d{2})", re.ASCII)
_WORDED_DAY: Final = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]{3,9})|([a-z]{3,9})\s+(\d{1,2})(?:st|nd|rd|th)?),?(?:\s+(\d{4}|\d{2}))?",
    re.IGNORECASE | re.ASCII,
)
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_A_LEAP_YEAR: Final = 2024
# Some shorten the year; the four digits are tried first.
_DURHAM_INCIDENT: Final = re.compile(r"DHM(\d\d)(\d\d)(20\d\d|\d\d)\d{1,5}", re.ASCII)
_FORMS: Final = (
    (re.compile(r"CRI\d{6,12}", re.ASCII), "crime"),
    (re.compile(r"SE\d{8}", re.ASCII), "crime"),
    (re.compile(r"\d{11}", re.ASCII), "either"),
    (re.compile(r"\d{6}", re.ASCII), "incident"),
)
_POLICE_PREFIX: Final = re.compile(r"(?:CRI|SE|DHM)[\dOIL]{6}", re.ASCII)
_LETTER_AMONG_DIGITS: Final = re.compile(r"(?:CRI|SE|DHM)(?=\d*[OIL])[\dOIL]{6,13}", re.ASCII)


def remark_on_reference(scheme: str, value: str) -> Remark | None:
    """What is strange about this reference, as typed under this scheme; `None` for what has a known form."""
    words = " ".join(value.split())
    label = _LABEL.match(words)
    typed = words[label.end() :] if label else words
    compact = _NOT_A_SIGN.sub("", typed).upper()
    if _is_placeholder(compact) or _is_placeholder(_NOT_A_SIGN.sub("", words).upper()):
        return PLACEHOLDER
    remark, form_of = _form(typed, compact)
    if scheme not in _SCHEMES_OF_POLICE:
        # Another system's number may well look like a serial or an event: only a police prefix tells.
        return (remark or POLICE_ELSEWHERE) if _POLICE_PREFIX.match(compact) else None
    if remark is None and form_of not in {scheme, "either"}:
        return CRIME_AS_INCIDENT if form_of == "crime" else INCIDENT_AS_CRIME
    return remark


def _is_placeholder(compact: str) -> bool:
    return (
        compact.lower() in _PLACEHOLDERS
        or _ONE_SIGN_REPEATED.fullmatch(compact) is not None
        or (len(compact) >= _FEWEST_COUNTED_UP and _COUNTED_UP.startswith(compact))
    )


def _form(typed: str, compact: str) -> tuple[Remark | None, str]:
    """What is strange about the form, and which scheme it belongs to: crime, incident or either."""
    for pattern, form_of in _FORMS:
        if pattern.fullmatch(compact if compact[:1].isalpha() else typed):
            return None, form_of
    if of_durham := _DURHAM_INCIDENT.fullmatch(compact):
        return (None if _exists(of_durham[1], of_durham[2], of_durham[3]) else IMPOSSIBLE_DATE), "incident"
    if _LETTER_AMONG_DIGITS.fullmatch(compact):
        return LETTER_FOR_DIGIT, "either"
    if serial := _SERIAL_OF_DAY.fullmatch(typed):
        return _remark_on_serial(serial[1]), "incident"
    return STRANGE, "either"


def _remark_on_serial(day: str | None) -> Remark | None:
    """A day and a month are date enough: the year follows from the referral."""
    if day is None or day.lower().removeprefix("of").strip() in {*_MONTHS, *(month[:3] for month in _MONTHS)}:
        return WITHOUT_DATE
    if numeric := _NUMERIC_DAY.fullmatch(day):
        return None if _exists(numeric[1], numeric[2], numeric[3]) else IMPOSSIBLE_DATE
    if worded := _WORDED_DAY.fullmatch(day):
        month = _month_called(worded[2] or worded[3])
        if month:
            exists = _exists(worded[1] or worded[4], str(month), worded[5] or str(_A_LEAP_YEAR))
            return None if exists else IMPOSSIBLE_DATE
    return STRANGE


def _month_called(word: str) -> int:
    """The number of the month of which this is the name or its beginning; 0 for none."""
    for number, month in enumerate(_MONTHS, start=1):
        if month.startswith(word.lower()):
            return number
    return 0


def _exists(day: str, month: str, year: str) -> bool:
    """Whether this or the last century has this day; a year of two digits is one of this century."""
    whole = year if len(year) > len("26") else f"20{year}"
    try:
        dt.date(int(whole), int(month), int(day))
    except ValueError:
        return False
    return whole.startswith(("19", "20"))
