"""What a given name may be short for, also where the short form was written with a slip.

By the package `nicknames`, which knows what is said in America, and by a list of our own of what is said in
Britain and by those who came there. A word that is nobody's name, and one slip away from a short form, is
read as that form too: `sallly` is Sally, and so perhaps Sarah.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

import msgspec
from nicknames import name_triplets
from rapidfuzz import process
from rapidfuzz.distance import OSA

from services.triage.domain.matching.compare_names import Canonicals

_OURS = Path(__file__).parent / "short_forms.yaml"
_FEWEST_LETTERS = 4  # of a word in which a slip still leaves a name: `bass` may be Babs, Bess and Bas


class _ListedNames(Canonicals):
    """What the lists say."""

    def __call__(self, word: str) -> frozenset[str]:
        """The name itself and those that it may be short for, a slip in it allowed."""
        return _canonicals(word)

    def as_listed(self, word: str) -> frozenset[str]:
        """The word itself and the names that it is short for as it is written."""
        return frozenset((word, *_names().get(word, ())))


canonicals = _ListedNames()


@lru_cache(maxsize=50_000)
def _canonicals(word: str) -> frozenset[str]:
    if word in _names() or len(word) < _FEWEST_LETTERS:
        return canonicals.as_listed(word)
    near = process.extract(
        word, _short_forms().get(word[0], ()), scorer=OSA.distance, score_cutoff=1, limit=None
    )
    return frozenset((word, *(name for form, _, _ in near for name in (form, *_names()[form]))))


@cache
def _names() -> Mapping[str, frozenset[str]]:
    """Every name that is listed, with those that it may be short for."""
    found: dict[str, set[str]] = {}
    listed = [(form, name) for name, _, form in name_triplets()]
    ours = msgspec.yaml.decode(_OURS.read_bytes(), type=dict[str, list[str]])
    listed += [(form, name) for name, forms in ours.items() for form in forms]
    for form, name in listed:
        found.setdefault(form, set()).add(name)
        found.setdefault(name, set())
    return {form: frozenset(names) for form, names in found.items()}


@cache
def _short_forms() -> Mapping[str, list[str]]:
    """The short forms by their first letter, which a slip mostly leaves."""
    found: dict[str, list[str]] = defaultdict(list)
    for form, names in _names().items():
        if names:
            found[form[0]].append(form)
    return found
