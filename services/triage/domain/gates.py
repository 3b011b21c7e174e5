"""What a case must have before it goes to a team, all its referrals together; without it, it is returned.

A coordinator cannot begin without these: somebody agreed to being referred, there is a way to reach them
that is known to be safe (unknown counts as unsafe), and it is known where they live. What is missing is told
in these codes; the referrer, or anybody else's referral of the same case, brings it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Need = Literal["consent_to_refer", "safe_contact", "area"]

# In the order in which they are told.
NEEDS: tuple[Need, ...] = ("consent_to_refer", "safe_contact", "area")


def lacking(brought: Iterable[Iterable[str]]) -> tuple[Need, ...]:
    """What none of a case's referrals brings."""
    there = {need for each in brought for need in each}
    return tuple(need for need in NEEDS if need not in there)
