"""Matching where everything is called otherwise: families, streets, and the words of every story.

`python -m benchmarks.linkage.renamed REFERRALS TRUTH [--seed 1]` measures the data as it is, and with each
letter of its family names, streets or stories another, by a seed. What is one word stays one word, a slip of
one letter stays one, and who is whom stays as it was: so what is found fewer was known by heart. Names sound
otherwise then, so slips of the ear are lost; and the family names are rarer words than any land has.
"""

from __future__ import annotations

import argparse
import random
import re
import string
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from benchmarks.linkage.harsher import figures_of, read_told, write_told
from benchmarks.linkage.lookalikes import Told
from services.triage.domain.matching.compare_events import SAYS_ENOUGH
from services.triage.domain.matching.names import PREFIXES, SAYS_NOBODY
from services.triage.domain.matching.places import STREET_KINDS, WORDS_OF_AN_ADDRESS
from services.triage.matching.evaluate_matching import evaluate_matching
from services.triage.matching.labelled import read_labelled
from services.triage.matching.read_model import read_model

_WORD = re.compile(r"[A-Za-z]+")
_VOWELS = "aeiou"
_CONSONANTS = "".join(letter for letter in string.ascii_lowercase if letter not in _VOWELS)
# What a day is told with, or stands before a number: read, and not counted.
_READ = frozenset(
    """
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    monday tuesday wednesday thursday friday saturday sunday yesterday today last night week weeks month
    months ago day days morning early mid late end beginning start since during couple few several
    one two three four five six seven eight nine ten flat house number
    """.split()  # noqa: SIM905 - read as words
)
Renaming = Callable[[str], str]


def main() -> None:
    """As it is, and with each kind of word another, side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    told = read_told(asked.data, asked.truth)
    kinds = tuple(RENAMED)
    rows = {"as labelled": (), **{f"other {kind}": (kind,) for kind in kinds}, "all three": kinds}
    qualities = {}
    for name, chosen in rows.items():
        with tempfile.TemporaryDirectory() as folder:
            files = write_told(renamed(told, chosen, asked.seed), Path(folder))
            qualities[name] = evaluate_matching(*read_labelled(*files), read_model())[0]
    for line in figures_of(qualities):
        print(line)


def renamed(told: Sequence[Told], kinds: Collection[str], seed: int) -> list[Told]:
    """The same records with each word of these kinds another; the same seed makes the same."""
    letters = _other_letters(seed)
    changed = [one._replace(referral=deepcopy(one.referral)) for one in told]
    for kind in kinds:
        RENAMED[kind](changed, letters)
    return changed


def _other_letters(seed: int) -> dict[int, str]:
    draw = random.Random(seed)
    table: dict[str, str] = {}
    for letters in (_VOWELS, _CONSONANTS):
        others = draw.sample(letters, len(letters))
        table |= dict(zip(letters, others, strict=True))
    return str.maketrans(table | {old.upper(): new.upper() for old, new in table.items()})


def _families(told: Sequence[Told], letters: dict[int, str]) -> None:
    """Family names that are nobody's given name, in their box and in the stories."""
    given = {
        word for name in _names(told) for box in ("given", "middle", "known_as") for word in _in(name, box)
    }
    family = {word for name in _names(told) for word in _in(name, "family")} - given - PREFIXES - SAYS_NOBODY
    rename = _renaming({word for word in family if len(word) > 1}, letters)
    for name in _names(told):
        name |= {box: rename(value) for box, value in name.items() if box != "title"}
    in_stories = _renaming(family - _said_often(), letters)
    _tell_otherwise(told, in_stories)


def _streets(told: Sequence[Told], letters: dict[int, str]) -> None:
    """Streets, buildings and towns, in addresses and in the stories; `Road` stays a road."""
    people = {word for name in _names(told) for box in name for word in _in(name, box)}
    words = {word for place in _places(told) for line in _LINES for word in _in(place, line)}
    words = {word for word in words if len(word) > 1} - people - STREET_KINDS - WORDS_OF_AN_ADDRESS
    rename, in_stories = _renaming(words, letters), _renaming(words - _said_often(), letters)
    for place in _places(told):
        place |= {line: rename(place[line]) for line in _LINES if line in place}
    _tell_otherwise(told, in_stories)


def _stories(told: Sequence[Told], letters: dict[int, str]) -> None:
    """Every word by which stories are held against one another that the model has seen."""
    names = {word for name in _names(told) for box in name for word in _in(name, box)}
    names |= {word for place in _places(told) for line in _LINES for word in _in(place, line)}
    rename = _renaming(_said_often() - names - _READ, letters)
    _tell_otherwise(told, rename)


_LINES = ("line1", "line2", "town")
RENAMED: dict[str, Callable[[Sequence[Told], dict[int, str]], None]] = {
    "families": _families,
    "streets": _streets,
    "stories": _stories,
}


def _tell_otherwise(told: Iterable[Told], rename: Renaming) -> None:
    for event in (one.referral["event"] for one in told):
        if "summary" in event:
            event["summary"] = rename(event["summary"])


def _said_often() -> set[str]:
    return {word for word, bits in read_model().words.items() if bits > SAYS_ENOUGH}


def _renaming(words: Collection[str], letters: dict[int, str]) -> Renaming:
    def other(found: re.Match[str]) -> str:
        word = found.group()
        return word.translate(letters) if word.lower() in words else word

    return lambda text: _WORD.sub(other, text)


def _names(told: Iterable[Told]) -> Iterator[dict[str, Any]]:
    for one in told:
        yield from (party["name"] for party in one.referral["parties"] if party.get("name"))


def _places(told: Iterable[Told]) -> Iterator[dict[str, Any]]:
    for one in told:
        yield from (party["address"] for party in one.referral["parties"] if party.get("address"))
        if one.referral["event"].get("place"):
            yield one.referral["event"]["place"]


def _in(told: dict[str, Any], field: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(told.get(field) or "")]


if __name__ == "__main__":
    main()
