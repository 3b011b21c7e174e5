"""The first answer to a request is given again when the same request comes again under the same key."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# How long an answer is given again, and how long a request that never came to an answer holds its key: longer
# than the longest request may take (gunicorn's and the proxy's own limits).
KEPT_FOR = dt.timedelta(hours=24)
HELD_FOR = dt.timedelta(seconds=60)


@dataclass(frozen=True)
class FirstAnswer:
    """What is known under a key: which request it was, since when, and the answer once there is one."""

    request_hash: bytes
    claimed_at: dt.datetime
    status: int | None
    location: str | None
    body: bytes | None

    def is_too_old(self, now: dt.datetime) -> bool:
        """Whether the key may be used for something else."""
        return now - self.claimed_at >= KEPT_FOR

    def was_left(self, now: dt.datetime) -> bool:
        """Whether whoever worked on it has gone without an answer."""
        return self.status is None and now - self.claimed_at >= HELD_FOR
