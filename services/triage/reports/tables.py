"""The table of what was published of quarters that are over."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table

from services.triage.tables import metadata
from shared.database import Instant

published_figures = Table(
    "published_figures",
    metadata,
    Column("quarter", String(6), primary_key=True),
    Column("published_at", Instant, nullable=False),
    # Below this nothing was told.
    Column("fewest", Integer, nullable=False),
    # As they are told: nothing that was held back is in them.
    Column("figures", JSON, nullable=False),
)
