"""The table of the keys by which assessment points ask whether somebody is known."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from services.triage.tables import metadata
from shared.database import Instant

# As intake told; the hash alone.
agency_keys = Table(
    "agency_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("agency", String(64), nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("revoked_at", Instant),
)
