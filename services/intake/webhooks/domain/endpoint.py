"""An agency's endpoint: where its deliveries go, with which secrets, and when it is left alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from uuid import UUID

State = Literal["active", "disabled"]
Reason = Literal["gone", "failing"]

# For so long the secret before the newest signs as well.
OVERLAP: Final = dt.timedelta(hours=24)
# An endpoint that has taken nothing for so long is no longer called.
PATIENCE: Final = dt.timedelta(days=5)
# After a failure the endpoint rests, whatever else is due: at first so long, then twice, at most the longest.
_FIRST_REST: Final = dt.timedelta(seconds=5)
_LONGEST_REST: Final = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Endpoint:
    """Where one agency's deliveries go; `put_at` tells it from what stood there before.

    `failures` counts the attempts since the last success, `failing_since` is the first of them.
    """

    agency: str
    url: str
    made_at: dt.datetime
    put_at: dt.datetime
    state: State = "active"
    reason: Reason | None = None
    disabled_at: dt.datetime | None = None
    failures: int = 0
    failing_since: dt.datetime | None = None
    rests_until: dt.datetime | None = None
    last_delivered_at: dt.datetime | None = None


@dataclass(frozen=True)
class Secret:
    """One of an endpoint's secrets, without itself; the newest has no end."""

    id: UUID
    made_at: dt.datetime
    expires_at: dt.datetime | None


def rest_after(failures: int) -> dt.timedelta:
    """How long an endpoint is left alone after so many failures one after the other."""
    return min(_LONGEST_REST, _FIRST_REST * (1 << min(failures - 1, 10)))
