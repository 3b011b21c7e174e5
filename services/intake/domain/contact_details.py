"""Contact details are checked softly: a strange phone number or postcode is kept, and remarked upon."""

from __future__ import annotations

import re
from typing import Final

from services.intake.domain.warning import Remark

STRANGE_POSTCODE: Final = Remark(
    "strange_postcode", "This does not have the form of a UK postcode. Check it; it is kept as it is."
)
PART_OF_POSTCODE: Final = Remark(
    "part_of_postcode",
    "This is the first half of a postcode only. The whole one helps to find the right area.",
)
STRANGE_PHONE: Final = Remark(
    "strange_phone", "This does not have the form of a UK phone number. Check it; it is kept as it is."
)
NOT_A_MOBILE: Final = Remark(
    "not_a_mobile", "This has the form of a landline number. If it is one, send it with channel landline."
)
NOT_A_LANDLINE: Final = Remark(
    "not_a_landline", "This has the form of a mobile number. If it is one, send it with channel mobile."
)
STRANGE_UPRN: Final = Remark(
    "strange_uprn", "A unique property reference number has at most 12 digits. Check it; it is kept as it is."
)

# The form of BS 7666: the letters that the second half never uses tell a misread postcode.
_POSTCODE: Final = re.compile(
    r"(?:[A-PR-UWYZ][A-HK-Y]?\d[\dA-HJKMNP-Y]?\d[ABD-HJLNP-UW-Z]{2}|GIR0AA|BFPO\d{1,4})", re.ASCII
)
_OUTWARD: Final = re.compile(r"[A-PR-UWYZ][A-HK-Y]?\d[\dA-HJKMNP-Y]?", re.ASCII)
_UPRN: Final = re.compile(r"\d{1,12}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_EXTENSION: Final = re.compile(r"(?:ext|extension|x)\.?\s*\d{1,6}\Z", re.IGNORECASE | re.ASCII)
_UNITED_KINGDOM: Final = re.compile(r"\A(?:\+44|0044|44(?=[1-9]\d{9}\Z))0?", re.ASCII)
_MOBILE: Final = re.compile(r"07[1-57-9]\d{8}|07624\d{6}", re.ASCII)
_LANDLINE: Final = re.compile(r"0[12389]\d{8,9}|0800\d{6,7}|05[56]\d{8}", re.ASCII)
_ABROAD: Final = re.compile(r"(?:\+|00)[1-9]\d{6,14}", re.ASCII)
_ONE_DIGIT_REPEATED: Final = re.compile(r"\d{2,5}?(\d)\1{6,}", re.ASCII)


def remark_on_postcode(postcode: str) -> Remark | None:
    """What is strange about a postcode; case and spaces are nobody's fault."""
    compact = "".join(postcode.split()).upper()
    if _POSTCODE.fullmatch(compact):
        return None
    return PART_OF_POSTCODE if _OUTWARD.fullmatch(compact) else STRANGE_POSTCODE


def remark_on_uprn(uprn: str) -> Remark | None:
    """What is strange about a property's number."""
    return None if _UPRN.fullmatch(uprn) else STRANGE_UPRN


def remark_on_phone(number: str, channel: str | None = None) -> Remark | None:
    """What is strange about a phone number, and about the channel (mobile or landline) when one is named.

    A whole number of another country, with its plus sign, is not strange.
    """
    digits = _UNITED_KINGDOM.sub("0", _SEPARATORS.sub("", _EXTENSION.sub("", number)), count=1)
    if _ONE_DIGIT_REPEATED.fullmatch(digits):
        return STRANGE_PHONE
    if _MOBILE.fullmatch(digits):
        return NOT_A_LANDLINE if channel == "landline" else None
    if _LANDLINE.fullmatch(digits):
        return NOT_A_MOBILE if channel == "mobile" else None
    return None if _ABROAD.fullmatch(digits) else STRANGE_PHONE
