"""One row a task with SQLAlchemy, as a worker of a task queue would insert it."""

from __future__ import annotations

import os
import uuid

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Uuid, create_engine, func, insert

metadata = MetaData()
rows = Table(
    "rows",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("body", LargeBinary),
    Column("at", DateTime(timezone=True), server_default=func.clock_timestamp()),
)

_engine = create_engine(os.environ.get("PEER_DATABASE_URL", "sqlite://"), pool_size=16)


def keep(message_id: str, body: str) -> None:
    """Insert one message."""
    with _engine.begin() as connection:
        connection.execute(insert(rows), {"id": uuid.UUID(message_id), "body": body.encode()})
