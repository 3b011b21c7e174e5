"""The bare batch loop: kombu, fifty messages, one statement for inbox and rows, one acknowledgement.

It decodes nothing, opens no seal and decides nothing; each message becomes one row.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import psycopg
from kombu import connection, entity, messaging
from sqlalchemy import make_url

from benchmarks.measuring import Slice

# kombu has types for its names but not for its calls.
_connect: Any = connection.Connection
_Consumer: Any = messaging.Consumer
_Queue: Any = entity.Queue

_BATCH = 50
_PREFETCH = 300
_TABLES = """
    CREATE TABLE inbox (
        consumer text, message_id uuid, heard_at timestamptz, PRIMARY KEY (consumer, message_id)
    );
    CREATE TABLE rows (id uuid PRIMARY KEY, body bytea, at timestamptz DEFAULT clock_timestamp())
"""
_TAKE = """
    WITH given AS (SELECT * FROM unnest(%b::uuid[], %b::bytea[]) AS given (id, body)),
         fresh AS (
             INSERT INTO inbox SELECT 'raw', id, now() FROM given ON CONFLICT DO NOTHING RETURNING message_id
         )
    INSERT INTO rows (id, body) SELECT id, body FROM given JOIN fresh ON message_id = id
"""


def consume(broker_url: str, database_url: str, queue: str, count: int) -> Slice:
    """Take so many messages from the queue into the database."""
    conninfo = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    waiting: list[Any] = []
    with psycopg.connect(conninfo, autocommit=True) as database, _connect(broker_url) as broker:
        database.execute(_TABLES)
        channel = broker.channel()
        consumer = _Consumer(
            channel,
            [_Queue(queue, no_declare=True, channel=channel)],
            on_message=waiting.append,
            auto_declare=False,
        )
        consumer.qos(prefetch_count=_PREFETCH)
        began, done = time.perf_counter(), 0
        consumer.consume()
        while done < count:
            while len(waiting) < min(_BATCH, count - done):
                broker.drain_events(timeout=10)
            batch, waiting[:] = waiting[:_BATCH], waiting[_BATCH:]
            ids = [UUID(message.properties["message_id"]) for message in batch]
            database.execute(_TAKE, [ids, [message.body for message in batch]])
            batch[-1].ack(multiple=True)
            done += len(batch)
        return Slice(done, time.perf_counter() - began)
