"""Changes of status, why a referral stands where it stands, and first answers kept for repeated requests."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what agencies are told of later, and what they are told again."""
    op.create_table(
        "status_changes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("referral_id", sa.Uuid, nullable=False),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("source_record_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("pushed_at", Instant),
    )
    op.create_index(
        "status_changes_unpushed",
        "status_changes",
        ["id"],
        sqlite_where=sa.text("pushed_at IS NULL"),
        postgresql_where=sa.text("pushed_at IS NULL"),
    )
    op.create_index("status_changes_of_referral", "status_changes", ["referral_id", "id"])
    op.create_table(
        "first_answers",
        sa.Column("agency", sa.String(64), primary_key=True),
        sa.Column("key_hash", sa.LargeBinary, primary_key=True),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("claimed_at", Instant, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("location", sa.String(200)),
        sa.Column("sealed", sa.LargeBinary),
    )
    op.create_index("first_answers_age", "first_answers", ["claimed_at"])
    op.create_table(
        "withdrawals",
        sa.Column("referral_id", sa.Uuid, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
