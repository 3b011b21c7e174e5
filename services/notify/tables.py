"""Notify's own tables: staff who sign in, alerts, and their deliveries."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.database import Instant
from shared.messaging.tables import messaging_tables

metadata = MetaData()
messaging = messaging_tables(metadata)

staff = Table(
    "staff",
    metadata,
    Column("email", String(254), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("team", String(64), nullable=False),
    # Whom a practitioner refers for; empty for everybody else.
    Column("agency", String(64), nullable=False, server_default=text("''")),
    Column("password_hash", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("team", String(64), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", String(254)),
    # However often the news arrives, a case has one opening alert.
    UniqueConstraint("case", "kind", name="one_alert_of_a_kind"),
)
Index("alerts_of_team", alerts.c.team, alerts.c.state, alerts.c.id)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("alert_id", Uuid, nullable=False),
    Column("case", String(16), nullable=False),
    Column("kind", String(16), nullable=False, server_default="opening"),
    Column("channel", String(16), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("trouble", String(100)),
)
# Only what is still to be sent has a due time, so this index stays small.
Index(
    "deliveries_due",
    deliveries.c.due_at,
    sqlite_where=deliveries.c.due_at.is_not(None),
    postgresql_where=deliveries.c.due_at.is_not(None),
)
Index("deliveries_of_alert", deliveries.c.alert_id)
