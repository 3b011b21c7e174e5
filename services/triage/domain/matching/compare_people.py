"""How alike two mentions of somebody are: one level for each thing that both tell.

The levels are what the model has a weight for. What a household shares, home, landline, family name, is told
apart from what is somebody's own.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from services.triage.domain.matching.accounts import Mention
from services.triage.domain.matching.compare_names import (
    FAMILY,
    GIVEN,
    ORDERS,
    Canonicals,
    compare_names,
    word_level,
)
from services.triage.domain.matching.places import Place, is_slip_of_kind, looks_like_an_office

COMPARISONS = ("given", "family", "order", "born", "gender", "phone", "email", "home", "area", "identifier")
# The levels of each comparison, the best first; what one mention lacks another may tell.
_LEVELS = (
    GIVEN,
    FAMILY,
    ORDERS,
    ("exact", "turned", "year_off", "digit", "same_year", "none", "missing"),
    ("same", "none", "missing"),
    ("exact", "digit", "landline", "none", "missing"),
    ("exact", "typo", "none", "missing"),
    ("same", "building", "postcode", "street", "area", "none", "missing"),
    ("same", "none", "missing"),
    ("exact", "typo", "none", "missing"),
)
RANKS = tuple({level: rank for rank, level in enumerate(levels)} for levels in _LEVELS)
A_GENERATION = 15  # years
_MOBILE = "+447"


class PersonLevels(NamedTuple):
    """What the comparison of two mentions found; each a level's name."""

    given: str
    family: str
    order: str
    born: str
    gender: str
    phone: str
    email: str
    home: str
    area: str
    identifier: str


# What two accounts are judged by asks for the same two people more than once.
@lru_cache(maxsize=4_000)
def compare_people(one: Mention, other: Mention, canonicals: Canonicals) -> PersonLevels:
    """The levels of two mentions."""
    name = compare_names(one.name, other.name, canonicals)
    home = compare_places(one.home, other.home)
    return PersonLevels(
        name.given,
        name.family,
        name.order,
        _born(one, other),
        "missing" if not one.gender or not other.gender else "same" if one.gender == other.gender else "none",
        _phone(one.phones, other.phones),
        _email(one.emails, other.emails),
        home,
        _area(one, other) if home == "missing" else "missing",
        _identifier(one.identifiers, other.identifiers),
    )


def _born(one: Mention, other: Mention) -> str:
    if one.born is None or other.born is None:
        return "missing"
    if one.born == other.born:
        return "exact"
    return _born_otherwise(one.born, other.born)


def _born_otherwise(one: dt.date, other: dt.date) -> str:
    same_year, same_day = one.year == other.year, one.day == other.day
    if same_year and one.day == other.month and one.month == other.day:
        return "turned"
    if same_day and one.month == other.month:
        # One birthday, a generation apart: a father and a son, rather than a slip in the year.
        return "year_off" if abs(one.year - other.year) < A_GENERATION else "none"
    # One slip is in the day, the month, the year or where two of them meet: day and year never have it both.
    if (same_year or same_day) and OSA.distance(_digits(one), _digits(other), score_cutoff=1) == 1:
        return "digit"
    return "same_year" if same_year else "none"


def _digits(day: dt.date) -> str:
    return f"{day.day:02}{day.month:02}{day.year:04}"


def _phone(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if not one or not other:
        return "missing"
    if shared := set(one) & set(other):
        # A landline is a household's; a mobile is mostly somebody's own.
        return "exact" if any(number.startswith(_MOBILE) for number in shared) else "landline"
    near = [
        number
        for a in one
        for b in other
        if OSA.distance(a, b, score_cutoff=1) <= 1 or a[3:] in b or b[3:] in a
        for number in (a, b)
    ]
    if near:
        # A slip in it makes a household's landline nobody's own.
        return "digit" if any(number.startswith(_MOBILE) for number in near) else "landline"
    kinds = [{number.startswith(_MOBILE) for number in numbers} for numbers in (one, other)]
    # Whoever gives the mobile to one and the landline to another has both.
    return "missing" if kinds[0].isdisjoint(kinds[1]) else "none"


def _email(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if not one or not other:
        return "missing"
    if set(one) & set(other):
        return "exact"
    if any(OSA.distance(a, b, score_cutoff=1) <= 1 for a in one for b in other):
        return "typo"
    if any(a.partition("@")[0] == b.partition("@")[0] for a in one for b in other):
        return "typo"
    return "none"


def _area(one: Mention, other: Mention) -> str:
    if not one.around or not other.around:
        return "missing"
    return "none" if set(one.around).isdisjoint(other.around) else "same"


def _identifier(one: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...]) -> str:
    if not one or not other:
        return "missing"
    if set(one) & set(other):
        return "exact"
    mine, others = dict(one), dict(other)
    for scheme in mine.keys() & others.keys():
        if len(mine[scheme]) > 5 and OSA.distance(mine[scheme], others[scheme], score_cutoff=1) <= 1:  # noqa: PLR2004
            return "typo"
        return "none"
    return "missing"


def compare_places(one: Place, other: Place) -> str:
    """Two addresses: `same`, `building`, `street`, `postcode`, `area` or `none`; `missing` if one is silent.

    `same` is one dwelling, `building` one that may be, `street` another number of one street.
    """
    if not one.known or not other.known:
        return "missing"
    if one.uprn and one.uprn == other.uprn:
        return "same"
    if looks_like_an_office(one) or looks_like_an_office(other):
        return "missing"
    if not one.street or not other.street:
        if not one.postcode or not other.postcode:
            return "missing"
        return (
            "postcode"
            if one.postcode == other.postcode
            else "none"
            if one.outward != other.outward
            else "area"
        )
    codes = bool(one.postcode and other.postcode)
    code_same = codes and one.postcode == other.postcode
    code_near = codes and not code_same and OSA.distance(one.postcode, other.postcode) <= 1
    if same_street(one.street, other.street):
        a, b = set(one.numbers), set(other.numbers)
        if not a or not b:
            return "building" if not codes or code_same or code_near else "none"
        if a == b or (a <= b or b <= a):
            if codes and not code_same and not code_near and one.outward != other.outward:
                return "none" if not _towns_agree(one, other) else "building"
            return "same" if a == b else "building"
        if a & b and (one.flat or other.flat or len(a) > 1 or len(b) > 1):
            return "building" if code_same or not codes else "street"
        return "street" if not codes or code_same or code_near or one.outward == other.outward else "none"
    if code_same:
        a, b = set(one.numbers), set(other.numbers)
        if a & b:
            return "building"
        return "postcode"
    if codes and one.outward == other.outward:
        return "area"
    return "none"


def _towns_agree(one: Place, other: Place) -> bool:
    return bool(set(one.town) & set(other.town))


def same_street(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two sets of street words share the words that name a street, slips of the finger allowed."""
    short, long = sorted((one, other), key=len)
    hits = sum(any(_same_word(a, b) for b in long) for a in short)
    return hits == len(short) or (hits >= 2 and hits >= len(short) - 1)  # noqa: PLR2004 - `holly hill`


def _same_word(one: str, other: str) -> bool:
    slips = word_level(one, other) in ("exact", "typo")
    return slips or is_slip_of_kind(one, other) or is_slip_of_kind(other, one)
