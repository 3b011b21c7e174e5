"""Finds what was said and never heard, and says it again: the outbox is the truth, not the broker."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, update

from shared.messaging.tables import fingerprint
from shared.messaging.topology import QUEUES, Queue, leads_to

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Row

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
    return {queue.hearer for queue in _queues_to(routing_key)}


@cache
def _queues_to(routing_key: str) -> tuple[Queue, ...]:
    # A hub has a few dozen routing keys, and an outbox a great many messages.
    return tuple(queue for queue in QUEUES if any(leads_to(key, routing_key) for key in queue.bindings))


def reconcile(books: Mapping[str, Books]) -> dict[str, int]:
    """Mark as unsent whatever a hearer has not heard; how many messages of each service will be said again.

    A message that is on its way may be said twice by this; the inbox makes that once.
    """
    return {name: _say_missing_again(name, books) for name in books}


def _say_missing_again(name: str, books: Mapping[str, Books]) -> int:
    own = books[name]
    outbox = own.tables.outbox
    again = 0
    for unheard in _unheard(name, books):
        missing = {message_id for message_id, _ in unheard}
        with own.database.transaction() as connection:
            connection.execute(update(outbox).where(outbox.c.id.in_(missing)).values(sent_at=None))
        own.database.announce()
        again += len(missing)
    return again


def say_again_to(queue: Queue, own: Books) -> int:
    """Mark as unsent all that led to a queue whose hearer keeps no inbox of ours; how many messages.

    For the system of a team that lost its queue: it knows by the ids what it has done, as every hearer does.
    """
    outbox = own.tables.outbox
    with own.database.transaction() as connection:
        said = connection.execute(select(outbox.c.routing_key).distinct()).scalars()
        keys = [said_by for said_by in said if any(leads_to(key, said_by) for key in queue.bindings)]
        sent = outbox.c.sent_at.is_not(None) & outbox.c.routing_key.in_(keys)
        again = connection.execute(update(outbox).where(sent).values(sent_at=None)).rowcount
    own.database.announce()
    return again


def count_unheard(books: Mapping[str, Books]) -> Counter[str]:
    """How many messages have left for each queue of these services and were not heard yet.

    Whoever cannot look into the broker, because it lives in another process, sees so what waits in it.
    """
    found: Counter[str] = Counter()
    for name in books:
        for unheard in _unheard(name, books):
            for (_, hearer), routing_key in unheard.items():
                found.update(queue.name for queue in _queues_to(routing_key) if queue.hearer == hearer)
    return found


def _unheard(name: str, books: Mapping[str, Books]) -> Iterator[dict[tuple[UUID, str], str]]:
    """What this service sent and a hearer has not heard: pages of message and hearer, with the routing key.

    Asks each database by itself, along the primary keys.
    """
    own = books[name]
    for rows in _pages(own, own.tables.outbox.c.sent_at.is_not(None)):
        for_hearer: dict[str, dict[UUID, str]] = {}
        for message_id, routing_key in rows:
            for hearer in hearers_of(routing_key):
                for_hearer.setdefault(hearer, {})[message_id] = routing_key
        unheard = {
            (message_id, hearer): sent[message_id]
            for hearer, sent in for_hearer.items()
            if hearer in books
            for message_id in _missing(own, hearer, books[hearer], sent)
        }
        if unheard:
            yield unheard


def find_said(mark: bytes, hearer: str, books: Mapping[str, Books]) -> UUID | None:
    """Which message that a hearer has not heard has this fingerprint; None where nobody said one like it."""
    for own in books.values():
        outbox = own.tables.outbox
        for rows in _pages(own):
            unheard = {row.id for row in rows if hearer in hearers_of(row.routing_key)}
            unheard -= _heard(hearer, books[hearer], unheard)
            with own.database.reading() as connection:
                for message_id, body in connection.execute(
                    select(outbox.c.id, outbox.c.body).where(outbox.c.id.in_(unheard))
                ):
                    if fingerprint(body) == mark:
                        found: UUID = message_id
                        return found
    return None


def _pages(own: Books, *which: ColumnElement[bool]) -> Iterator[Sequence[Row[Any, Any]]]:
    """Ids and routing keys of what a service said, along the primary key."""
    outbox = own.tables.outbox
    page = select(outbox.c.id, outbox.c.routing_key).where(*which).order_by(outbox.c.id).limit(_PAGE)
    rest = page
    while True:
        with own.database.reading() as connection:
            rows = connection.execute(rest).all()
        if not rows:
            return
        yield rows
        rest = page.where(outbox.c.id > rows[-1].id)


def _missing(own: Books, hearer: str, books: Books, sent: Collection[UUID]) -> set[UUID]:
    """Which of these did not come to a hearer: they are neither in its inbox nor parked unread."""
    missing = set(sent) - _heard(hearer, books, sent)
    if not missing:
        return missing
    outbox, held = own.tables.outbox, books.tables.held
    with own.database.reading() as connection:
        bodies = connection.execute(select(outbox.c.id, outbox.c.body).where(outbox.c.id.in_(missing)))
        by_fingerprint = {fingerprint(body): message_id for message_id, body in bodies}
    with books.database.reading() as connection:
        parked = connection.execute(
            select(held.c.fingerprint).where(
                held.c.consumer == hearer, held.c.fingerprint.in_(by_fingerprint)
            )
        ).scalars()
        return missing - {by_fingerprint[known] for known in parked}


def _heard(hearer: str, books: Books, ids: Collection[UUID]) -> set[UUID]:
    inbox = books.tables.inbox
    with books.database.reading() as connection:
        return set(
            connection.execute(
                select(inbox.c.message_id).where(inbox.c.consumer == hearer, inbox.c.message_id.in_(ids))
            ).scalars()
        )
