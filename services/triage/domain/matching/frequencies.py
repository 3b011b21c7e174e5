"""How common a name or a word is, as far as the register shows: two Smiths say less than two Ravensworths.

A snapshot: counted from time to time, numbered, kept, and named by every verdict that used it, so that a
verdict can be read years later with the same numbers. What the register does not know yet counts as rare.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

RAREST_WORD = 9.0  # bits that a word says at most: rarer ones are as often slips as they are telling
_SMOOTHED = 20  # accounts' worth of belief in the usual frequency of a name


@dataclass(frozen=True)
class Frequencies:
    """One snapshot: how many accounts and people were counted, and how often each name and word."""

    version: str = "0"
    accounts: int = 0
    people: int = 0
    given: Mapping[str, int] = field(default_factory=dict)
    family: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    # Telephones and addresses of mail that so many different people give that they are nobody's own.
    shared: frozenset[str] = frozenset()

    def word_bits(self, word: str, usual: Mapping[str, float]) -> float:
        """The bits that it says that two accounts share this word; `usual` until more is known."""
        seen = self.words.get(word)
        if self.accounts >= _ENOUGH:
            own = math.log2(self.accounts / seen) if seen else RAREST_WORD
            return min(own, usual.get(word, RAREST_WORD), RAREST_WORD)
        return min(usual.get(word, RAREST_WORD), RAREST_WORD)

    def name_bits(self, kind: str, word: str, usual: float) -> float:
        """By how many bits sharing this very name says more (or less) than sharing a name usually does.

        `usual` is the probability that two people share this part of the name by chance. The frequency seen
        is drawn towards it, so that a name nobody has met yet is not taken for unique.
        """
        if not self.people:
            return 0.0
        seen = (self.given if kind == "given" else self.family).get(word, 0)
        share = (seen + _SMOOTHED * usual) / (self.people + _SMOOTHED)
        return max(-_MOST_LESS, min(_MOST_MORE, math.log2(usual / share)))


_ENOUGH = 500  # accounts from which the register's own words are believed
_MOST_LESS, _MOST_MORE = 6.0, 2.0
NOTHING_COUNTED = Frequencies()
