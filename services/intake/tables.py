"""Intake's own tables: who may refer, and what was referred."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from shared.database import Instant
from shared.messaging.tables import messaging_tables
from shared.sessions import ended_sessions_table

metadata = MetaData()
messaging = messaging_tables(metadata)
ended_sessions = ended_sessions_table(metadata)

agency_keys = Table(
    "agency_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("agency", String(64), nullable=False),
    # High-entropy keys need no slow hash: SHA-256 of 256 random bits cannot be searched.
    Column("key_hash", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    # When the other services were told how it stands; without one they still have to be.
    Column("told_at", Instant),
)

# The newest version of each record. Older ones move to `referral_versions` when they are amended, so that the
# ordinary referral, which is never amended, costs one row.
referrals = Table(
    "referrals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("agency", String(64), nullable=False),
    Column("source_record_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # What is missing, in codes, while the referral is returned.
    Column("reasons", JSON),
    UniqueConstraint("agency", "source_record_id", name="one_row_for_each_record"),
)
Index("referrals_updated", referrals.c.agency, referrals.c.updated_at)

referral_versions = Table(
    "referral_versions",
    metadata,
    Column("referral_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Each step that a referral takes; `pushed_at` is set when it was handed to the agency's webhook, or when the
# agency has none.
status_changes = Table(
    "status_changes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("referral_id", Uuid, nullable=False),
    Column("agency", String(64), nullable=False),
    Column("reference", String(16), nullable=False),
    Column("source_record_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Column("pushed_at", Instant),
)
Index(
    "status_changes_unpushed",
    status_changes.c.id,
    sqlite_where=status_changes.c.pushed_at.is_(None),
    postgresql_where=status_changes.c.pushed_at.is_(None),
)
Index("status_changes_of_referral", status_changes.c.referral_id, status_changes.c.id)

# What was answered to a request with an Idempotency-Key; without a status it is still being worked on.
first_answers = Table(
    "first_answers",
    metadata,
    Column("agency", String(64), primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("status", Integer),
    Column("location", String(200)),
    Column("sealed", LargeBinary),
)
Index("first_answers_age", first_answers.c.claimed_at)

# Why an agency took a referral back, in its own words.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("referral_id", Uuid, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
