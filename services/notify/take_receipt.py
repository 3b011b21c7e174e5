"""A channel says later what became of a message: it arrived, or it came back and a human must know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from services.notify import dispatch_store, public_store
from services.notify.domain.alert import News
from services.notify.raise_alert import raise_alert
from services.notify.settle_message import give_up
from services.notify.store import Desk
from shared.directory import DUTY_DESK

if TYPE_CHECKING:
    from uuid import UUID

    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

Status = Literal["delivered", "returned"]
# Of a message in one of these states nothing new can be heard.
_OVER: Final = ("delivered", "bounced", "failed", "refused", "dropped")


def take_receipt(token: UUID, status: Status, trouble: str, unit: Unit, board: Switchboard) -> bool:
    """Whether the token is one of ours; the same receipt again changes nothing.

    A receipt also settles what was in doubt: what was begun and never recorded has arrived after all.
    """
    dispatch = dispatch_store.find_dispatch(unit, token)
    if dispatch is None:
        return _take_of_public(token, status, unit, board)
    if dispatch.state in _OVER:
        return True
    if status == "delivered":
        sent_at = dispatch.sent_at or unit.now
        dispatch_store.set_state(unit, token, "delivered", due_at=None, sent_at=sent_at, trouble=None)
        # Nothing, if it was in doubt: another went in its place and has its alerts.
        dispatch_store.mark_items(unit, token, "sent")
        return True
    give_up(dispatch, trouble, unit, board, what="bounced", for_good=True)
    return True


def _take_of_public(token: UUID, status: Status, unit: Unit, board: Switchboard) -> bool:
    """What came back from somebody of the public is a human's: the hub writes there no more."""
    message = public_store.find_message(unit, token)
    if message is None:
        return False
    if status == "delivered" and message.state in ("begun", "in_doubt"):
        public_store.set_state(unit, token, "sent")
    elif status == "returned" and message.state in ("begun", "in_doubt", "sent"):
        public_store.set_state(unit, token, "returned", why="came_back")
        Desk.of(unit).look_up([message.case])
        # Whoever asked for it reaches the person in another way.
        whose = message.asked_by
        news = News(message.case, "undelivered", DUTY_DESK, urgent=False, occasion=str(token), whose=whose)
        raise_alert(news, unit, board)
    return True
