"""One event on its way to one agency: the attempts at it, and when the next is due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from uuid import UUID

State = Literal["waiting", "delivered", "failed"]
STATES: Final[tuple[State, ...]] = ("waiting", "delivered", "failed")
# Why there is no status code: what kept an answer from coming.
Trouble = Literal[
    "host_not_allowed", "no_connection", "tls_failed", "timed_out", "connection_lost", "no_http", "not_sent"
]

STATUS_CHANGED: Final = "referral.status_changed"
TEST: Final = "webhook.test"

# The pauses between attempts, about those that Standard Webhooks proposes: three days and a bit in all.
PAUSES: Final = (
    dt.timedelta(seconds=5),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=5),
    dt.timedelta(hours=10),
    dt.timedelta(hours=14),
    dt.timedelta(hours=20),
    dt.timedelta(hours=24),
)
MOST_TRIES: Final = len(PAUSES) + 1
JITTER: Final = 0.2
LONGEST_RETRY_AFTER: Final = dt.timedelta(hours=24)
# What is sent is remembered for so long.
KEPT: Final = dt.timedelta(days=30)


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt: a status code, or what kept one from coming."""

    status: int | None
    trouble: Trouble | None
    ms: int
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        """A status of 2xx, and nothing else, says that it was taken."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, 15.3

    @property
    def is_gone(self) -> bool:
        """410 says that nothing more is wanted there."""
        return self.status == 410  # noqa: PLR2004 - RFC 9110, 15.5.11


@dataclass(frozen=True)
class Attempt:
    """One attempt as the agency is told of it."""

    at: dt.datetime
    status: int | None
    trouble: Trouble | None
    ms: int


@dataclass(frozen=True)
class Change:
    """A referral's step, in the words that an agency may see."""

    reference: str
    source_record_id: str
    version: int
    status: str
    missing: tuple[str, ...]
    at: dt.datetime


@dataclass(frozen=True)
class Delivery:
    """One event for one agency; `change` is missing in a test."""

    id: UUID
    type: str
    state: State
    made_at: dt.datetime
    due_at: dt.datetime | None
    delivered_at: dt.datetime | None
    tries: int
    change: Change | None
    attempts: tuple[Attempt, ...] = ()


def pause_after(tries: int, luck: float, retry_after: dt.timedelta | None) -> dt.timedelta | None:
    """How long to wait after so many tries; None when there were enough.

    `luck` is a number from 0 to 1: it spreads by a fifth either way what failed together. What the endpoint
    itself asks for (`retry_after`) is waited for, if it is longer.
    """
    if tries >= MOST_TRIES:
        return None
    pause = PAUSES[tries - 1] * (1 - JITTER + 2 * JITTER * luck)
    return pause if retry_after is None else max(pause, retry_after)


def read_retry_after(text: str, now: dt.datetime) -> dt.timedelta | None:
    """What an endpoint asks for in Retry-After (RFC 9110, 10.2.3), a day at most; None if it says nothing."""
    plain = text.strip()
    if plain.isascii() and plain.isdigit():
        # More digits than a day of seconds has are a day in any case.
        asked = LONGEST_RETRY_AFTER if len(plain) > len("86400") else dt.timedelta(seconds=int(plain))
    else:
        try:
            until = parsedate_to_datetime(plain)
        except ValueError:
            return None
        # A date without an offset is one in GMT.
        asked = (until if until.tzinfo else until.replace(tzinfo=dt.UTC)) - now
    return min(max(asked, dt.timedelta()), LONGEST_RETRY_AFTER)
