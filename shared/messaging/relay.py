"""Carries a service's outbox to the exchange, and marks as sent only what the broker confirmed."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from shared.identity import oldest_id_at
from shared.messaging.carrier import Outgoing
from shared.rows import update_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database
    from shared.messaging.carrier import Broker, Publisher
    from shared.messaging.tables import MessagingTables

log = logging.getLogger(__name__)

BATCH = 1000
_SWEEP_EVERY = dt.timedelta(minutes=10)
# What nobody is bound to take stays unsent; it is offered again after a while, when a queue may be there.
_UNROUTABLE_PAUSE = dt.timedelta(seconds=5)


class Relay:
    """Moves messages from one service's outbox to the broker, most pressing lane first."""

    def __init__(
        self,
        database: Database,
        tables: MessagingTables,
        broker: Broker,
        *,
        hearer: str,
        keep_sent: dt.timedelta,
        keep_heard: dt.timedelta,
    ) -> None:
        """Prepare to relay; the publisher is made by the first step."""
        self._database = database
        self._outbox, self._inbox = tables.outbox, tables.inbox
        self._broker = broker
        self._hearer = hearer
        self._publisher: Publisher | None = None
        self._keep_sent, self._keep_heard = keep_sent, keep_heard
        self._swept: dt.datetime | None = None
        self._unroutable_until: dict[str, dt.datetime] = {}
        outbox = tables.outbox
        self._find_unsent = (
            select(outbox.c.id, outbox.c.type, outbox.c.routing_key, outbox.c.body)
            .where(
                outbox.c.sent_at.is_(None), outbox.c.routing_key.not_in(bindparam("waiting", expanding=True))
            )
            .order_by(outbox.c.lane, outbox.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )

    def step(self, now: dt.datetime) -> int:
        """Send one batch; the number of messages that the broker has taken.

        On PostgreSQL the rows stay locked until they are marked, so any number of relays share the work. An
        SQLite file has one relay, which must not keep writers out while it publishes.
        """
        if self._database.is_file:
            with self._database.reading() as connection:
                batch = self._unsent(connection, now)
            sent = self._publish(batch, now)
            if sent:
                with self._database.transaction() as connection:
                    self._mark(connection, sent, now)
        else:
            with self._database.transaction() as connection:
                batch = self._unsent(connection, now)
                sent = self._publish(batch, now)
                self._mark(connection, sent, now)
        self._sweep(now)
        return len(sent)

    def _unsent(self, connection: Connection, now: dt.datetime) -> list[Outgoing]:
        # By a clock that was put back a pause is over as well.
        waiting = [
            key for key, until in self._unroutable_until.items() if now < until <= now + _UNROUTABLE_PAUSE
        ]
        rows = connection.execute(self._find_unsent, {"waiting": waiting}).all()
        return [Outgoing(*row) for row in rows]

    def _publish(self, batch: list[Outgoing], now: dt.datetime) -> list[Outgoing]:
        if not batch:
            return []
        if self._publisher is None:
            self._publisher = self._broker.publisher()
        result = self._publisher.publish(batch)
        for outgoing in batch:
            if outgoing.id in result.unroutable:
                self._unroutable_until[outgoing.routing_key] = now + _UNROUTABLE_PAUSE
                log.error(
                    "unroutable: no queue takes this message; run `hub prepare`, then look at `hub doctor`",
                    extra={"type": outgoing.type, "message_id": str(outgoing.id)},
                )
        return [outgoing for outgoing in batch if outgoing.id in result.confirmed]

    def _mark(self, connection: Connection, sent: list[Outgoing], now: dt.datetime) -> None:
        if not sent:
            return
        marks = [{"key_id": outgoing.id, "new_sent_at": now} for outgoing in sent]
        update_rows(connection, self._outbox, ("id",), ("sent_at",), marks)

    def _sweep(self, now: dt.datetime) -> None:
        if self._swept is not None and abs(now - self._swept) < _SWEEP_EVERY:
            return
        self._swept = now
        # Ids are made in the order of time, so the primary keys find what is old.
        sent_long_ago = delete(self._outbox).where(
            self._outbox.c.id < oldest_id_at(now - self._keep_sent), self._outbox.c.sent_at.is_not(None)
        )
        heard_long_ago = delete(self._inbox).where(
            self._inbox.c.consumer == self._hearer,
            self._inbox.c.message_id < oldest_id_at(now - self._keep_heard),
        )
        with self._database.transaction() as connection:
            connection.execute(sent_long_ago)
            connection.execute(heard_long_ago)

    def wait(self, seconds: float) -> None:
        """Wait until something may have been said."""
        self._database.wait_for_said(seconds)

    def lost(self) -> None:
        """The broker went away: throw the publisher away, the next step makes another."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            publisher.close()

    close = lost
