"""The tables of the keys by which assessment points ask whether somebody is known, and how often they did."""

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

# When each point may ask as often as it may in a minute again, whichever process answers it.
person_checks = Table(
    "person_checks",
    metadata,
    Column("point", String(64), primary_key=True),
    Column("full_at", Instant, nullable=False),
)
