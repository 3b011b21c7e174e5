"""What follows from what became of a message: recorded, tried again, sent another way, or a human's task."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.notify import dispatch_store, store
from services.notify.channels.channel import InDoubt, Never, NotTaken, Outcome, Taken
from services.notify.domain.alert import GROUPS, Alert, Delivery, Happening, Kind, News
from services.notify.domain.dispatch import is_given_up, pause_before_try, waits_too_long
from services.notify.domain.escalation import supervisors_step
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk
from services.notify.tell_people import wishes_of
from shared.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.notify.dispatch_store import Item
    from services.notify.domain.alert import ChannelName
    from services.notify.domain.dispatch import Dispatch
    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

log = logging.getLogger(__name__)

# A channel that can be asked is asked after this long: what was handed over may still be on its way in.
_ASK_AFTER: Final = dt.timedelta(seconds=30)


def settle_message(dispatch: Dispatch, outcome: Outcome, unit: Unit, board: Switchboard) -> None:
    """Record one outcome."""
    match outcome:
        case Taken(receipt):
            dispatch_store.record_sent(unit, dispatch.id, receipt)
        case NotTaken(trouble, wait):
            if _has_been_tried_enough(dispatch, unit, board) or _is_put_off(dispatch, wait, unit, board):
                give_up(dispatch, trouble, unit, board)
                return
            due = unit.now + max(wait, pause_before_try(dispatch.tries))
            dispatch_store.put_back(unit, dispatch, due, trouble=trouble)
            _log(dispatch, trouble, "alert not delivered yet", logging.WARNING)
        case Never(trouble):
            give_up(dispatch, trouble, unit, board, for_good=True)
        case InDoubt(trouble):
            can_be_asked = board.channels[dispatch.channel].same_token_again
            # What is sent again under its token would be for ever; of the rest the second doubt is the last.
            if can_be_asked and _has_been_tried_enough(dispatch, unit, board):
                give_up(dispatch, trouble, unit, board)
                return
            due = unit.now + (_ASK_AFTER if can_be_asked else pause_before_try(dispatch.tries))
            dispatch_store.put_back(unit, dispatch, due, trouble=trouble, state="committing")
            _log(dispatch, trouble, "alert in doubt", logging.WARNING)


def _has_been_tried_enough(dispatch: Dispatch, unit: Unit, board: Switchboard) -> bool:
    has_another = next_way(dispatch, unit, board) is not None
    return is_given_up(dispatch.tries, urgent=dispatch.urgent, has_another=has_another)


def _is_put_off(dispatch: Dispatch, wait: dt.timedelta, unit: Unit, board: Switchboard) -> bool:
    """Whether the channel itself says to come again so late that another is the quicker way."""
    too_late = wait > pause_before_try(dispatch.tries) and waits_too_long(
        dispatch.made_at, unit.now + wait, urgent=dispatch.urgent
    )
    return too_late and next_way(dispatch, unit, board) is not None


def settle_doubt(dispatch: Dispatch, unit: Unit, board: Switchboard) -> Dispatch | None:
    """Nobody can tell whether this one was taken: one that says so takes its place, once.

    The one to send now; None when that too is in doubt, and another channel or a human has it.
    """
    items = dispatch_store.items_of(unit, [dispatch.id])[dispatch.id]
    for item in items:
        store.note(
            unit, item.alert_id, "in_doubt", dispatch.recipient,
            channel=dispatch.channel, token=str(dispatch.id),
        )  # fmt: skip
    if dispatch.repeats is not None:
        give_up(dispatch, "in doubt twice", unit, board)
        return None
    dispatch_store.end(unit, dispatch.id, "in_doubt", dispatch.trouble or "nobody can tell")
    again = replace(
        dispatch, id=new_id(), state="due", tries=1, made_at=unit.now, repeats=dispatch.id, trouble=None
    )
    dispatch_store.add_dispatch(unit, again)
    _log(dispatch, "in doubt", "alert sent again as a repeat", logging.WARNING)
    return again


def give_up(
    dispatch: Dispatch,
    trouble: str,
    unit: Unit,
    board: Switchboard,
    *,
    what: Happening = "failed",
    for_good: bool = False,
) -> None:
    """One channel will not do it: the next one does, or somebody else is told that this person was not.

    What failed for good is put right by a human, whatever other way there is; else what somebody has by now
    needs neither. Whoever was found to know somebody in a case meanwhile is not told of it in another way.
    """
    items = dispatch_store.items_of(unit, [dispatch.id])[dispatch.id]
    known = store.alerts_by_id(unit, [item.alert_id for item in items])
    waiting = [
        item
        for item in items
        if known[item.alert_id].state == "open"
        and dispatch.recipient not in store.barred_from(unit.connection, item.case)
    ]
    another = next_way(dispatch, unit, board) if waiting else None
    dispatch_store.end(unit, dispatch.id, "bounced" if what == "bounced" else "failed", trouble)
    dispatch_store.mark_items(unit, dispatch.id, "failed", trouble)
    for item in items:
        store.note(
            unit, item.alert_id, what, dispatch.recipient, channel=dispatch.channel, trouble=trouble[:100]
        )
    if another is not None:
        for item in waiting:
            store.note(
                unit, item.alert_id, "failed_over", dispatch.recipient,
                channel=another, instead_of=dispatch.channel,
            )  # fmt: skip
            store.keep_delivery(unit, _by(another, item, dispatch, unit))
        _log(dispatch, trouble, "alert goes another way", logging.WARNING)
    else:
        _log(dispatch, trouble, "alert not delivered", logging.ERROR)
    if for_good or (waiting and another is None):
        make_task("undelivered", dispatch, waiting or items, unit, board)


def make_task(kind: Kind, dispatch: Dispatch, items: Sequence[Item], unit: Unit, board: Switchboard) -> None:
    """Somebody else of each team, from the supervisors on, is told that this one was not told."""
    known = store.alerts_by_id(unit, [item.alert_id for item in items])
    of_team: dict[str, Alert] = {}
    for alert in (known[item.alert_id] for item in items):
        # A task is in the app; one about a task would never end.
        if GROUPS[alert.kind] != "tasks":
            of_team.setdefault(alert.team, alert)
    for alert in of_team.values():
        Desk.of(unit).look_up([alert.case])
        ladder = board.ladder_of(alert.team)
        raise_alert(
            News(alert.case, kind, alert.team, urgent=alert.urgent, occasion=str(dispatch.id)),
            unit,
            board,
            from_step=supervisors_step(ladder),
            but_not=(dispatch.recipient,),
        )


def next_way(dispatch: Dispatch, unit: Unit, board: Switchboard) -> ChannelName | None:
    """The channel to turn to after this one; each has one turn."""
    wishes = wishes_of(dispatch.recipient, unit)
    # Words that are of no kind of their own are told of cases.
    group = {str(kind): group for kind, group in GROUPS.items()}.get(dispatch.template, "cases")
    ways = board.ways_to(dispatch.recipient, wishes.channels_for(group))
    if dispatch.channel not in ways:
        return ways[0] if ways else None
    rest = ways[ways.index(dispatch.channel) + 1 :]
    return rest[0] if rest else None


def _by(channel: ChannelName, item: Item, dispatch: Dispatch, unit: Unit) -> Delivery:
    return Delivery(
        id=new_id(),
        alert_id=item.alert_id,
        case=item.case,
        kind=item.kind,
        channel=channel,
        recipient=dispatch.recipient,
        urgent=dispatch.urgent,
        step=item.step,
        template=item.template,
        due_at=unit.now,
        gather=dispatch.alerts > 1,
    )


def _log(dispatch: Dispatch, trouble: str, what: str, level: int) -> None:
    log.log(
        level,
        what,
        extra={"token": str(dispatch.id), "channel": dispatch.channel, "trouble": trouble[:100]},
    )
