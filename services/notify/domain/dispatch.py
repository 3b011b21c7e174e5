"""One message to one person over one channel, about one alert or many: claimed, sent, recorded.

Its id is its token: the Message-ID of a mail, the reference at GOV.UK Notify, the webhook-id. What happens
when the process dies between sending and recording is one rule for each channel, and stands with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from uuid import UUID

    from services.notify.domain.alert import ChannelName

State = Literal[
    "due",  # to be sent, or in a sender's hand until `due_at`
    "committing",  # begun: whoever finds it so after `due_at` asks the channel what became of it
    "sent",
    "delivered",  # the channel's own receipt
    "failed",  # given up on this channel; another one, or a human, has it
    "bounced",  # sent, and then returned
    "refused",  # the guard would not let it go; a human has it
    "dropped",  # somebody has said that they have it before it left
    "in_doubt",  # nobody can tell; one that says so was sent in its place
]

# After so long a message that was begun and never recorded is taken up again. Longer than any channel's own
# time-outs together, so that a slow send is not mistaken for a dead one.
CLAIM: Final = dt.timedelta(seconds=90)
MAX_TRIES: Final = 36  # a day and an hour in all: a mail server may be away for a night
# With another channel to turn to, nobody waits that long.
TRIES_WITH_ANOTHER: Final = 8
TRIES_WITH_ANOTHER_IF_URGENT: Final = 3
# Nor for a channel that is left alone: nearly all of what waits for it is not tried at all meanwhile.
PATIENCE: Final = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Dispatch:
    """A message and how far it has come."""

    id: UUID
    channel: ChannelName
    recipient: str
    template: str
    version: int
    urgent: bool
    alerts: int
    state: State
    due_at: dt.datetime | None
    tries: int
    made_at: dt.datetime
    sent_at: dt.datetime | None = None
    receipt: str | None = None
    repeats: UUID | None = None
    trouble: str | None = None


def pause_before_try(tries: int) -> dt.timedelta:
    """How long a message that failed is left alone: one second at first, doubling, an hour at most."""
    return dt.timedelta(seconds=min(3600, 2 ** min(tries - 1, 12)))


def waits_too_long(made_at: dt.datetime, now: dt.datetime, *, urgent: bool) -> bool:
    """Whether a message has waited long enough for a channel that is left alone, if there is another."""
    return urgent or now - made_at > PATIENCE


def is_given_up(tries: int, *, urgent: bool, has_another: bool) -> bool:
    """Whether a channel has had tries enough for this message."""
    if not has_another:
        return tries >= MAX_TRIES
    return tries >= (TRIES_WITH_ANOTHER_IF_URGENT if urgent else TRIES_WITH_ANOTHER)
