"""Whose sessions ended before their time, as every service keeps it: who left, or has a new password or role.

A session is a signed statement that any service can check without asking another, and so nobody can take it
back. What each service can know is that what was signed for an account until some instant holds no more.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, String, Table, delete, select, update

from shared.database import Instant
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    from shared.messaging.unit import Unit

LONGEST: Final = dt.timedelta(hours=12)


def ended_sessions_table(metadata: MetaData) -> Table:
    """Add the table to a service's own."""
    return Table(
        "ended_sessions",
        metadata,
        Column("email", String(254), primary_key=True),
        Column("ended_at", Instant, nullable=False),
    )


def end_sessions(unit: Unit, table: Table, email: str, at: dt.datetime) -> None:
    """What was signed for this account until then holds no more; the latest end counts.

    An end that is older than any session can be is forgotten.
    """
    row = {"email": email, "ended_at": at}
    if not insert_unless_known(unit.connection, table, [row], table.c.email):
        earlier = update(table).where(table.c.email == email, table.c.ended_at < at)
        unit.connection.execute(earlier.values(ended_at=at))
    unit.connection.execute(delete(table).where(table.c.ended_at < unit.now - LONGEST))


def has_ended(connection: Connection, table: Table, email: str, signed_at: dt.datetime) -> bool:
    """Whether what was signed for this account then holds no more."""
    ended_at = connection.execute(select(table.c.ended_at).where(table.c.email == email)).scalar()
    return ended_at is not None and signed_at <= ended_at
