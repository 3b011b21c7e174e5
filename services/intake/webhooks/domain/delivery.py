"""One event on its way to one agency: the attempts at it, and when the next is due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
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
# What is sent is remembered for so long.
KEPT: Final = dt.timedelta(days=30)


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
