"""Agencies' keys, referrals and their older versions, and the messaging tables."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant
from shared.messaging.tables import create_messaging_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    create_messaging_tables(op.get_bind())
    op.create_table(
        "agency_keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("revoked_at", Instant),
    )
    op.create_table(
        "referrals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("reference", sa.String(16), nullable=False, unique=True),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("source_record_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("agency", "source_record_id", name="one_row_for_each_record"),
    )
    op.create_index("referrals_updated", "referrals", ["agency", "updated_at"])
    op.create_table(
        "referral_versions",
        sa.Column("referral_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
