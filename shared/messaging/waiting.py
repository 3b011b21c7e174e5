"""What waits in a service: messages that have not left, that will be tried again, and that need a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from shared.messaging.parking import count_held

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from shared.messaging.reconcile import Books


@dataclass(frozen=True)
class Waiting:
    """How much waits in one service, and since when the oldest message has not left."""

    unsent: int
    oldest_unsent_at: dt.datetime | None
    to_try_again: int
    parked: int


def count_waiting(books: Books) -> Waiting:
    """Count what waits in a service's outbox and among its held messages."""
    outbox = books.tables.outbox
    with books.database.reading() as connection:
        unsent, oldest = connection.execute(
            select(func.count(), func.min(outbox.c.said_at)).where(outbox.c.sent_at.is_(None))
        ).one()
    parked, to_try_again = count_held(books)
    return Waiting(unsent, oldest, to_try_again, parked)


def count_everywhere(books: Mapping[str, Books]) -> dict[str, Waiting | None]:
    """What waits in each service; None for one whose database does not answer."""
    return {name: _counted(own) for name, own in books.items()}


def _counted(books: Books) -> Waiting | None:
    try:
        return count_waiting(books)
    except SQLAlchemyError:
        return None
