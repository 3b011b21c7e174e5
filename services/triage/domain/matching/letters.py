"""Words in the form in which they are compared: plain lower-case letters and digits, without marks.

Folding is a function of the word alone, and folding twice changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that do not come apart into a letter and a mark (Unicode has no decomposition for them).
_WHOLE_LETTERS = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "\u0131": "i",
        "ħ": "h", "ŋ": "ng", "\u2019": "'", "\u2018": "'", "`": "'", "\u00b4": "'", "\u2013": "-",
        "\u2014": "-", "\u2010": "-",
    }
)  # fmt: skip
# What a scanner reads for a letter, where a word of letters holds a digit.
_SCANNED = str.maketrans("0134568", "oleasgb")
# Two letters that it reads for one.
_READ_AS_TWO = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_WORD = re.compile(r"[a-z0-9?]+")
_HAS_LETTER = re.compile("[a-z]")


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Lower case, without accents, apostrophes kept: `Łukasz O'Néill` → `lukasz o'neill`."""
    plain = _folded_once(text)
    # What comes apart may come apart into capitals: until nothing changes any more.
    while not plain.isascii() and (again := _folded_once(plain)) != plain:
        plain = again
    return plain


def _folded_once(text: str) -> str:
    lowered = text.casefold().translate(_WHOLE_LETTERS)
    if lowered.isascii():
        return lowered
    apart = unicodedata.normalize("NFKD", lowered)
    plain = "".join(c for c in apart if not unicodedata.combining(c))
    return plain.translate(_WHOLE_LETTERS)


def words(text: str) -> list[str]:
    """The words of a text, folded; an apostrophe inside a word is dropped (`don't` → `dont`)."""
    return _WORD.findall(folded(text).replace("'", ""))


def unscanned(word: str) -> str:
    """A word of letters with the letters that a scanner took for digits (`le0` → `leo`)."""
    if word.isalpha() or not _HAS_LETTER.search(word):
        return word
    return word.translate(_SCANNED)


@lru_cache(maxsize=100_000)
def looks_of(word: str) -> str:
    """How a word looks to a scanner, which takes two letters for one and one for two (`ernily`, `emily`)."""
    for two, one in _READ_AS_TWO:
        word = word.replace(two, one)
    return word
