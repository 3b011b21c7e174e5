"""Phone numbers of a cell: several in one, and with the zero that a spreadsheet took away."""

from __future__ import annotations

import re
from typing import Final, Literal

_SEPARATORS: Final = re.compile(r"\s*(?:[;,\n/|]|\bor\b|\band\b|&)\s*", re.IGNORECASE)
_SIGNS: Final = re.compile(r"[\s().\-]+")
_FEWEST_DIGITS: Final = 9
# Excel takes a number for a number: 07190 727737 is kept as 7190727737, +44 7190 727737 as 447190727737.
_ZERO_LOST: Final = re.compile(r"(?:7\d{9}|[1238]\d{9}|1\d{8})(?:\.0+)?", re.ASCII)
_PLUS_LOST: Final = re.compile(r"44[1-9]\d{8,9}(?:\.0+)?", re.ASCII)
_MOBILE: Final = re.compile(r"(?:(?:\+|00)44)?\(?0?\)?7\d+", re.ASCII)


def split_phones(text: str) -> tuple[str, ...]:
    """The numbers of this cell, each mended; a text that is not several whole numbers stays one."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    if len(parts) > 1 and all(_digits(part) >= _FEWEST_DIGITS for part in parts):
        return tuple(mend_phone(part) for part in parts)
    return (mend_phone(text),)


def mend_phone(number: str) -> str:
    """The number with the zero or the plus sign that the spreadsheet lost; any other stays as typed."""
    bare = _SIGNS.sub("", number.partition(".0")[0] if number.endswith(".0") else number)
    if _ZERO_LOST.fullmatch(bare):
        return "0" + number.removesuffix(".0")
    if _PLUS_LOST.fullmatch(bare):
        return "+" + number.removesuffix(".0")
    return number


def channel_of(number: str) -> Literal["mobile", "landline"]:
    """Whether this has the form of a mobile number; every other phone stands somewhere."""
    return "mobile" if _MOBILE.match(_SIGNS.sub("", number)) else "landline"


def _digits(text: str) -> int:
    return sum(sign.isdigit() for sign in text)
