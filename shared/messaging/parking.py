"""What could not be handled, for a person to look at: list it, show it, try it again, or drop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Table, delete, func, select, update

from shared.messaging.reconcile import find_said
from shared.resealing import SealedColumn
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from uuid import UUID

    from shared.messaging.reconcile import Books
    from shared.messaging.tables import MessagingTables


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


def drop_parked(name: str, parked_id: UUID, books: Mapping[str, Books], now: dt.datetime) -> bool:
    """Throw this message of a service away for good; False if there is none of that id.

    One that nobody could read is noted as heard, if a service of ours said it: else whoever reconciles would
    find that it never came, and have it said again. Its fingerprint tells which it is, and no key is needed.
    """
    own = books[name]
    held, inbox = own.tables.held, own.tables.inbox
    with own.database.reading() as connection:
        unread = connection.execute(
            select(held.c.consumer, held.c.fingerprint).where(
                held.c.id == parked_id, held.c.message_id.is_(None)
            )
        ).one_or_none()
    said = find_said(unread.fingerprint, unread.consumer, books) if unread is not None else None
    with own.database.transaction() as connection:
        dropped = connection.execute(delete(held).where(held.c.id == parked_id)).rowcount == 1
        if dropped and unread is not None and said is not None:
            noted = {"consumer": unread.consumer, "message_id": said, "heard_at": now}
            insert_unless_known(connection, inbox, [noted], inbox.c.message_id)
    return dropped


def held_place(held_id: UUID) -> str:
    """What the body of a held message is sealed for."""
    return f"held/{held_id}"


def sealed_messages(tables: MessagingTables) -> SealedColumn:
    """Where held messages are kept sealed, for when keys rotate."""
    return SealedColumn(tables.held.c.body, lambda row: held_place(row.id))
