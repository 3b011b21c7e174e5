"""What could not be handled, for a person to look at: list it, show it, try it again, or drop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Table, delete, func, select, update

from shared.contracts.envelope import read_envelope
from shared.problems import Problem
from shared.resealing import SealedColumn
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from shared.messaging.reconcile import Books
    from shared.messaging.tables import MessagingTables
    from shared.sealing import Keys


@dataclass(frozen=True)
class Parked:
    """A held message as ops may see it: ids, types, times and the reason, never its content."""

    id: UUID
    consumer: str
    queue: str
    type: str
    subject: str
    reason: str
    detail: str
    attempts: int
    held_at: dt.datetime
    retry_at: dt.datetime | None
    size: int


def list_parked(
    books: Books, *, waiting_too: bool = False, after: UUID | None = None, limit: int = 100
) -> list[Parked]:
    """Parked messages, oldest first; with `waiting_too` also those that will be tried again by themselves.

    `after` is the id of the last one of the page before.
    """
    held = books.tables.held
    query = _whole(held).order_by(held.c.id).limit(limit)
    if not waiting_too:
        query = query.where(held.c.retry_at.is_(None))
    if after is not None:
        query = query.where(held.c.id > after)
    with books.database.reading() as connection:
        return [Parked(*row) for row in connection.execute(query)]


def find_parked(books: Books, parked_id: UUID) -> Parked | None:
    """The message that is held under this id, parked or to be tried again."""
    held = books.tables.held
    with books.database.reading() as connection:
        row = connection.execute(_whole(held).where(held.c.id == parked_id)).one_or_none()
    return Parked(*row) if row is not None else None


def _whole(held: Table) -> Select[Any]:
    return select(
        held.c.id, held.c.consumer, held.c.queue, held.c.type, held.c.subject, held.c.reason, held.c.detail,
        held.c.attempts, held.c.held_at, held.c.retry_at, func.length(held.c.body),
    )  # fmt: skip


def count_held(books: Books) -> tuple[int, int]:
    """How many messages are parked, and how many wait to be tried again."""
    held = books.tables.held
    with books.database.reading() as connection:
        every = connection.execute(select(func.count()).select_from(held)).scalar_one()
        parked = connection.execute(
            select(func.count()).select_from(held).where(held.c.retry_at.is_(None))
        ).scalar_one()
    return parked, every - parked


def replay_parked(books: Books, parked_id: UUID, now: dt.datetime) -> bool:
    """Have the service try this message again at once; False if there is none of that id."""
    held = books.tables.held
    with books.database.transaction() as connection:
        result = connection.execute(update(held).where(held.c.id == parked_id).values(retry_at=now))
    return result.rowcount == 1


def drop_parked(books: Books, parked_id: UUID, keys: Keys, now: dt.datetime) -> bool:
    """Throw this message away for good; False if there is none of that id.

    One that nobody could read is noted as heard, as far as it says which it is: else whoever reconciles would
    find that it never came, and have it said again.
    """
    held, inbox = books.tables.held, books.tables.inbox
    with books.database.transaction() as connection:
        row = connection.execute(select(held).where(held.c.id == parked_id).with_for_update()).one_or_none()
        if row is None:
            return False
        connection.execute(delete(held).where(held.c.id == parked_id))
        try:
            message_id = read_envelope(keys.rest.open(row.body, held_place(row.id))).id
        except Problem:  # nobody can say which it is
            return True
        noted = {"consumer": row.consumer, "message_id": message_id, "heard_at": now}
        insert_unless_known(connection, inbox, [noted], inbox.c.message_id)
    return True


def held_place(held_id: UUID) -> str:
    """What the body of a held message is sealed for."""
    return f"held/{held_id}"


def sealed_messages(tables: MessagingTables) -> SealedColumn:
    """Where held messages are kept sealed, for when keys rotate."""
    return SealedColumn(tables.held.c.body, lambda row: held_place(row.id))
