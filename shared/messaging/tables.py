"""The three tables that every service keeps for its messages: outbox, inbox and held."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Uuid

from shared.database import SAID, Instant

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


@dataclass(frozen=True)
class MessagingTables:
    """One service's tables for what it said, what it heard, and what it could not handle yet."""

    outbox: Table
    inbox: Table
    held: Table


def messaging_tables(metadata: MetaData) -> MessagingTables:
    """Add the three tables to a service's own."""
    outbox = Table(
        "outbox",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("lane", Integer, nullable=False),
        Column("type", String(60), nullable=False),
        Column("routing_key", String(200), nullable=False),
        Column("said_at", Instant, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("sent_at", Instant),
    )
    # Only what is still to be sent is in this index, the most pressing lane first.
    Index(
        "outbox_unsent",
        outbox.c.lane,
        outbox.c.id,
        sqlite_where=outbox.c.sent_at.is_(None),
        postgresql_where=outbox.c.sent_at.is_(None),
    )
    inbox = Table(
        "inbox",
        metadata,
        Column("consumer", String(40), primary_key=True),
        Column("message_id", Uuid, primary_key=True),
        Column("heard_at", Instant, nullable=False),
    )
    held = Table(
        "held",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("consumer", String(40), nullable=False),
        Column("queue", String(100), nullable=False),
        Column("message_id", Uuid),
        Column("type", String(60), nullable=False),
        Column("subject", String(60), nullable=False),
        Column("reason", String(60), nullable=False),
        Column("detail", String(300), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("held_at", Instant, nullable=False),
        # With a time the hub tries again by itself; without one the message is parked, for a person.
        Column("retry_at", Instant),
    )
    Index("held_due", held.c.consumer, held.c.retry_at)
    Index("held_fingerprint", held.c.fingerprint)
    return MessagingTables(outbox, inbox, held)


def fingerprint(body: bytes) -> bytes:
    """By what a held message is known again, whether anybody can read it or not."""
    return hashlib.sha256(body).digest()


def create_messaging_tables(connection: Connection) -> None:
    """The migration that makes these tables, the same first step in every service."""
    from sqlalchemy import MetaData  # noqa: PLC0415 - only a migration needs it

    metadata = MetaData()
    messaging_tables(metadata)
    metadata.create_all(connection)
    if connection.dialect.name == "postgresql":
        # A trigger costs no round trip of its own, and no writer can forget it.
        connection.exec_driver_sql(
            f"CREATE FUNCTION {SAID}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN PERFORM pg_notify('{SAID}', ''); RETURN NULL; END $$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {SAID} AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION {SAID}()"
        )
