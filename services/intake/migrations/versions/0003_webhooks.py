"""Agencies' webhooks: endpoints and their secrets, deliveries and the attempts at them."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add what changes of status are pushed with."""
    op.create_table(
        "webhook_endpoints",
        sa.Column("agency", sa.String(64), primary_key=True),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("put_at", Instant, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(8)),
        sa.Column("disabled_at", Instant),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", Instant),
        sa.Column("rests_until", Instant),
        sa.Column("last_delivered_at", Instant),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("webhook_secrets_of_agency", "webhook_secrets", ["agency"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("referral_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("claimed_until", Instant),
        sa.Column("delivered_at", Instant),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("webhook_deliveries_of_agency", "webhook_deliveries", ["agency", "id"])
    op.create_index("webhook_deliveries_of_referral", "webhook_deliveries", ["referral_id", "id"])
    op.create_index(
        "webhook_deliveries_in_hand",
        "webhook_deliveries",
        ["agency"],
        sqlite_where=sa.text("claimed_until IS NOT NULL"),
        postgresql_where=sa.text("claimed_until IS NOT NULL"),
    )
    op.create_index(
        "webhook_deliveries_due",
        "webhook_deliveries",
        ["agency", "due_at", "id"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("trouble", sa.String(20)),
        sa.Column("ms", sa.Integer, nullable=False),
    )
    op.create_index("webhook_attempts_of_delivery", "webhook_attempts", ["delivery_id", "id"])
    op.create_index("status_changes_of_agency", "status_changes", ["agency", "at"])
