"""What two accounts of one event can share exactly: a reference, or a person with the same kind of event.

References are compared in a normalised form, scheme by scheme, and a reference that only stands for "none"
is no evidence. A person is compared by full name and date of birth; placeholders are no evidence either. A
crime reference speaks for the case, never for the person.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import NamedTuple

SAME_EVENT_DAYS = 30  # the same person, the same kind of event, this many days apart at most
_SHORTEST_REFERENCE = 4
_SAYS_NOTHING = {
    "", "NA", "NONE", "NIL", "NULL", "TBC", "TBA", "TBD", "UNKNOWN", "NOTKNOWN", "NK", "PENDING", "NOTYET",
    "NOTGIVEN", "NOTPROVIDED", "NOTAVAILABLE", "NOTAPPLICABLE", "AWAITING", "AWAITED", "NOREF", "NOREFERENCE",
    "REFUSED", "TEST", "SEENOTES", "ASABOVE", "VARIOUS", "OTHER", "CRIME", "INCIDENT", "XXXX",
}  # fmt: skip
_NOBODY = {
    "UNKNOWN", "NOTKNOWN", "NOTGIVEN", "NEIGHBOUR", "NEIGHBOR", "ANON", "ANONYMOUS", "VICTIM", "OFFENDER",
    "SUSPECT", "MALE", "FEMALE", "PERSON", "OCCUPIER", "RESIDENT", "TBC", "NA", "NK", "NONE", "WITHHELD",
    "CLIENT", "PARTNER", "MOTHER", "FATHER", "SON", "DAUGHTER", "NOTPROVIDED", "X", "XX", "XXX",
}  # fmt: skip
_ASCII_LETTERS_AND_DIGITS = {code: None for code in range(128) if not chr(code).isalnum()}
_PLACEHOLDER_DAYS = {(1, 1)}
_PLACEHOLDER_YEARS = {1900, 1901, 1970}


class Person(NamedTuple):
    """One party as far as exact evidence goes; `name` is normalised, None when it names nobody."""

    name: str | None
    date_of_birth: dt.date | None

    @property
    def certain(self) -> bool:
        """Whether name and birth date together can identify somebody."""
        return self.name is not None and self.date_of_birth is not None


def plain(text: str) -> str:
    """Letters and digits only, upper case, without accents: how two spellings of one value are compared."""
    if text.isascii():
        return text.upper().translate(_ASCII_LETTERS_AND_DIGITS)
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed.upper() if c.isalnum())


def normalised_reference(value: str) -> str | None:
    """A reference in the form in which it is compared; None when it can identify nothing."""
    text = plain(value)
    digits = "".join(filter(str.isdigit, text))
    if text in _SAYS_NOTHING or len(text) < _SHORTEST_REFERENCE or len(set(digits)) < 2:  # noqa: PLR2004 - 0000, 1111
        return None
    if len(digits) < _SHORTEST_REFERENCE:
        return None
    return text


def person(given: str | None, family: str | None, date_of_birth: dt.date | None) -> Person:
    """A party's exact identity; placeholder names and dates count as not given."""
    parts = [plain(part) for part in (given or "", family or "")]
    name = " ".join(parts) if all(parts) and _NOBODY.isdisjoint(parts) else None
    if date_of_birth is not None and _is_placeholder(date_of_birth):
        date_of_birth = None
    return Person(name, date_of_birth)


def same_period(one: dt.date, other: dt.date) -> bool:
    """Whether two accounts are near enough in time to tell of one event."""
    return abs((one - other).days) <= SAME_EVENT_DAYS


def _is_placeholder(day: dt.date) -> bool:
    return (day.month, day.day) in _PLACEHOLDER_DAYS and day.year in _PLACEHOLDER_YEARS
