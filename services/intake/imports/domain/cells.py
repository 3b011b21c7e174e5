"""A cell as a person typed it: its bare words, and whether it says anything at all."""

from __future__ import annotations

import re
from typing import Final

_INVISIBLE: Final = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
_NOT_A_SIGN: Final = re.compile(r"[\W_]+")

# What people type where somebody would have to find out.
_NOT_KNOWN: Final = frozenset(
    {"nk", "n k", "not known", "tba", "tbc", "tbd", "to be confirmed", "unk", "unknown"}
)
_NOT_SURE: Final = frozenset({"don t know", "dont know", "not sure", "unsure", "maybe", "possibly"})

# What people type where they have nothing to say.
_NOTHING: Final = _NOT_KNOWN | {
    "", "blank", "na", "n a", "nil", "none", "not applicable", "not available", "not given", "not provided",
    "not recorded", "not stated", "null",
}  # fmt: skip


class Unreadable(ValueError):  # noqa: N818 - said of a cell, in the field's words
    """A cell cannot be read as what its column holds: a stable code, and a sentence that says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def clean(text: str) -> str:
    """The text without outer white space, invisible marks and the sign that keeps a number a text."""
    bare = _INVISIBLE.sub("", text).strip()
    if len(bare) > 1 and bare[0] == "'" and (bare[1].isdigit() or bare[1] == "("):
        return bare[1:]
    return bare


def bare_words(text: str) -> str:
    """The words alone, in small letters: `Anti-Social Behaviour` and `anti_social_behaviour` are the same."""
    return _NOT_A_SIGN.sub(" ", text).strip().casefold()


def says_nothing(text: str) -> bool:
    """Whether this stands for "nothing is known": n/a, unknown, -, ?, not recorded and their like."""
    return bare_words(text) in _NOTHING


def says_not_known(text: str) -> bool:
    """Whether this says that nobody knows, which is more than nothing: not known, unsure, TBC, ?."""
    words = bare_words(text)
    return words in _NOT_KNOWN | _NOT_SURE or (not words and "?" in text)
