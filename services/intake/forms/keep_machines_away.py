"""Keep machines that fill in forms away, and never anybody who needs help.

Whoever is held up is told so, told another way to get help, and can send the same answers again. No other
service is asked, and nobody has to solve a puzzle.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from shared.problems import TooMany

if TYPE_CHECKING:
    from services.intake.forms.domain.filling import Filled

# Nobody reads and answers all the questions in so short a time.
AT_LEAST: Final = dt.timedelta(seconds=10)
# A library or a refuge may have one address for everybody in it.
FROM_ONE_ADDRESS: Final = RateLimitItemPerHour(30)
WAIT_SECONDS: Final = 60


class LooksLikeAMachine(TooMany):
    """We could not send this just now."""

    code = "looks_like_a_machine"
    advice = "Wait a little, then send the form once more."


class Doorkeeper:
    """How often forms were sent from where in the last hour, in the memory of this process alone."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def let_in(self, filled: Filled, trap: str, address: str, now: dt.datetime) -> None:
        """`LooksLikeAMachine` for who fills in what nobody sees, is too quick, or comes again and again.

        `trap` is what stands in the field that only machines fill in.
        """
        quick = now - filled.begun_at < AT_LEAST
        if trap or quick or not self._limiter.hit(FROM_ONE_ADDRESS, address):
            raise LooksLikeAMachine(retry_after=WAIT_SECONDS)
