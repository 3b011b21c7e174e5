"""The tables of pushing: endpoints and their secrets, deliveries and the attempts at them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Uuid

from services.intake.tables import metadata, status_changes
from shared.database import Instant

# An agency has one endpoint; `put_at` tells it from what stood there before.
webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("agency", String(64), primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("put_at", Instant, nullable=False),
    Column("state", String(8), nullable=False),
    Column("reason", String(8)),
    Column("disabled_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("rests_until", Instant),
    Column("last_delivered_at", Instant),
)

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("sealed", LargeBinary, nullable=False),
)
Index("webhook_secrets_of_agency", webhook_secrets.c.agency)

# One for each event, under the event's own id: that of the change of status, which is sent as webhook-id.
# What is told in it is read from the change when it is sent. `referral_id` is what the order is kept by; a
# test has its own id there. Of all that waits for a referral only the oldest has a `due_at`; `claimed_until`
# is there while a delivery is in hand.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", String(64), nullable=False),
    Column("referral_id", Uuid, nullable=False),
    Column("type", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("claimed_until", Instant),
    Column("delivered_at", Instant),
    Column("tries", Integer, nullable=False),
)
Index("webhook_deliveries_of_agency", webhook_deliveries.c.agency, webhook_deliveries.c.id)
Index("webhook_deliveries_of_referral", webhook_deliveries.c.referral_id, webhook_deliveries.c.id)
Index(
    "webhook_deliveries_in_hand",
    webhook_deliveries.c.agency,
    sqlite_where=webhook_deliveries.c.claimed_until.is_not(None),
    postgresql_where=webhook_deliveries.c.claimed_until.is_not(None),
)
Index(
    "webhook_deliveries_due",
    webhook_deliveries.c.agency,
    webhook_deliveries.c.due_at,
    webhook_deliveries.c.id,
    sqlite_where=webhook_deliveries.c.due_at.is_not(None),
    postgresql_where=webhook_deliveries.c.due_at.is_not(None),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("delivery_id", Uuid, nullable=False),
    Column("agency", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", Integer),
    Column("trouble", String(20)),
    Column("ms", Integer, nullable=False),
)
Index("webhook_attempts_of_delivery", webhook_attempts.c.delivery_id, webhook_attempts.c.id)

# What an agency asks to have sent again.
Index("status_changes_of_agency", status_changes.c.agency, status_changes.c.at)
