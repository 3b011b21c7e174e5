"""How much of the hub each caller may have: so much a minute, all of it at once after a quiet while.

Each caller has an allowance that fills evenly and is full after a minute (the generic cell rate algorithm:
one instant is kept for each caller, the one at which the allowance will be full again). `Allowances` counts
in the memory of one process; who keeps that instant elsewhere counts with an `Allowance` for all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

WINDOW: Final = 60
_MOST_CALLERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left, after how many seconds all of it is there again, and how many to wait.

    `wait` is zero when what was asked for was given.
    """

    left: int
    full_in: int
    wait: int


class Allowance:
    """So much a minute for one caller, of whom one instant is kept: when all of it will be there again."""

    def __init__(self, a_minute: int) -> None:
        """Give so much a minute."""
        # As the field RateLimit-Policy says it (IETF draft-ietf-httpapi-ratelimit-headers).
        self.policy = f'"default";q={a_minute};w={WINDOW}'
        self._each = WINDOW / a_minute

    def spend(self, full_at: float, cost: float, now: float) -> tuple[Standing, float]:
        """Take so much of it, or nothing when not all of that is left; and when it will be full after that.

        What costs more than a whole allowance is given for a whole one. `now` is in seconds, from anywhere.
        """
        # A clock that was put back must not keep anybody waiting for longer than a minute.
        full_at = min(full_at, now + WINDOW)
        used = max(full_at - now, 0.0)
        after = used + min(cost * self._each, WINDOW)
        if after > WINDOW:
            # What is kept is not moved on, or it would be a minute from now whenever they ask.
            refused = Standing(self._in_units(WINDOW - used), math.ceil(used), math.ceil(after - WINDOW))
            return refused, full_at
        return Standing(self._in_units(WINDOW - after), math.ceil(after), 0), now + after

    def _in_units(self, seconds: float) -> int:
        # What is divided was multiplied before: the last bit must not cost a whole unit.
        return int(seconds / self._each + 1e-6)


class Allowances:
    """The allowances of all callers, each of the same size."""

    def __init__(self, a_minute: int) -> None:
        """Give each caller so much a minute."""
        self._each = Allowance(a_minute)
        self.policy = self._each.policy
        self._full_at: dict[Hashable, float] = {}

    def spend(self, caller: Hashable, cost: float, now: float) -> Standing:
        """Take so much of a caller's allowance, or nothing of it when not all of that is left."""
        standing, full_at = self._each.spend(self._full_at.get(caller, now), cost, now)
        if not standing.wait and len(self._full_at) >= _MOST_CALLERS:
            self._full_at = {one: at for one, at in self._full_at.items() if at > now}
        self._full_at[caller] = full_at
        return standing
