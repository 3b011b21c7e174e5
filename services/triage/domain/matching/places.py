"""An address as it is compared: its numbers, the words of its street and building, its postcode and its UPRN.

Two clerks write one flat as `Flat 3, 1 Holly Hill`, `3 Finchale Court, Holly Hill` and `Flat 3 Finchale
Court`: so numbers and words are kept apart and compared as sets. A postcode never decides an address, only
an area.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from services.triage.domain.matching.letters import folded, words

_KINDS = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "avn": "avenue",
    "cl": "close",
    "clo": "close", "ct": "court", "crt": "court", "cres": "crescent", "cr": "crescent", "crs": "crescent",
    "dr": "drive",
    "drv": "drive", "gdns": "gardens", "gds": "gardens", "gdn": "gardens", "gr": "grove", "gro": "grove",
    "ln": "lane",
    "pk": "park", "pl": "place", "sq": "square", "ter": "terrace", "terr": "terrace", "tce": "terrace",
    "trc": "terrace",
    "wy": "way", "hse": "house", "ho": "house", "bldg": "building", "bldgs": "buildings", "est": "estate",
    "vw": "view",
    "mt": "mount", "gn": "green", "grn": "green", "fl": "flat", "apt": "flat", "apartment": "flat",
    "rm": "room",
    "ms": "mews", "wk": "walk", "wlk": "walk", "hl": "hill", "rw": "row", "nth": "north", "sth": "south",
    "lwr": "lower", "upr": "upper", "cresc": "crescent", "grv": "grove", "la": "lane", "pde": "parade",
    "cott": "cottages", "cotts": "cottages", "ctgs": "cottages", "vls": "villas", "crft": "croft",
    "rse": "rise",
}  # fmt: skip
STREET_KINDS = frozenset(
    [
        "street",
        "road",
        "avenue",
        "close",
        "court",
        "crescent",
        "drive",
        "gardens",
        "grove",
        "lane",
        "park",
        "place",
        "square",
        "terrace",
        "way",
        "house",
        "view",
        "mount",
        "green",
        "mews",
        "walk",
        "hill",
        "row",
        "rise",
        "croft",
        "dale",
        "villas",
        "cottages",
        "wynd",
        "bank",
        "parade",
        "garth",
        "lea",
        "chare",
        "fold",
        "nook",
        "estate",
    ]
)
_SAYS_LITTLE = frozenset(
    [
        "the",
        "of",
        "flat",
        "room",
        "unit",
        "no",
        "number",
        "near",
        "opposite",
        "opp",
        "corner",
        "at",
        "in",
        "on",
        "off",
    ]
)
_SHORT_FORMS: Mapping[str, Sequence[str]] = {
    kind: [short for short, long in _KINDS.items() if long == kind] for kind in STREET_KINDS
}
_OF_A_PLACE = "le"  # Chester-le-Street
# What an address is written with, whatever the street is called.
WORDS_OF_AN_ADDRESS = frozenset((*_KINDS, *_KINDS.values())) | _SAYS_LITTLE
_NUMBER = re.compile(r"^\d{1,4}[a-z]?\Z")
_POSTCODE = re.compile(r"^([a-z]{1,2}\d[a-z\d]?)\s*(\d[a-z]{2})\Z")
_FOREIGN = range(4, 9)  # letters and digits of a postcode elsewhere
# Where nobody lives, though it stands as somebody's address: an office of whoever refers.
_OFFICE = frozenset(
    [
        "office",
        "offices",
        "police",
        "station",
        "council",
        "hub",
        "civic",
        "headquarters",
        "hq",
        "centre",
        "unit",
        "town",
        "hall",
        "court",
        "prison",
        "hmp",
        "depot",
        "service",
        "services",
        "library",
        "surgery",
        "hospital",
        "school",
        "college",
    ]
)


class Place(NamedTuple):
    """An address, or as much of one as was given. `numbers` in the order written; `street` without them."""

    numbers: tuple[str, ...] = ()
    street: tuple[str, ...] = ()
    town: tuple[str, ...] = ()
    postcode: str = ""
    uprn: str = ""
    flat: bool = False

    @property
    def known(self) -> bool:
        """Whether it says anything that can be compared."""
        return bool(self.street or self.postcode or self.uprn)

    @property
    def dwelling(self) -> str:
        """One line that is the same wherever this very address is written so; "" without number or street."""
        if not self.numbers or not self.street:
            return ""
        return f"at {' '.join(self.numbers)} {' '.join(self.street)} {self.postcode}"

    @property
    def outward(self) -> str:
        """The first half of the postcode; one of another country is kept whole."""
        return self.postcode[:-3] if _POSTCODE.match(self.postcode) else self.postcode


NOWHERE = Place()


# Where something happened is often somebody's home, and several people live there.
@lru_cache(maxsize=20_000)
def read_place(
    line1: str | None = None,
    line2: str | None = None,
    town: str | None = None,
    postcode: str | None = None,
    uprn: str | None = None,
) -> Place:
    """The address as it is compared."""
    numbers: list[str] = []
    street: list[str] = []
    flat = False
    for word in words(f"{line1 or ''} {line2 or ''}"):
        whole = _KINDS.get(word, word)
        if _NUMBER.match(word):
            if word not in numbers:
                numbers.append(word.lstrip("0") or word)
        elif whole == "flat":
            flat = True
        elif whole not in _SAYS_LITTLE or whole == "unit":
            street.append(whole)
    if not any(len(word) > 1 for word in street):
        street = []
    code = "".join(folded(postcode or "").split())
    return Place(
        tuple(numbers),
        tuple(dict.fromkeys(street)),
        tuple(words(town or "")),
        code if _POSTCODE.match(code) or (code.isalnum() and len(code) in _FOREIGN) else "",
        (uprn or "").strip().lstrip("0"),
        flat,
    )


@lru_cache(maxsize=20_000)
def is_slip_of_kind(word: str, kind: str) -> bool:
    """Whether a word is what a street is called after, such as `way`, with one slip in it: `ay`, `sstr`."""
    if word in STREET_KINDS or kind not in STREET_KINDS or word == _OF_A_PLACE:
        return False
    # One letter may stand for anything, and two for half of the short forms.
    written = [kind] if len(word) == 2 else [kind, *_SHORT_FORMS[kind]]  # noqa: PLR2004
    return len(word) > 1 and any(OSA.distance(word, one, score_cutoff=1) <= 1 for one in written)


def looks_like_an_office(place: Place) -> bool:
    """Whether this is where people work rather than where somebody lives."""
    return (not place.numbers and any(word in _OFFICE for word in place.street)) or (
        "unit" in place.street
        or {"council", "police", "hub", "civic", "offices"} & set(place.street) != set()
    )


def places_in(text: str) -> tuple[Place, ...]:
    """Addresses that a text tells in passing: a number before the name of a street."""
    found: list[Place] = []
    tokens = [_KINDS.get(word, word) for word in words(text)]
    for end, word in enumerate(tokens):
        if word not in STREET_KINDS:
            continue
        for start in range(max(0, end - 4), end):
            if (
                _NUMBER.match(tokens[start])
                and all(t.isalpha() for t in tokens[start + 1 : end])
                and end - start > 1
            ):
                found.append(Place((tokens[start],), tuple(tokens[start + 1 : end + 1])))
                break
    return tuple(found)
