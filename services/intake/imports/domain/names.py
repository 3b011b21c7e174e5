"""A whole name in one cell, taken apart as it is usually written in the UK."""

from __future__ import annotations

import re
from typing import Final

_TITLES: Final = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "dr", "rev", "revd", "sir", "lady", "lord", "dame", "prof", "cllr",
        "master", "fr", "sgt", "capt",
    }
)  # fmt: skip
_AND: Final = frozenset({"and", "&"})  # "Mr and Mrs"
# Words that belong to the family name that follows them.
_PARTICLES: Final = frozenset(
    {
        "o", "mc", "mac", "de", "da", "do", "dos", "di", "del", "della", "la", "le", "van", "von", "der",
        "den", "ter", "al", "el", "bin", "ibn", "bint", "st", "st.", "ap", "abu",
    }
)  # fmt: skip
_KNOWN_AS: Final = re.compile(
    r"\s*(?:[(\"“\u2018\[]\s*(?:(?:known as|aka|a\.k\.a\.)\s+)?(?P<quoted>[^)\"”\u2019\]]+)[)\"”\u2019\]]|"
    r",?\s*\b(?:known as|aka|a\.k\.a\.)\s+(?P<plain>.+)\s*\Z)\s*",
    re.IGNORECASE,
)
_INITIAL: Final = re.compile(r"\w\.?")


def read_name(text: str) -> dict[str, str]:
    """Title, given, middle, family and known_as, as far as they can be told apart.

    "Miss Ann Mary O Hara (Annie)", "HARA, Ann" and "Ann" are read; a single word is the given name unless a
    title stands before it. A family name of several words is known by its particles only.
    """
    read: dict[str, str] = {}
    known_as = _KNOWN_AS.search(text)
    if known_as:
        read["known_as"] = (known_as["quoted"] or known_as["plain"]).strip()
        text = f"{text[: known_as.start()]} {text[known_as.end() :]}"
    family_first, comma, rest = text.partition(",")
    if comma and rest.strip() and not _INITIAL.fullmatch(family_first.strip()):
        family = " ".join(_without_title(family_first.split(), read))
        return _of_parts(_without_title(rest.split(), read), family, read)
    words = _without_title([word.rstrip(",") for word in text.split() if word.rstrip(",")], read)
    if not words:
        return read
    if len(words) == 1:
        return read | {"family" if "title" in read else "given": words[0]}
    start = len(words) - 1
    while start > ("title" not in read) and words[start - 1].casefold() in _PARTICLES:
        start -= 1
    return _of_parts(words[:start], " ".join(words[start:]), read)


def _without_title(words: list[str], read: dict[str, str]) -> list[str]:
    count = 0
    while count < len(words) and words[count].rstrip(".").casefold() in (
        _TITLES | _AND if count else _TITLES
    ):
        count += 1
    if count:
        read["title"] = " ".join(words[:count])
    return words[count:]


def _of_parts(before: list[str], family: str, read: dict[str, str]) -> dict[str, str]:
    if before:
        read["given"] = before[0]
    if len(before) > 1:
        read["middle"] = " ".join(before[1:])
    if family:
        read["family"] = family
    return read
