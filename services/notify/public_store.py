"""Finds and keeps messages to the public; whom they go to and what fills their words is sealed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from services.notify.domain.public import PublicMessage, State, Why
from services.notify.tables import barred, case_teams, public_messages
from shared.resealing import SealedColumn
from shared.rows import lock_and_find, locks_of
from shared.telltales import is_same_contact

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection, Row

    from services.notify.domain.alert import Reader
    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing


class _Sealed(msgspec.Struct):
    template: str
    address: str
    worker: str
    number: str
    when: str
    marked_safe_on: dt.date
    safe: tuple[dt.time, dt.time]


def is_case_of(connection: Connection, case: str, reader: Reader) -> bool:
    """Whether a team of theirs has the case now, and they know nobody in it.

    That they had it before, or were asked to take it, is too little: its people are another team's by now.
    """
    known = select(barred.c.case).where(barred.c.email == reader.name)
    query = select(case_teams.c.case).where(case_teams.c.case == case, case_teams.c.case.not_in(known))
    if reader.teams is not None:
        query = query.where(case_teams.c.team.in_(reader.teams))
    return connection.execute(query).first() is not None


def add_message(unit: Unit, message: PublicMessage, due_at: dt.datetime) -> None:
    """Keep what was asked for."""
    inside = msgspec.convert(
        {name: getattr(message, name) for name in _Sealed.__struct_fields__}, _Sealed, strict=False
    )
    unit.insert(
        public_messages,
        {
            "id": message.id,
            "case": message.case,
            "channel": message.channel,
            "state": message.state,
            "asked_by": message.asked_by,
            "made_at": message.made_at,
            "due_at": due_at,
            "ended_at": None,
            "receipt": None,
            "why": None,
            "sealed": unit.keys.rest.seal(msgspec.json.encode(inside), _place(message.id)),
        },
    )


def take_due(unit: Unit, claim: dt.timedelta) -> PublicMessage | None:
    """One message that is due, now in hand."""
    query = (
        select(public_messages)
        .where(public_messages.c.due_at <= unit.now)
        .order_by(public_messages.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = unit.connection.execute(query).first()
    if row is None:
        return None
    unit.change(public_messages, {"id": row.id}, due_at=unit.now + claim)
    return _opened(row, unit.keys.rest)


def set_state(
    unit: Unit,
    message_id: UUID,
    state: State,
    *,
    due_at: dt.datetime | None = None,
    why: Why | None = None,
    receipt: str | None = None,
) -> None:
    """How it stands; without a due time it has ended."""
    ended = unit.now if due_at is None else None
    values: dict[str, Any] = {"state": state, "due_at": due_at, "ended_at": ended, "why": why}
    if receipt is not None:
        values["receipt"] = receipt
    unit.change(public_messages, {"id": message_id}, **values)


def find_message(unit: Unit, message_id: UUID) -> PublicMessage | None:
    """One message, locked."""
    query = select(public_messages).where(public_messages.c.id == message_id).with_for_update()
    row = unit.connection.execute(query).first()
    return None if row is None else _opened(row, unit.keys.rest)


def messages_of(unit: Unit, case: str) -> list[PublicMessage]:
    """What was asked for about this case, oldest first; until the unit ends nobody else asks for more."""
    lock_and_find(unit.connection, locks_of("public_messages", [case]), ())
    query = select(public_messages).where(public_messages.c.case == case).order_by(public_messages.c.id)
    return [_opened(row, unit.keys.rest) for row in unit.connection.execute(query)]


def came_back_at(unit: Unit, message: PublicMessage) -> dt.datetime | None:
    """When a message about the same case to the same number or address last came back; None if none did.

    Over whichever channel: two of them end in the same mailbox.
    """
    query = select(public_messages).where(
        public_messages.c.case == message.case, public_messages.c.state == "returned"
    )
    rows = [
        row
        for row in unit.connection.execute(query)
        if is_same_contact(_opened(row, unit.keys.rest).address, message.address)
    ]
    return max((row.ended_at for row in rows), default=None)


def list_messages(connection: Connection, case: str) -> list[dict[str, Any]]:
    """The messages about a case as its team sees them: never whom they went to."""
    query = select(public_messages).where(public_messages.c.case == case)
    columns = ("id", "case", "channel", "state", "asked_by", "made_at", "ended_at", "why")
    return [
        {name: row._mapping[name] for name in columns}  # noqa: SLF001 - SQLAlchemy's public name
        for row in connection.execute(query.order_by(public_messages.c.id))
    ]


def _opened(row: Row[Any], keys: KeyRing) -> PublicMessage:
    inside = msgspec.json.decode(keys.open(row.sealed, _place(row.id)), type=_Sealed)
    return PublicMessage(
        id=row.id,
        case=row.case,
        channel=row.channel,
        asked_by=row.asked_by,
        made_at=row.made_at,
        state=row.state,
        **msgspec.structs.asdict(inside),
    )


def _place(message_id: UUID) -> str:
    return f"notify/public/{message_id}"


SEALED = (SealedColumn(public_messages.c.sealed, lambda row: _place(row.id)),)
