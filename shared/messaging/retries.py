"""How long to wait before trying again, and when to stop trying and ask a person."""

from __future__ import annotations

import random

MAX_ATTEMPTS = 6
# What only overtook another message is no failure: it waits about a day, longer than any import takes.
MAX_ATTEMPTS_TOO_EARLY = 150
_FIRST_SECONDS = 0.5
_GROWTH = 4.0
_LONGEST_SECONDS = 600.0


def delay_before(attempt: int) -> float:
    """Seconds before the given attempt (the second is 2): growing fourfold, jittered by half either way.

    The jitter keeps many that failed together from coming back together.
    """
    steady = min(_LONGEST_SECONDS, _FIRST_SECONDS * _GROWTH ** max(0, attempt - 2))
    return steady * random.uniform(0.5, 1.5)  # noqa: S311 - spreading load is no secret
