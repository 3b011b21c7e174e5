"""Who knows somebody in a case, by what was said of its referrals and of others with the same people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

# Of a referral, by a member of staff's address: why it is known that they know somebody in it; None where it
# was said that they do not.
Because = Literal["said", "own_contact"]
Said = Mapping[str, Because | None]
Found = Literal["own_contact", "another_case"]


def who_knows(here: Iterable[Said], around: Iterable[Said]) -> dict[str, Found]:
    """Who knows somebody, and by what it is found where nobody said so in the case itself.

    `here` is what was said of the referrals of the case, `around` of those elsewhere with one of its people.
    What was said here stands: whoever knows somebody in one of its referrals knows somebody in the case, and
    whoever was said to know nobody does not, whatever was said elsewhere.
    """
    said: dict[str, Because | None] = {}
    for one in here:
        for email, because in one.items():
            said[email] = said.get(email) or because
    found: dict[str, Found] = {
        email: "own_contact" if because == "own_contact" else "another_case"
        for email, because in said.items()
        if because is not None
    }
    for one in around:
        for email, because in one.items():
            if because is not None and email not in said:
                found[email] = "another_case"
    return found
