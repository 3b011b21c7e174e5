"""How agencies' systems call their columns: which field a name suggests, and who stands at its beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import msgspec

from services.intake.imports.domain.cells import bare_words

_FILE: Final = Path(__file__).with_name("column_names.yaml")
# "VictimDOB" is two words, "FIRsT" is one.
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z]\w)|(?<=[A-Za-z])(?=\d)")
_NUMBER: Final = re.compile(r"\d{1,2}|[ab]", re.ASCII)
_ORDINALS: Final = frozenset({"first", "second", "third", "fourth", "other", "main", "additional", "joint"})
_FURTHER: Final = _ORDINALS - {"first", "main"}


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file of names says."""

    whole: dict[str, list[str]]
    of_party: dict[str, list[str]]
    roles: dict[str, list[str]]
    same: dict[str, str]
    strands: dict[str, str]
    crimes: list[str]


@cache
def names() -> Names:
    """The names that come with the hub."""
    return msgspec.yaml.decode(_FILE.read_bytes(), type=Names)


@lru_cache(maxsize=4096)
def words_of_name(name: str) -> tuple[str, ...]:
    """The words of a column's name in the form in which they are compared: `Client D.O.B.`, `clientDob`."""
    words = bare_words(_CAMEL.sub(" ", name)).split()
    # "e mail" goes before "e", which means nothing.
    for split, joined in sorted(names().same.items(), key=lambda one: -len(one[0].split())):
        wanted = split.split()
        for start in range(len(words) - len(wanted) + 1):
            if words[start : start + len(wanted)] == wanted:
                words[start : start + len(wanted)] = joined.split()
                break
    return tuple(words)


def best_field(words: Sequence[str], known: Mapping[str, Sequence[str]]) -> tuple[str, int] | None:
    """The field whose names fit best, and how many words of the column's name do."""
    best: tuple[tuple[bool, int, int], str] | None = None
    for path, phrases in known.items():
        for phrase in phrases:
            wanted = words_of_name(phrase)
            at = _position(wanted, words)
            if at is not None:
                # The whole name, then most of it, then its end: that is what a name is about.
                score = (len(wanted) == len(words), len(wanted), at)
                if best is None or score > best[0]:
                    best = (score, path)
    return (best[1], best[0][1]) if best else None


def role_of(beginning: str) -> str:
    """The role of the people whose columns begin like this; empty where that is no person."""
    words = [word for word in words_of_name(beginning) if not _NUMBER.fullmatch(word)]
    if not words or words[-1] in _ORDINALS:
        # In "Victim 1 First Name" the first is the name.
        return ""
    for told in (" ".join(words), " ".join(word for word in words if word not in _ORDINALS)):
        for role, known in names().roles.items():
            if told in known:
                return role
    return ""


def is_further(beginning: str) -> bool:
    """Whether this is a second, third or other person beside the first."""
    return not _FURTHER.isdisjoint(words_of_name(beginning))


def _position(wanted: Sequence[str], words: Sequence[str]) -> int | None:
    for start in range(len(words) - len(wanted), -1, -1):
        if list(words[start : start + len(wanted)]) == list(wanted):
            return start
    return None
