"""A message to somebody of the public: only when they asked for one, and only where it is safe (DOMAIN, 9).

The mere fact of contact can be the harm. So nothing here is ever sent because something happened: somebody on
the team asks for one message, in approved words, to a number or address that the person marked as safe.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from uuid import UUID

    from services.notify.domain.alert import ChannelName

State = Literal["waiting", "begun", "sent", "returned", "cancelled", "refused", "in_doubt"]
Why = Literal[
    "switched_off", "mark_expired", "not_in_the_record", "guard", "channel_failed", "asked_to_stop",
    "nobody_can_tell", "waited_too_long", "came_back",
]  # fmt: skip
Template = Literal["ring_me", "appointment"]

# How long "this is safe" holds, after which the person is asked again (DOMAIN 9.3).
MARK_HOLDS: Final = dt.timedelta(days=60)
# What could not leave within this long is no longer what was asked for.
WAITS_AT_MOST: Final = dt.timedelta(days=3)
# Who asks again for the same within this long means the same message.
ASKED_AGAIN_AFTER: Final = dt.timedelta(hours=1)
_LONDON: Final = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class PublicMessage:
    """What was asked for; `safe` are the hours in which the person may be reached, London's time."""

    id: UUID
    case: str
    channel: ChannelName
    template: Template
    address: str
    worker: str
    number: str
    when: str
    marked_safe_on: dt.date
    safe: tuple[dt.time, dt.time]
    made_at: dt.datetime
    asked_by: str = ""
    state: State = "waiting"


def why_not(
    message: PublicMessage,
    now: dt.datetime,
    *,
    enabled: bool,
    in_the_record: bool,
    came_back_at: dt.datetime | None = None,
) -> Why | None:
    """Why it must not be sent any more; None if it may, in its hours.

    `in_the_record` is whether the case still gives this address: after a change nothing goes to the old one.
    `came_back_at` is when a message to it last came back: it must have been marked safe after that.
    """
    if not enabled:
        return "switched_off"
    if not in_the_record:
        return "not_in_the_record"
    if came_back_at is not None and message.marked_safe_on <= came_back_at.astimezone(_LONDON).date():
        return "came_back"
    if now.astimezone(_LONDON).date() - message.marked_safe_on > MARK_HOLDS:
        return "mark_expired"
    if now - message.made_at > WAITS_AT_MOST:
        return "waited_too_long"
    return None


def asks_for_the_same(message: PublicMessage, earlier: PublicMessage, now: dt.datetime) -> bool:
    """Whether this is what was asked for already: a request that was not answered, and was sent again.

    What has left is asked for anew after a while; what did not leave, at once.
    """
    if replace(message, id=earlier.id, made_at=earlier.made_at, state=earlier.state) != earlier:
        return False
    if earlier.state in ("waiting", "begun"):
        return True
    return earlier.state in ("sent", "in_doubt") and now - earlier.made_at < ASKED_AGAIN_AFTER


def safe_at(message: PublicMessage, now: dt.datetime) -> dt.datetime:
    """The same instant if it lies in the safe hours, else the next at which they begin."""
    begins, ends = message.safe
    local = now.astimezone(_LONDON)
    if begins <= local.time() < ends:
        return now
    day = local.date() if local.time() < begins else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, begins, _LONDON).astimezone(dt.UTC)
