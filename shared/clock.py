"""What time it is, asked in one place so that tests and replays can answer differently."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The present instant in UTC; every stored time in the hub is one of these."""
    return dt.datetime.now(dt.UTC)
