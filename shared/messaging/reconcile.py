"""Finds what was said and never heard, and says it again: the outbox is the truth, not the broker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from shared.messaging.topology import QUEUES, leads_to

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from shared.database import Database
    from shared.messaging.tables import MessagingTables

_PAGE = 500


@dataclass(frozen=True)
class Books:
    """One service's outbox and inbox, and the database they are in."""

    database: Database
    tables: MessagingTables


def hearers_of(routing_key: str) -> set[str]:
    """The services whose queues a message with this key goes to."""
    return {q.hearer for q in QUEUES if any(leads_to(key, routing_key) for key in q.bindings)}


def reconcile(books: Mapping[str, Books]) -> dict[str, int]:
    """Mark as unsent whatever a hearer has not heard; how many messages of each service will be said again.

    Asks each database by itself, in pages along the primary key. A message that is on its way may be said
    twice by this; the inbox makes that once.
    """
    return {name: _say_missing_again(name, books) for name in books}


def _say_missing_again(name: str, books: Mapping[str, Books]) -> int:
    own = books[name]
    outbox = own.tables.outbox
    again, last = 0, None
    while True:
        page = select(outbox.c.id, outbox.c.routing_key).where(outbox.c.sent_at.is_not(None))
        if last is not None:
            page = page.where(outbox.c.id > last)
        with own.database.reading() as connection:
            rows = connection.execute(page.order_by(outbox.c.id).limit(_PAGE)).all()
        if not rows:
            return again
        last = rows[-1].id
        for_hearer: dict[str, set[UUID]] = {}
        for message_id, routing_key in rows:
            for hearer in hearers_of(routing_key):
                for_hearer.setdefault(hearer, set()).add(message_id)
        missing: set[UUID] = set()
        for hearer, ids in for_hearer.items():
            if hearer in books:
                missing |= ids - _heard(hearer, books[hearer], ids)
        if missing:
            with own.database.transaction() as connection:
                connection.execute(update(outbox).where(outbox.c.id.in_(missing)).values(sent_at=None))
            own.database.announce()
            again += len(missing)


def _heard(hearer: str, books: Books, ids: set[UUID]) -> set[UUID]:
    inbox = books.tables.inbox
    with books.database.reading() as connection:
        return set(
            connection.execute(
                select(inbox.c.message_id).where(inbox.c.consumer == hearer, inbox.c.message_id.in_(ids))
            ).scalars()
        )
