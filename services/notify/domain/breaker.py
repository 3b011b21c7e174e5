"""A circuit breaker: a channel that keeps failing is left alone for a while, then tried with one message."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

FAILURES: Final = 3  # one after the other, until it opens
_FIRST_REST: Final = dt.timedelta(seconds=2)
_LONGEST_REST: Final = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Breaker:
    """How a channel has been doing; closed lets through, open does not until its rest is over."""

    failures: int = 0
    rests_until: dt.datetime | None = None

    def lets_through(self, now: dt.datetime) -> bool:
        """Whether one more may be tried."""
        # By a clock that was put back a rest would last until it has caught up.
        return self.rests_until is None or not now < self.rests_until <= now + _LONGEST_REST

    @property
    def is_open(self) -> bool:
        """Whether it has failed too often, and not succeeded since."""
        return self.failures >= FAILURES

    def failed(self, now: dt.datetime) -> Breaker:
        """One more failure: from the third on the channel rests, twice as long each time."""
        failures = self.failures + 1
        if failures < FAILURES:
            return replace(self, failures=failures)
        rest = min(_LONGEST_REST, _FIRST_REST * 2 ** min(failures - FAILURES, 10))
        return Breaker(failures, now + rest)

    def succeeded(self) -> Breaker:
        """It works."""
        return Breaker()
