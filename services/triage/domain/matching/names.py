"""A person's name as it is compared: without title and case, prefixes joined, either order readable.

Names are not identifiers: people have one name or five, write them in either order, shorten them, marry, and
are heard on a bad line. A name is kept as what was written for given and family name, folded into words;
what those words may mean is decided when two names are compared.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from services.triage.domain.matching.letters import unscanned, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "master",
        "dr",
        "rev",
        "revd",
        "reverend",
        "sir",
        "lady",
        "lord",
        "dame",
        "prof",
        "professor",
        "pc",
        "pcso",
        "sgt",
        "dc",
        "ds",
        "cllr",
        "fr",
        "sr",
    ]
)
# What a title tells of somebody.
_GENDER_OF = {"mr": "m", "master": "m", "sir": "m", "lord": "m"} | dict.fromkeys(
    ("mrs", "ms", "miss", "lady", "dame"), "f"
)
# Somebody who is not named: every word of the name stands here.
SAYS_NOBODY = frozenset(
    [
        "unknown",
        "unk",
        "not",
        "known",
        "given",
        "provided",
        "stated",
        "disclosed",
        "neighbour",
        "neighbor",
        "neighbours",
        "anon",
        "anonymous",
        "victim",
        "offender",
        "suspect",
        "male",
        "female",
        "person",
        "persons",
        "occupier",
        "occupant",
        "resident",
        "tenant",
        "tbc",
        "tbd",
        "tba",
        "na",
        "nk",
        "none",
        "nil",
        "null",
        "n",
        "k",
        "a",
        "withheld",
        "client",
        "partner",
        "mother",
        "father",
        "son",
        "daughter",
        "x",
        "xx",
        "xxx",
        "xxxx",
        "the",
        "of",
        "other",
        "party",
        "side",
        "household",
        "unnamed",
        "unidentified",
        "details",
        "refused",
        "test",
        "tester",
        "no",
        "name",
        "someone",
        "somebody",
        "nobody",
        "man",
        "woman",
        "boy",
        "girl",
        "youth",
        "youths",
        "child",
        "lady",
        "gentleman",
        "customer",
        "caller",
        "complainant",
        "owner",
        "landlord",
        "wife",
        "husband",
        "brother",
        "sister",
        "next",
        "door",
    ]
)
# Who is told of beside somebody in one field: `Ann and partner`, `Corbrook & family`.
_COMPANY = frozenset(
    [
        "and",
        "partner",
        "wife",
        "husband",
        "mother",
        "father",
        "son",
        "daughter",
        "brother",
        "sister",
        "child",
        "children",
        "kids",
        "family",
        "others",
    ]
)
# Prefixes that belong to the word behind them.
PREFIXES = frozenset(
    [
        "mc",
        "mac",
        "o",
        "m",
        "d",
        "de",
        "da",
        "di",
        "du",
        "del",
        "della",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "ten",
        "ter",
        "st",
        "ap",
        "ab",
        "al",
        "el",
        "bin",
        "ibn",
        "abu",
    ]
)
_PREFIX_LETTERS = 2
_SHORTEST_AFTER_MAC = 6


class Name(NamedTuple):
    """The words of a name; a party without a name has none of them."""

    given: tuple[str, ...] = ()
    middle: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()

    @property
    def somebody(self) -> bool:
        """Whether anything is known of the name."""
        return bool(self.given or self.family or self.known_as)


NAMELESS = Name()


def read_name(
    given: str | None = None,
    family: str | None = None,
    middle: str | None = None,
    known_as: str | None = None,
) -> Name:
    """The name as it is compared; `NAMELESS` when it only says that somebody is unknown."""
    parts = [_name_words(part) for part in (given, middle, family, known_as)]
    said = [word for part in parts for word in part]
    if not said or all(word in SAYS_NOBODY or not any(map(str.isalpha, word)) for word in said):
        return NAMELESS
    if parts[0] and all(word in SAYS_NOBODY for word in parts[0]) and not _is_initial(parts[0]):
        parts[0] = ()
    if parts[2] and all(word in SAYS_NOBODY for word in parts[2]):
        parts[2] = ()
    parts[0], parts[2] = _without_company(parts[0]), _without_company(parts[2])
    # "Garthwaite, Olivia" in one field: what stands before the comma is the family name.
    if family and not parts[0] and "," in family:
        before, _, after = family.partition(",")
        parts[0], parts[2] = _name_words(after), _name_words(before)
    if given and not parts[2] and "," in given:
        before, _, after = given.partition(",")
        parts[0], parts[2] = _name_words(after), _name_words(before)
    return Name(parts[0], parts[1], parts[2], parts[3])


def read_title(title: str | None) -> tuple[str, str]:
    """A title that tells somebody's gender, and the gender; neither of `Dr`, and of `Mr and Mrs`."""
    told = [word for word in words(title or "") if word in _GENDER_OF]
    return (told[0], _GENDER_OF[told[0]]) if len(told) == 1 else ("", "")


def _is_initial(given: tuple[str, ...]) -> bool:
    """Whether one letter before a family name is somebody's initial: `N`, `K` and `A` are, `X` is a blank."""
    return len(given) == 1 and len(given[0]) == 1 and given[0] != "x"


def _without_company(found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in found if word not in _COMPANY) or found


def _name_words(text: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    found = [unscanned(word) for word in words(text.replace("-", " "))]
    found = [word for word in found if word.strip("?")]
    while found and found[0] in _TITLES:
        found = found[1:]
    return tuple(_joined(found))


def _joined(found: Iterable[str]) -> list[str]:
    """`mac donald`, `mcdonald` and `m'donald` are one word, `mcdonald`; `van der berg` is `vanderberg`."""
    whole: list[str] = []
    waiting = ""
    for word in found:
        if word in PREFIXES and not waiting.endswith(" "):
            waiting += "mc" if word in ("mac", "m") else word
            continue
        whole.append(_one_prefix(waiting + word))
        waiting = ""
    if waiting:  # nothing follows: it was a name or an initial of its own
        whole.append("m" if waiting == "mc" else waiting)
    return whole


def _one_prefix(word: str) -> str:
    if word.startswith("mac") and len(word) > _SHORTEST_AFTER_MAC:
        return "mc" + word[3:]
    return word


@lru_cache(maxsize=100_000)
def female_form(word: str) -> str:
    """A Slavic surname in one form for both genders (`kowalski`, `kowalska` → `kowalska`)."""
    for male, female in (("ski", "ska"), ("cki", "cka"), ("dzki", "dzka"), ("ov", "ova"), ("ev", "eva")):
        if word.endswith(male):
            return word[: -len(male)] + female
    return word


def initials(tokens: Collection[str]) -> str:
    """The first letters of these words."""
    return "".join(word[0] for word in tokens)
