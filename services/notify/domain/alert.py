"""An alert says that a case waits; it carries a case reference and "sign in", and never a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from uuid import UUID

Kind = Literal["opening", "withdrawal", "all_withdrawn", "again", "released", "letter"]
State = Literal["open", "acknowledged"]
ChannelName = Literal["in_app", "mail"]
DeliveryState = Literal["due", "sending", "sent", "failed"]

# After this long a delivery that was begun and never recorded is taken up again. Longer than any channel's
# own time-outs together, so that a slow send is not mistaken for a dead one.
CLAIM = dt.timedelta(seconds=90)
# What a sandbox makes has a reference that begins with this letter.
_TEST = "T"
MAX_TRIES = 36  # a day and an hour in all: a mail server may be away for a night


@dataclass(frozen=True)
class Alert:
    """One thing that a team must know about one case."""

    id: UUID
    case: str
    kind: Kind
    team: str
    urgent: bool
    state: State
    raised_at: dt.datetime
    acknowledged_at: dt.datetime | None = None
    acknowledged_by: str | None = None
    # What tells one piece of news from another of its kind; empty for the opening of a case.
    occasion: str = ""
    # How far it has been handed on, and when the next step is due.
    step: int = 0
    next_step_at: dt.datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """One alert on its way to one person over one channel."""

    id: UUID
    alert_id: UUID
    case: str
    kind: Kind
    channel: ChannelName
    recipient: str
    urgent: bool
    tries: int


@dataclass(frozen=True)
class Letter:
    """What is sent: a subject and a text that anybody may read over a shoulder."""

    subject: str
    text: str


_NEWS: dict[Kind, tuple[str, str]] = {
    "opening": (
        "a new case waits for you",
        "has come to your team.\n\nSign in to see it and to say that you have it:",
    ),
    "withdrawal": (
        "news of a case before you go on",
        "has changed: part of what it rests on was taken back.\n\nSign in before the next step is taken:",
    ),
    "again": (
        "a paused case goes on",
        "goes on: somebody else has brought it to us.\n\nSign in to see it and to say that you have it:",
    ),
    "released": (
        "a case is ready for you",
        "has come to your team with all that it needs.\n\nSign in to see it and to say that you have it:",
    ),
    "letter": (
        "a message waits to be read",
        "could not be taken whole, and its sender was told so.\n\nWhoever runs the hub can show it to you:",
    ),
    "all_withdrawn": (
        "please pause a case",
        "should pause: everything that it rests on was taken back.\n\nSign in before any further step:",
    ),
}


def write_letter(case: str, kind: Kind, *, urgent: bool, sign_in_at: str) -> Letter:
    """The words of an alert. They are safe on a lock screen: a reference, and where to sign in."""
    subject, text = _NEWS[kind]
    mark = "TEST: " if case.startswith(_TEST) else ""
    what = "Message" if kind == "letter" else "Case"
    return Letter(
        f"{mark}{f'Urgent: {subject}' if urgent else subject.capitalize()}: {case}",
        f"{mark}{what} {case} {text}\n{sign_in_at}\n\n"
        "This message holds no details on purpose. Please do not reply to it.\n",
    )


def pause_before_try(tries: int) -> dt.timedelta:
    """How long a channel that failed is left alone: one second at first, doubling, an hour at most."""
    return dt.timedelta(seconds=min(3600, 2 ** min(tries - 1, 12)))
