"""How alike two names are: a level for given and family name each, in the reading that fits best."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from services.triage.domain.matching.letters import looks_of
from services.triage.domain.matching.names import Name, female_form

# The levels, the best first. `none` is a contradiction; `missing` says nothing either way.
GIVEN = ("exact", "short", "typo", "similar", "initial", "middle", "none", "missing")
FAMILY = ("exact", "typo", "similar", "part", "none", "missing")
ORDERS = ("straight", "swapped", "one_field")

MOST_SLIPS = 2  # of the finger, in a long word that is still the same
_TYPO_LENGTH = 4
_LONG = 7
_SHORT_FORM = 3
_WORD_LEVELS = ("exact", "typo", "similar")
_FORM = 6
_PART, _REST = 5, 4  # letters of a name that stands alone, and of what else the other one has
_SIMILAR = 0.88


class Canonicals(ABC):
    """What a word may be short for, itself included."""

    @abstractmethod
    def __call__(self, word: str) -> frozenset[str]:
        """Read as a name: a slip in it is allowed."""

    @abstractmethod
    def as_listed(self, word: str) -> frozenset[str]:
        """Read in running text, where nearly every word is a slip from somebody's name."""


class NameLevels(NamedTuple):
    """What the comparison of two names found."""

    given: str
    family: str
    order: str = "straight"


@lru_cache(maxsize=200_000)
def word_level(one: str, other: str) -> str:
    """Two words of a name: `exact`, `typo` (one slip of the finger), `similar` (heard alike) or `none`."""
    if one == other:
        return "exact"
    shorter, longer = sorted((len(one), len(other)))
    if shorter >= _TYPO_LENGTH or (shorter == 3 and longer <= 4):  # noqa: PLR2004 - Ann, Anne
        slips = OSA.distance(one, other, score_cutoff=MOST_SLIPS)
        if slips <= 1 or distinct_sound(one) == distinct_sound(other) or looks_of(one) == looks_of(other):
            return "typo"
        if slips <= MOST_SLIPS and shorter >= _LONG:
            return "typo"
        if (slips <= MOST_SLIPS or shorter >= _LONG) and JaroWinkler.similarity(one, other) >= _SIMILAR:
            return "similar"
    return "none"


_SOUNDS = (
    ("ph", "f"), ("ck", "k"), ("gh", ""), ("kn", "n"), ("wr", "r"), ("sch", "s"), ("sh", "s"), ("tz", "s"),
    ("z", "s"), ("c", "k"), ("q", "k"), ("x", "ks"), ("y", "i"), ("w", "v"), ("th", "t"), ("h", ""), ("dg",
    "g"),
    ("j", "g"),
)  # fmt: skip


@lru_cache(maxsize=100_000)
def sound_of(word: str) -> str:
    """How a word sounds, roughly: for finding it again when it was heard, not read."""
    text = word
    for written, heard in _SOUNDS:
        text = text.replace(written, heard)
    kept = [text[:1] if text[:1] not in "aeiou" else "a"]
    for letter in text[1:]:
        if letter in "aeiou":
            continue
        if letter != kept[-1]:
            kept.append(letter)
    return "".join(kept)


@lru_cache(maxsize=100_000)
def distinct_sound(word: str) -> str:
    """How a word sounds if that tells words apart, else the word itself."""
    sound = sound_of(word)
    return sound if len(sound) > 2 else word  # noqa: PLR2004 - two sounds are too few to tell words apart


_GIVEN_RANK = {level: rank for rank, level in enumerate(GIVEN)}
_FAMILY_RANK = {level: rank for rank, level in enumerate(FAMILY)}


def compare_names(one: Name, other: Name, canonicals: Canonicals) -> NameLevels:
    """The levels of the best reading: as written, given and family name swapped, or both in one field."""
    best = NameLevels(_given(one, other, canonicals), _family(one.family, other.family))
    if best.family in ("exact", "typo") and best.given not in ("none", "missing"):
        return best
    # Of two words in one field that share one with a family name, the other is what somebody is called.
    half = best.given == "missing" and best.family == "part"
    readings = [] if half and _is_one_field(one, other) else [best]
    for a, b in ((one, other), (other, one)):
        # A family name in the box of the given name is not what somebody is called.
        if a.given and a.family and not _in_one_box(b):
            turned = a._replace(given=a.family, family=a.given, known_as=())
            readings.append(_levels(turned, b, "swapped", canonicals))
        readings += [_levels(split, b, "one_field", canonicals) for split in _splits(a)]
    return min(readings, key=_rank)


def _levels(one: Name, other: Name, order: str, canonicals: Canonicals) -> NameLevels:
    given, family = _given(one, other, canonicals), _family(one.family, other.family)
    if order == "swapped" and family == "none" and given in _WORD_LEVELS:
        # One word in common, which is somebody's family name: that is what the two share.
        return NameLevels("none", given, order)
    return NameLevels(given, family, order)


def _rank(levels: NameLevels) -> tuple[int, int, int, int]:
    given, family = _GIVEN_RANK[levels.given], _FAMILY_RANK[levels.family]
    contradicts = (levels.given == "none") + (levels.family == "none")
    told = (levels.given == "missing") + (levels.family == "missing")
    order = ORDERS.index(levels.order)
    # Where something contradicts in every reading, the name is read as it was written.
    return contradicts * 2 + told, order if contradicts else 0, given + family, order


def _splits(name: Name) -> Iterable[Name]:
    """A name in one field, read as given and family name."""
    if not name.given and len(name.family) > 1:
        yield name._replace(given=name.family[:1], family=name.family[1:])
        yield name._replace(given=name.family[-1:], family=name.family[:-1])
    elif not name.family and len(name.given) > 1:
        yield name._replace(given=name.given[:1], family=name.given[1:])
        yield name._replace(given=name.given[1:], family=name.given[:1])


def _in_one_box(name: Name) -> bool:
    return not name.family and len(name.given) > 1


def _is_one_field(one: Name, other: Name) -> bool:
    return any(a.given and not b.given and len(b.family) > 1 for a, b in ((one, other), (other, one)))


def _given(one: Name, other: Name, canonicals: Canonicals) -> str:
    firsts, seconds = _called(one), _called(other)
    if not firsts or not seconds:
        return "missing"
    if len(firsts) == len(seconds) == 1:
        best = _given_word(firsts[0], seconds[0], canonicals)
    else:
        best = min(
            (_given_word(a, b, canonicals) for a, b in product(firsts, seconds)), key=_GIVEN_RANK.__getitem__
        )
    if best != "none" or not (one.middle or other.middle):
        return best
    if any(word_level(a, b) in ("exact", "typo") for a, b in product(firsts, other.middle)) or any(
        word_level(a, b) in ("exact", "typo") for a, b in product(one.middle, seconds)
    ):
        return "middle"
    # A middle initial that a later account writes as the name: `Sarah K Jones`, `Kathleen Jones`.
    if any(len(m) == 1 and m == a[0] for m, a in product(other.middle, firsts)) or any(
        len(m) == 1 and m == b[0] for m, b in product(one.middle, seconds)
    ):
        return "middle"
    return "none"


def _called(name: Name) -> tuple[str, ...]:
    return name.given + name.known_as


@lru_cache(maxsize=200_000)
def _given_word(one: str, other: str, canonicals: Canonicals) -> str:
    if len(one) == 1 or len(other) == 1:
        return "initial" if one[0] == other[0] else "none"
    level = word_level(one, other)
    if level == "exact":
        return level
    if level == "typo":
        return level
    if is_short_for(one, other) or not canonicals(one).isdisjoint(canonicals(other)):
        return "short"
    # A slip in a short form, or in what it is short for: `thomaz`, `tommy`.
    forms = product(canonicals(one), canonicals(other))
    if any(min(len(a), len(b)) >= _FORM and word_level(a, b) == "typo" for a, b in forms):
        return "short"
    return level


_ENDINGS = ("ie", "ey", "y", "i", "o", "s")


@lru_cache(maxsize=100_000)
def is_short_for(one: str, other: str) -> bool:
    """Whether one is the other cut short: `dan`, `benji`, and as in the North of England `gaz`, `shazza`."""
    if one[:1] != other[:1]:
        return False
    short, long = sorted((one, other), key=len)
    # `shazza` and `sharon` are equally long: either may be the short one.
    return _is_cut(short, long) or (len(short) == len(long) and _is_cut(long, short))


def _is_cut(short: str, long: str) -> bool:
    if len(short) >= _SHORT_FORM and long.startswith(short):
        return True
    for ending in _ENDINGS:
        stem = short.removesuffix(ending)
        if stem != short and len(stem) > 1 and stem[-1:] == stem[-2:-1]:
            stem = stem[:-1]
        if stem != short and len(stem) >= _SHORT_FORM and long.startswith(stem):
            return True
    for ending in ("zza", "zzer", "zz", "z"):
        stem = short.removesuffix(ending)
        if stem != short and len(stem) > 1 and long.startswith(stem + "r"):
            return True
    return False


@lru_cache(maxsize=200_000)
def _family(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if not one or not other:
        return "missing"
    joined, others = "".join(one), "".join(other)
    if joined == others or (len(one) == len(other) and set(one) == set(other)):
        return "exact"
    if female_form(joined) == female_form(others):
        return "exact"
    level = word_level(joined, others)
    if level != "none":
        return level
    if len(one) != len(other) or len(one) > 1:
        parts = [word_level(a, b) for a, b in product(one, other)]
        if len(one) == len(other) and sum(part in ("exact", "typo") for part in parts) >= len(one):
            return "typo"
        if any(part in ("exact", "typo") for part in parts):
            return "part"
    # Two names written as one word, and one of them alone: `carlbridgedalridge`, `dalridge`.
    shorter, longer = sorted((joined, others), key=len)
    if len(shorter) >= _PART and len(longer) - len(shorter) >= _REST:
        return "part" if longer.startswith(shorter) or longer.endswith(shorter) else "none"
    return "none"
