"""One message for many alerts: what comes in a storm, in a digest or from one import goes out together.

A person gets a few single messages over a channel; what comes on top within the same while waits until it is
over, and then goes as one. What is urgent never waits, but goes as one when there are many at the same
moment.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Single messages to one person over one channel in a while, before they are gathered.
SINGLES: Final = 5


@dataclass(frozen=True)
class Packing:
    """What to do with the alerts that wait for one person: each alone, all as one, or wait until then."""

    together: bool = False
    hold_until: dt.datetime | None = None


def pack(
    waiting: int,
    recent: Sequence[dt.datetime],
    now: dt.datetime,
    *,
    while_: dt.timedelta,
    gather: bool,
    urgent: bool,
) -> Packing:
    """How so many waiting alerts leave, when messages to the same person left at these instants.

    `gather` is for what was meant to go together: a digest, what waited out quiet hours, rows of one import.
    """
    if urgent:
        return Packing(together=waiting > SINGLES)
    within = sorted(instant for instant in recent if instant > now - while_)
    room = SINGLES - len(within)
    if room <= 0:
        return Packing(hold_until=within[-SINGLES] + while_)
    return Packing(together=waiting > 1 and (gather or waiting > room))
