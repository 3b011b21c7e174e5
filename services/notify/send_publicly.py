"""Send what somebody of the public asked for: looked at again at the last moment, and never sent twice."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from services.notify import public_store
from services.notify.channels.channel import InDoubt, Never, Parcel, Taken
from services.notify.domain.alert import Kind, News
from services.notify.domain.guard import why_refused
from services.notify.domain.public import PublicMessage, State, Why, safe_at, why_not
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk
from services.notify.telltales_store import telltales_of
from shared.directory import DUTY_DESK
from shared.identity import read_reference
from shared.telltales import found_in, is_among

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from services.notify.deliver_alerts import Post
    from services.notify.domain.wording import Letter
    from shared.messaging.unit import Unit

_CLAIM = dt.timedelta(minutes=2)
_LATER = dt.timedelta(minutes=10)


def send_publicly(
    post: Post, unit_of_work: Callable[[], AbstractContextManager[Unit]], *, enabled: Callable[[str], bool]
) -> int:
    """One message at most; 1 if there was one.

    It is marked as begun before it is handed over. What is found begun is asked for at its channel, and if
    that cannot tell it is not sent again: a human decides, because every contact can be one too many.
    """
    with unit_of_work() as unit:
        message = public_store.take_due(unit, _CLAIM)
        if message is None:
            return 0
        letter = _ready(message, post, unit, enabled=enabled(message.channel))
    if letter is None:
        return 1
    parcel = Parcel(message.id, message.address, letter, urgent=False, sign_in_url="", to_public=True)
    outcome = post.board.channels[message.channel].send(parcel)
    with unit_of_work() as unit:
        match outcome:
            case Taken(receipt):
                public_store.set_state(unit, message.id, "sent", receipt=receipt)
            case InDoubt():
                public_store.set_state(unit, message.id, "begun", due_at=unit.now + _CLAIM)
            case Never():
                _stop(message, "channel_failed", post, unit)
            case _:
                public_store.set_state(unit, message.id, "waiting", due_at=unit.now + _LATER)
    return 1


def _ready(message: PublicMessage, post: Post, unit: Unit, *, enabled: bool) -> Letter | None:
    """The finished words, if it may go now; otherwise it waits for its hours, or has ended."""
    channel = post.board.channels.get(message.channel)
    if message.state == "begun":
        standing = "cannot_tell" if channel is None else channel.look_up(message.id)
        if standing == "taken":
            public_store.set_state(unit, message.id, "sent")
            return None
        if standing in ("cannot_tell", "not_now"):
            _stop(message, "nobody_can_tell", post, unit)
            return None
    known = telltales_of(unit.connection, unit.keys.rest, [message.case]).get(message.case, frozenset())
    theirs = is_among(message.address, known, unit.keys.lookup)
    why = why_not(
        message,
        unit.now,
        enabled=enabled,
        in_the_record=theirs,
        came_back_at=public_store.came_back_at(unit, message),
    )
    if why is None and channel is None:
        why = "channel_failed"
    if why is not None:
        _stop(message, why, post, unit)
        return None
    safe = safe_at(message, unit.now)
    if safe > unit.now:
        public_store.set_state(unit, message.id, "waiting", due_at=safe)
        return None
    template = post.wording.newest(message.template)
    letter = template.write({"worker": message.worker, "number": message.number, "when": message.when})
    refusal = why_refused(
        letter,
        template,
        cases=(message.case,),
        count=1,
        sign_in=post.sign_in_url,
        is_reference=lambda text: read_reference(text) == text,
        gives_away=lambda text: found_in(text, known, unit.keys.lookup),
    )
    if refusal is not None:
        _stop(message, "guard", post, unit)
        return None
    public_store.set_state(unit, message.id, "begun", due_at=unit.now + _CLAIM)
    return letter


def _stop(message: PublicMessage, why: Why, post: Post, unit: Unit) -> None:
    """It does not go; whoever asked for it learns that, and reaches the person themselves."""
    state: State = "in_doubt" if why == "nobody_can_tell" else "refused" if why == "guard" else "cancelled"
    public_store.set_state(unit, message.id, state, why=why)
    desk = Desk.of(unit)
    desk.look_up([message.case])
    kind: Kind = "refused" if why == "guard" else "undelivered"
    news = News(message.case, kind, DUTY_DESK, urgent=False, occasion=str(message.id), whose=message.asked_by)
    raise_alert(news, unit, post.board)
