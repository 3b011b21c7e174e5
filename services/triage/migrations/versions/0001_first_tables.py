"""People, cases, referrals, reviews and history, and the messaging tables."""

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
        "people",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("known_since", Instant, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("reference", sa.String(16), nullable=False, unique=True),
        sa.Column("strand", sa.String(16), nullable=False),
        sa.Column("event_type", sa.String(32), nullable=False),
        sa.Column("area", sa.String(9)),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("why_there", sa.JSON, nullable=False),
        sa.Column("opened_at", Instant, nullable=False),
    )
    op.create_table(
        "case_keys",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("event_type", sa.String(32), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
    )
    op.create_table(
        "referrals",
        sa.Column("reference", sa.String(16), primary_key=True),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("source_record_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("people", sa.JSON, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("heard_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
    )
    op.create_index("referrals_of_case", "referrals", ["case_id"])
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("other_case_id", sa.Uuid, nullable=False),
        sa.Column("referral", sa.String(16), nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("decided_at", Instant),
    )
    op.create_index("reviews_of_cases", "reviews", ["case_id", "other_case_id"], unique=True)
    op.create_table(
        "case_history",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
