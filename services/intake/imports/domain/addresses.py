"""A whole address in one cell, taken apart into lines, town and postcode."""

from __future__ import annotations

import re
from typing import Final

_SEPARATORS: Final = re.compile(r"\s*[,;\n]+\s*")
_POSTCODE: Final = re.compile(
    r"[\s,.]*\b(?P<postcode>[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2})\s*\Z", re.IGNORECASE | re.ASCII
)
# "30", "No 19", "Flat 3", "Apt 4b": the number of a house or a home, which does not stand alone on a line.
_NUMBER_ALONE: Final = re.compile(
    r"(?:(?:flat|fl|apartment|apt|unit|room|rm|plot|no|number|house|floor)\b\.?\s*)?\d+\s*[a-z]?(?:\s*[-/]\s*\d+\s*[a-z]?)?",
    re.IGNORECASE | re.ASCII,
)
_STREET: Final = re.compile(
    r"\b(?:avenue?|ave?|bank|boulevard|blvd|building|buildings|bungalow|bungalows|circle|close|clo|cl|common|"
    r"cottage|cottages|court|crt|ct|crescent|cres|cr|cross|dale|drive|drv|dr|end|estate|farm|field|fields|flats|"
    r"gardens?|gdns|gds|gate|green|grove|grv|gr|hall|hill|house|hse|lane|ln|lea|lodge|mews|mount|park|pk|parade|"
    r"passage|place|pl|rise|road|rd|row|square|sq|station|street|str|st|terrace|terr|ter|view|vw|villas?|walk|"
    r"wlk|way|wharf|wood|wynd|yard)\.?\Z",
    re.IGNORECASE,
)
# Such words end the names of towns too: "Chester-le-Street".
_TOWN_OF_WORDS: Final = re.compile(
    r"\w+(?:[-\s](?:le|upon|on|in|by|under|the|next)[-\s])(?:\w|[-\s])+", re.IGNORECASE
)


_LINES_BEFORE_TOWN: Final = 2


def read_address(text: str) -> dict[str, str]:
    """line1, line2, town and postcode, as far as they can be told apart; no word is lost.

    The last part is the town, unless it has a house number or is called as streets are. "The library" and
    other names with an article are places, not towns.
    """
    found = _POSTCODE.search(text)
    if found:
        text = text[: found.start()]
    parts = [part for part in _SEPARATORS.split(text.strip()) if part]
    if len(parts) > 1 and _NUMBER_ALONE.fullmatch(parts[0]):
        parts[:2] = [f"{parts[0]}, {parts[1]}"]
    town = parts.pop() if parts and _is_town(parts[-1], among=len(parts)) else ""
    read = {
        "line1": parts[0] if parts else "",
        "line2": ", ".join(parts[1:]),
        "town": town,
        "postcode": found["postcode"] if found else "",
    }
    return {part: value for part, value in read.items() if value}


def _is_town(part: str, *, among: int) -> bool:
    if any(sign.isdigit() for sign in part) or part.casefold().startswith("the "):
        return False
    # After two lines a town follows, even if it is called Cockton Hill.
    return among >= _LINES_BEFORE_TOWN + 1 or bool(_TOWN_OF_WORDS.fullmatch(part)) or not _STREET.search(part)
