"""Finds and keeps what is to be sent, and the messages that it is sent in."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, bindparam, case, func, or_, select, update

from services.notify.domain.dispatch import CLAIM, Dispatch, State
from services.notify.domain.gathering import SINGLES
from services.notify.tables import alerts, deliveries, dispatches
from shared.rows import find_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.sql.dml import ReturningUpdate

    from services.notify.domain.alert import ChannelName, DeliveryState, Kind
    from shared.messaging.unit import Unit


class Waiting(NamedTuple):
    """How many alerts are due to one person over one channel, and whether they were to go together."""

    channel: ChannelName
    recipient: str
    urgent: bool
    alerts: int
    gather: bool
    # Only what is of these kinds; of any when there are none.
    kinds: tuple[Kind, ...] = ()


class Item(NamedTuple):
    """One alert in a message."""

    dispatch_id: UUID
    delivery_id: UUID
    alert_id: UUID
    case: str
    kind: Kind
    step: int
    template: str


_ITEM = (
    deliveries.c.dispatch_id,
    deliveries.c.id,
    deliveries.c.alert_id,
    deliveries.c.case,
    deliveries.c.kind,
    deliveries.c.step,
    deliveries.c.template,
)
_GROUPS = (
    select(
        deliveries.c.channel,
        deliveries.c.recipient,
        deliveries.c.urgent,
        func.count(),
        func.max(case((deliveries.c.gather, 1), else_=0)),
    )
    .where(deliveries.c.due_at <= bindparam("now"))
    .group_by(deliveries.c.channel, deliveries.c.recipient, deliveries.c.urgent)
    .order_by(deliveries.c.urgent.desc())
    .limit(bindparam("most"))
)


def _claiming(*which: ColumnElement[bool]) -> ReturningUpdate[Any]:
    due = select(dispatches.c.id).where(dispatches.c.due_at <= bindparam("now"), *which)
    due = due.order_by(dispatches.c.urgent.desc(), dispatches.c.due_at).limit(bindparam("most"))
    taken = update(dispatches).where(dispatches.c.id.in_(due.with_for_update(skip_locked=True)))
    taken = taken.values(due_at=bindparam("until"), tries=dispatches.c.tries + 1)
    return taken.returning(*dispatches.c)


_CLAIM = _claiming()
_MARK_ITEMS = (
    update(deliveries)
    .where(deliveries.c.dispatch_id == bindparam("dispatch"))
    .values(state=bindparam("becomes"), sent_at=bindparam("sent"), trouble=bindparam("why"))
)


def waiting_groups(unit: Unit, most: int, kinds: tuple[Kind, ...] = ()) -> list[Waiting]:
    """Who waits for how much, of any kind or only of these, urgent ones first."""
    query = _GROUPS.where(deliveries.c.kind.in_(kinds)) if kinds else _GROUPS
    rows = unit.connection.execute(query, {"now": unit.now, "most": most})
    return [Waiting(row[0], row[1], row[2], row[3], bool(row[4]), kinds) for row in rows]


def left_lately(unit: Unit, group: Waiting, since: dt.datetime) -> list[dt.datetime]:
    """When messages that were not urgent left for the same person over the same channel, since then."""
    query = (
        select(dispatches.c.made_at)
        .where(
            dispatches.c.recipient == group.recipient,
            dispatches.c.channel == group.channel,
            dispatches.c.made_at > since,
            dispatches.c.urgent.is_(False),
        )
        .order_by(dispatches.c.made_at.desc())
        .limit(SINGLES)
    )
    return list(unit.connection.execute(query).scalars())


def take_singles(unit: Unit, group: Waiting, most: int) -> list[Item]:
    """Some of what is due, each to go alone; locked."""
    query = select(*_ITEM).where(*_of(group), deliveries.c.due_at <= unit.now)
    query = query.order_by(deliveries.c.due_at, deliveries.c.id).limit(most).with_for_update(skip_locked=True)
    return [Item._make(row) for row in unit.connection.execute(query)]


def pack_single(unit: Unit, item: Item, dispatch: Dispatch) -> None:
    """It goes in this message, alone."""
    unit.insert(dispatches, vars(dispatch))
    unit.change(deliveries, {"id": item.delivery_id}, state="packed", due_at=None, dispatch_id=dispatch.id)


def pack_together(unit: Unit, group: Waiting, dispatch: Dispatch, wait_for: dt.timedelta) -> int:
    """All that is due goes in this message, and what was to be gathered and is due soon; how many that is."""
    due = or_(
        deliveries.c.due_at <= unit.now,
        and_(deliveries.c.gather, deliveries.c.due_at <= unit.now + wait_for),
    )
    taken = unit.connection.execute(
        update(deliveries)
        .where(*_of(group), due)
        .values(state="packed", due_at=None, dispatch_id=dispatch.id)
    ).rowcount
    if taken:
        unit.insert(dispatches, vars(dispatch) | {"alerts": taken})
    return taken


def hold(unit: Unit, group: Waiting, until: dt.datetime) -> None:
    """Nothing of this leaves before then, and then together."""
    unit.connection.execute(
        update(deliveries)
        .where(*_of(group), deliveries.c.due_at <= unit.now)
        .values(due_at=until, gather=True)
    )


def _of(group: Waiting) -> tuple[ColumnElement[bool], ...]:
    return (
        deliveries.c.recipient == group.recipient,
        deliveries.c.channel == group.channel,
        deliveries.c.urgent.is_(group.urgent),
        deliveries.c.due_at.is_not(None),
        *((deliveries.c.kind.in_(group.kinds),) if group.kinds else ()),
    )


def add_dispatch(unit: Unit, dispatch: Dispatch) -> None:
    """One more message, in place of another that it repeats."""
    unit.insert(dispatches, vars(dispatch))
    items = update(deliveries).where(deliveries.c.dispatch_id == dispatch.repeats)
    unit.connection.execute(items.values(dispatch_id=dispatch.id))


def claim_due(unit: Unit, most: int, kinds: tuple[Kind, ...] = ()) -> list[Dispatch]:
    """Messages that are due, urgent ones first, now in hand; another sender does not get them.

    With `kinds` only those that tell of something of these kinds.
    """
    inside = select(deliveries.c.id).where(
        deliveries.c.dispatch_id == dispatches.c.id, deliveries.c.kind.in_(kinds)
    )
    query = _claiming(inside.exists()) if kinds else _CLAIM
    rows = unit.connection.execute(query, {"now": unit.now, "most": most, "until": unit.now + CLAIM})
    return sorted((Dispatch(*row) for row in rows), key=lambda one: (not one.urgent, one.id))


def longest_wait(connection: Connection, now: dt.datetime) -> tuple[int, dt.timedelta]:
    """How much is due and nobody has taken it in hand, and for how long the oldest of it has been."""
    waiting = [
        connection.execute(select(func.count(), func.min(table.c.due_at)).where(table.c.due_at <= now)).one()
        for table in (deliveries, dispatches)
    ]
    oldest = min((since for _, since in waiting if since is not None), default=now)
    return sum(count for count, _ in waiting), now - oldest


def items_of(unit: Unit, ids: Sequence[UUID]) -> dict[UUID, list[Item]]:
    """What is in each of these messages, in the order in which it was raised."""
    found: dict[UUID, list[Item]] = {one: [] for one in ids}
    for row in find_rows(unit.connection, _ITEM, deliveries.c.dispatch_id, set(ids)):
        found[row[0]].append(Item._make(row))
    for items in found.values():
        items.sort(key=lambda item: item.delivery_id)
    return found


def begin(unit: Unit, dispatch_id: UUID) -> None:
    """From here on it may have been taken, whatever happens to us."""
    unit.change(dispatches, {"id": dispatch_id}, state="committing")


def record_sent(unit: Unit, dispatch_id: UUID, receipt: str | None) -> None:
    """It has left."""
    unit.change(
        dispatches,
        {"id": dispatch_id},
        state="sent",
        due_at=None,
        sent_at=unit.now,
        receipt=receipt,
        trouble=None,
    )
    mark_items(unit, dispatch_id, "sent")


def put_back(
    unit: Unit, dispatch: Dispatch, due_at: dt.datetime, *, trouble: str | None, state: State = "due"
) -> None:
    """It is due again then; without trouble this was no try."""
    tries = dispatch.tries if trouble else dispatch.tries - 1
    why = (trouble or dispatch.trouble or "")[:100] or None
    unit.change(dispatches, {"id": dispatch.id}, state=state, due_at=due_at, tries=tries, trouble=why)


def end(unit: Unit, dispatch_id: UUID, state: State, trouble: str) -> None:
    """Nothing more is done about this message."""
    unit.change(dispatches, {"id": dispatch_id}, state=state, due_at=None, trouble=trouble[:100])


def mark_items(unit: Unit, dispatch_id: UUID, state: DeliveryState, trouble: str | None = None) -> None:
    """The same of what was in it."""
    sent = unit.now if state == "sent" else None
    given = {"dispatch": dispatch_id, "becomes": state, "sent": sent, "why": trouble and trouble[:100]}
    unit.connection.execute(_MARK_ITEMS, given)


def leave_out(unit: Unit, left: Sequence[Item]) -> None:
    """These are not sent to whom they were packed for; what nobody has yet goes on to others at once."""
    ids, told = [item.delivery_id for item in left], {item.alert_id for item in left}
    dropped = update(deliveries).where(deliveries.c.id.in_(ids)).values(state="dropped", dispatch_id=None)
    unit.connection.execute(dropped)
    open_ones = update(alerts).where(alerts.c.id.in_(told), alerts.c.state == "open")
    unit.connection.execute(open_ones.values(next_step_at=unit.now))


def find_dispatch(unit: Unit, token: UUID) -> Dispatch | None:
    """A message by its token, locked."""
    query = select(dispatches).where(dispatches.c.id == token).with_for_update()
    row = unit.connection.execute(query).first()
    return None if row is None else Dispatch(*row)


def set_state(unit: Unit, dispatch_id: UUID, state: State, **values: Any) -> None:  # noqa: ANN401 - columns
    """What the channel said later."""
    unit.change(dispatches, {"id": dispatch_id}, state=state, **values)
