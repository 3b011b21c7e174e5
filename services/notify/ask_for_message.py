"""Somebody on the team asks for a message to a person who wants one, or calls it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notify import public_store
from services.notify.domain.public import PublicMessage, Why, asks_for_the_same, safe_at, why_not
from services.notify.telltales_store import telltales_of
from shared.problems import Conflict, NotFound
from shared.telltales import is_among

if TYPE_CHECKING:
    from uuid import UUID

    from services.notify.domain.alert import Reader
    from shared.messaging.unit import Unit


class NotToBeSent(Conflict):
    """The hub does not send this message."""

    code = "not_to_be_sent"
    advice = "The detail says why: ask the person again, or reach them as they wish."


_TOLD: dict[Why, str] = {
    "switched_off": "Messages to the public are switched off in this hub, over this channel at least.",
    "mark_expired": "It is more than 60 days since they said that this way is safe. Ask them again.",
    "not_in_the_record": "The case does not hold this number or address as theirs.",
    "came_back": "The last message to this number or address came back. Ask them again which way is safe.",
}


def ask_for_message(message: PublicMessage, reader: Reader, unit: Unit, *, enabled: bool) -> PublicMessage:
    """Keep it, due in the person's safe hours; `NotToBeSent` when it could not be sent even now.

    The message that will be sent: that of before where the same was asked for a moment ago.
    """
    if not public_store.is_case_of(unit.connection, message.case, reader):
        raise NotFound("Your team has no case with this reference.")
    known = telltales_of(unit.connection, unit.keys.rest, [message.case]).get(message.case, frozenset())
    theirs = is_among(message.address, known, unit.keys.lookup)
    why = why_not(
        message,
        unit.now,
        enabled=enabled,
        in_the_record=theirs,
        came_back_at=public_store.came_back_at(unit, message),
    )
    if why is not None:
        raise NotToBeSent(_TOLD[why])
    for earlier in public_store.messages_of(unit, message.case):
        if asks_for_the_same(message, earlier, unit.now):
            return earlier
    public_store.add_message(unit, message, safe_at(message, unit.now))
    return message


def call_off_message(message_id: UUID, reader: Reader, unit: Unit) -> None:
    """It is not sent, if it has not been; `NotFound` when the team has none with this id."""
    message = public_store.find_message(unit, message_id)
    if message is None or not public_store.is_case_of(unit.connection, message.case, reader):
        raise NotFound("Your team has no message with this id.")
    if message.state == "waiting":
        public_store.set_state(unit, message_id, "cancelled", why="asked_to_stop")
