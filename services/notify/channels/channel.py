"""What every channel is: it takes a message under a token, and says what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from services.notify.domain.wording import Letter

if TYPE_CHECKING:
    from uuid import UUID

    from shared.directory import StaffMember

# What a channel can say of a token that somebody else may have sent; `not_now` if it can, but did not answer.
Standing = Literal["taken", "not_taken", "cannot_tell", "not_now"]


@dataclass(frozen=True)
class Parcel:
    """A message ready to leave: its token, where it goes, and its words."""

    token: UUID
    address: str
    letter: Letter
    urgent: bool
    sign_in_url: str
    # Whether somebody outside gets it, whose post may be read by whoever they are afraid of.
    to_public: bool = False


@dataclass(frozen=True)
class Taken:
    """The channel has it; `receipt` is what it calls it."""

    receipt: str | None = None


@dataclass(frozen=True)
class NotTaken:
    """The channel has it not: to be tried again, perhaps not before so long.

    `whole_channel` says that it would have had no other message either: what its breaker counts.
    """

    trouble: str
    wait: dt.timedelta = dt.timedelta()
    whole_channel: bool = True


@dataclass(frozen=True)
class Never:
    """It will never be taken: not this message at this address."""

    trouble: str


@dataclass(frozen=True)
class InDoubt:
    """It was handed over and nobody answered: only the channel itself can tell, if it can."""

    trouble: str


Outcome = Taken | NotTaken | Never | InDoubt


class Channel(Protocol):
    """A way out. It never raises for what the other side does.

    `same_token_again`: whether what is in doubt may be sent again under its token, because the other side
    knows tokens; where not, another message under a token of its own says that it may be a repeat.
    """

    @property
    def a_minute(self) -> int:
        """How many messages it takes in a minute."""

    @property
    def same_token_again(self) -> bool:
        """Whether the same token may be sent again."""

    def address_of(self, member: StaffMember) -> str | None:
        """Where this person is reached, or None if not over this channel."""

    def send(self, parcel: Parcel) -> Outcome:
        """Hand it over, and wait for the answer, for less than half a minute."""

    def look_up(self, token: UUID) -> Standing:
        """What became of a token that was begun and never recorded."""

    def close(self) -> None:
        """Let go of what is kept open."""
