"""How alike two accounts of something that happened are: a level for each thing that both tell.

Who was harmed and by whom weighs most, but a repeat victim is harmed again, by the same person, next week: so
numbers, days, place, kind and the words of both summaries speak too. In a dispute both sides complain about
each other, so people are compared across sides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.compare_names import MOST_SLIPS, Canonicals, distinct_sound, word_level
from services.triage.domain.matching.compare_people import PersonLevels, compare_places, same_street
from services.triage.domain.matching.kinds import kinds_agree
from services.triage.domain.matching.model import Evidence
from services.triage.domain.matching.references import Reference
from services.triage.domain.matching.whens import days_apart

JudgePeople = Callable[[Mention, Mention], tuple[Evidence, PersonLevels]]
WordBits = Callable[[str], float]

# The levels of each comparison, the best first; `missing` is in none of them.
BANDS = ("sure", "likely", "maybe", "weak", "against")
LEVELS: dict[str, tuple[str, ...]] = {
    "harmed": BANDS,
    "harmed_too": BANDS,
    "responsible": BANDS,
    "crossed": ("no", "yes"),
    "side": BANDS,
    "other_side": BANDS,
    "named": ("full", "family", "given", "no"),
    "numbered": ("address", "number", "no"),
    "number": ("exact", "digit", "none"),
    "log": ("exact", "digit", "day", "none"),
    "file": ("exact",),
    "date": ("same", "next_day", "3_days", "week", "3_weeks", "2_months", "far"),
    "date_told_vaguely": ("same", "next_day", "3_days", "week", "3_weeks", "2_months", "far"),
    "told": ("2_weeks", "month", "2_months", "4_months", "far"),
    "kind": ("same", "group", "other", "none"),
    "place": ("same", "building", "street", "postcode", "area", "none"),
    "homes": ("both", "one", "none"),
    "words": ("5", "4", "3", "2", "1", "0"),
    "words_share": ("4", "3", "2", "1", "0"),
    "agency": ("other", "same"),
}
_BANDS = ((14.0, "sure"), (8.0, "likely"), (3.0, "maybe"), (-2.0, "weak"))
_MATCHED = 3.0
_DID_IT = "responsible"
_BEFORE_A_NUMBER = ("number", "no", "flat", "nr", "house")
_DAYS = ((0, "same"), (1, "next_day"), (3, "3_days"), (7, "week"), (21, "3_weeks"), (60, "2_months"))
_A_DAY = dt.timedelta(days=1)
_TOLD = ((14, "2_weeks"), (30, "month"), (60, "2_months"), (120, "4_months"))
_WORDS = ((4, "0"), (8, "1"), (14, "2"), (22, "3"), (35, "4"))
SAYS_ENOUGH = 3.5  # bits; commoner words are grammar and the agencies' own phrases
_SHORTEST_NUMBER = 5
_SHORTEST_WORD = 3
_SHORT = 2  # letters: short words are words, and nobody's name


class Pairing(NamedTuple):
    """Two mentions that are held against each other: their places in both accounts and what they weigh."""

    one: int
    other: int
    evidence: Evidence
    levels: PersonLevels


def hold_people(one: Account, other: Account, judge: JudgePeople) -> list[Pairing]:
    """Everybody of the one account held against everybody of the other."""
    return [
        Pairing(i, j, *judge(a, b))
        for (i, a), (j, b) in product(enumerate(one.people), enumerate(other.people))
    ]


def pair_people(held: Iterable[Pairing]) -> list[Pairing]:
    """Everybody of the one account with their best counterpart in the other, one to one, the surest first."""
    found = sorted(held, key=lambda pairing: (-pairing.evidence.bits, pairing.one, pairing.other))
    ones: set[int] = set()
    others: set[int] = set()
    best = []
    for pairing in found:
        if pairing.one not in ones and pairing.other not in others:
            ones.add(pairing.one)
            others.add(pairing.other)
            best.append(pairing)
    return best


def compare_events(
    one: Account, other: Account, pairings: Sequence[Pairing], word_bits: WordBits, canonicals: Canonicals
) -> dict[str, str]:
    """The level of each comparison that both accounts allow."""
    crime = is_crime(one, other)
    pairings = [pairing for pairing in pairings if _says_something(one, other, pairing)]
    levels = _sides_of_a_crime(one, other, pairings) if crime else _sides_of_a_dispute(pairings)
    matched_one = {p.one for p in pairings if p.evidence.bits > _MATCHED}
    matched_other = {p.other for p in pairings if p.evidence.bits > _MATCHED}
    alone = [(m, other) for i, m in enumerate(one.people) if i not in matched_one]
    alone += [(m, one) for j, m in enumerate(other.people) if j not in matched_other]
    levels["named"] = _best("named", (named_in(m, told, canonicals) for m, told in alone if m.name.somebody))
    levels["numbered"] = _best(
        "numbered",
        (_numbered(m, told) for m, told in alone if m.home.numbers and (told.words or told.places_told)),
    )
    levels |= _numbers(one, other)
    levels |= _dates(one, other)
    levels["told"] = _step(_TOLD, abs((one.told_on - other.told_on).days))
    levels["kind"] = kinds_agree(one.kind, other.kind)
    levels["place"] = compare_places(one.place, other.place)
    if not crime:
        levels["homes"] = _homes(one, other)
    levels |= _words(one, other, word_bits)
    levels["agency"] = "same" if one.agency == other.agency else "other"
    return levels


def is_crime(one: Account, other: Account) -> bool:
    """Whether two accounts are compared as a crime; if either calls it a dispute, both sides may complain."""
    return one.strand == other.strand == "crime"


def _says_something(one: Account, other: Account, pairing: Pairing) -> bool:
    """Whether two mentions can be told to be one or not; without a name only by home or telephone."""
    if one.people[pairing.one].name.somebody and other.people[pairing.other].name.somebody:
        return True
    return shares_own(pairing.levels)


def shares_own(levels: PersonLevels) -> bool:
    """Whether two mentions share what members of one household would share, at least."""
    return (
        levels.home in ("same", "building")
        or levels.phone in ("exact", "landline")
        or "exact" in (levels.email, levels.born)
    )


def _band(bits: float) -> str:
    return next((band for least, band in _BANDS if bits >= least), "against")


def _step(steps: Iterable[tuple[int, str]], value: float) -> str:
    return next((level for most, level in steps if value <= most), "far")


def _best(comparison: str, levels: Iterable[str]) -> str:
    return min(levels, key=LEVELS[comparison].index, default="missing")


def _sides_of_a_crime(one: Account, other: Account, pairings: Sequence[Pairing]) -> dict[str, str]:
    harmed: list[str] = []
    responsible: list[str] = []
    crossed = "no"
    for pairing in pairings:
        a, b = one.people[pairing.one].role == _DID_IT, other.people[pairing.other].role == _DID_IT
        if a != b:
            crossed = "yes" if pairing.evidence.bits > _MATCHED else crossed
        else:
            (responsible if a else harmed).append(_band(pairing.evidence.bits))
    return {
        "harmed": harmed[0] if harmed else "missing",
        "harmed_too": harmed[1] if len(harmed) > 1 else "missing",
        "responsible": responsible[0] if responsible else "missing",
        "crossed": crossed,
    }


def _sides_of_a_dispute(pairings: Sequence[Pairing]) -> dict[str, str]:
    bands = [_band(pairing.evidence.bits) for pairing in pairings]
    return {"side": bands[0] if bands else "missing", "other_side": bands[1] if len(bands) > 1 else "missing"}


def named_in(mention: Mention, account: Account, canonicals: Canonicals) -> str:
    """How far the words of an account name somebody whom it does not list."""
    said = _said(account.words, canonicals)
    family = any(len(word) > _SHORT and _says(word, said) for word in mention.name.family)
    given = any(
        len(word) > _SHORT and not said.given.isdisjoint(canonicals(word))
        for word in mention.name.given + mention.name.known_as
    )
    return "full" if family and given else "family" if family else "given" if given else "no"


class _Said(NamedTuple):
    """Which words of an account may be a family name, how they sound, and which given names it may tell."""

    family: tuple[str, ...]
    sounds: frozenset[str]
    given: frozenset[str]


@lru_cache(maxsize=1_000)
def _said(told: tuple[str, ...], canonicals: Canonicals) -> _Said:
    long = tuple(word for word in dict.fromkeys(told) if len(word) > _SHORT + 1)
    given = frozenset(form for word in told if len(word) > _SHORT for form in canonicals.as_listed(word))
    return _Said(long, frozenset(map(distinct_sound, long)), given)


def _says(name: str, said: _Said) -> bool:
    """Whether one of the words is this family name, a slip in it allowed; most are told apart at a glance."""
    near = distinct_sound(name) in said.sounds or extractOne(
        name, said.family, scorer=OSA.distance, score_cutoff=MOST_SLIPS
    )
    return bool(near) and any(word_level(name, word) in ("exact", "typo") for word in said.family)


def _numbered(mention: Mention, account: Account) -> str:
    """Whether an account tells where somebody lives: the address, or only the number."""
    home = mention.home
    for told in account.places_told:
        if home.street and set(told.numbers) & set(home.numbers) and same_street(told.street, home.street):
            return "address"
    said = zip(account.words, account.words[1:], strict=False)
    if any(word in _BEFORE_A_NUMBER and number in home.numbers for word, number in said):
        return "number"
    return "no"


def _numbers(one: Account, other: Account) -> dict[str, str]:
    levels = {}
    every, others = {r.value for r in one.numbers}, {r.value for r in other.numbers}
    for kind in ("number", "log", "file"):
        a, b = _of_kind(one.numbers, kind), _of_kind(other.numbers, kind)
        # A number is a number, whichever field it was typed into.
        shared = {value for value in every & others if value in a or value in b}
        if shared:
            levels[kind] = "exact"
        elif not a or not b:
            levels[kind] = "missing"
        else:
            levels[kind] = _near_numbers(kind, a, b)
    if levels["file"] != "exact":  # each agency has files of its own
        levels["file"] = "missing"
    return levels


def _of_kind(numbers: Iterable[Reference], kind: str) -> set[str]:
    return {reference.value for reference in numbers if reference.kind == kind}


def _near_numbers(kind: str, one: set[str], other: set[str]) -> str:
    for a, b in product(one, other):
        if min(len(a), len(b)) >= _SHORTEST_NUMBER and OSA.distance(a, b, score_cutoff=1) <= 1:
            return "digit"
    if kind == "log" and {a.partition("-")[0] for a in one} & {b.partition("-")[0] for b in other}:
        return "day"
    return "none"


def _dates(one: Account, other: Account) -> dict[str, str]:
    if not one.happened or not other.happened:
        return {"date": "missing", "date_told_vaguely": "missing"}
    apart = min(days_apart(a, b) for a, b in product(one.happened, other.happened))
    if one.happened[0].slack or other.happened[0].slack:
        return {"date": "missing", "date_told_vaguely": _step(_DAYS, apart)}
    if apart and day_turned(one, other):
        return {"date": "3_days", "date_told_vaguely": "missing"}
    return {"date": _step(_DAYS, apart), "date_told_vaguely": "missing"}


def day_turned(one: Account, other: Account) -> bool:
    """Whether day and month changed places: 3 April typed as 4 March."""
    if not one.happened or not other.happened:
        return False
    a, b = one.happened[0].day, other.happened[0].day
    return a != b and a.day == b.month and a.month == b.day and a.year == b.year


def told_before(one: Account, other: Account) -> bool:
    """Whether one of the two was told before what the other tells of had happened; a day may be a day off."""
    return any(
        min((when.day for when in there.happened if not when.slack), default=here.told_on) - here.told_on
        > _A_DAY
        for here, there in ((one, other), (other, one))
    )


def _homes(one: Account, other: Account) -> str:
    """How many addresses both accounts of a dispute know: the homes of both sides, or of one."""
    mine = [p for p in (one.place, *(m.home for m in one.people), *one.places_told) if p.numbers and p.street]
    theirs = [
        p
        for p in (other.place, *(m.home for m in other.people), *other.places_told)
        if p.numbers and p.street
    ]
    if not mine or not theirs:
        return "missing"
    matched = {
        min(a.numbers) for a, b in product(mine, theirs) if compare_places(a, b) in ("same", "building")
    }
    return "both" if len(matched) > 1 else "one" if matched else "none"


def _words(one: Account, other: Account, word_bits: WordBits) -> dict[str, str]:
    if not one.words or not other.words:
        return {"words": "missing", "words_share": "missing"}
    known = _names_and_places(one) | _names_and_places(other)
    mine = [(word, bits) for word, bits in _telling(one.words, word_bits) if word not in known]
    theirs = {word: bits for word, bits in _telling(other.words, word_bits) if word not in known}
    shared = sum(bits for word, bits in mine if word in theirs)
    least = min(sum(bits for _, bits in mine), sum(theirs.values()))
    words = next((level for below, level in _WORDS if shared < below), "5")
    return {"words": words, "words_share": str(min(4, int(5 * shared / least))) if least else "missing"}


@lru_cache(maxsize=1_000)
def _telling(words: tuple[str, ...], word_bits: WordBits) -> tuple[tuple[str, float], ...]:
    """The words that say something, each once, with how much."""
    weighed = {word: word_bits(word) for word in words if len(word) >= _SHORTEST_WORD}
    return tuple((word, bits) for word, bits in weighed.items() if bits > SAYS_ENOUGH)


def _names_and_places(account: Account) -> set[str]:
    known = {*account.place.street, *account.place.town}
    for mention in account.people:
        known.update(mention.name.given, mention.name.family, mention.name.known_as)
        known.update(mention.home.street, mention.home.town)
    return known
