"""The table of a case's history, and of where each history ends."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, LargeBinary, String, Table, Uuid

from services.triage.tables import metadata
from shared.database import Instant

# Lines are added and never changed: the database itself refuses that (migration 0005).
case_history = Table(
    "case_history",
    metadata,
    # Read by case, in the order in which it was written: one index serves both, and no place is taken twice.
    Column("case_id", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", String(40), nullable=False),
    Column("who", String(80), nullable=False),
    Column("detail", JSON, nullable=False),
    # Over the line and the seal before it; none in lines from before there were seals.
    Column("seal", LargeBinary),
)

history_heads = Table(
    "history_heads",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("length", Integer, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)
