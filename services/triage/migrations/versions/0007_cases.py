"""Needs assessments, cross-referrals, and who works with which case."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("side", sa.String(12), nullable=False),
        sa.Column("point", sa.String(64), nullable=False),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("who", sa.String(254), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cross_referrals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("from_team", sa.String(64), nullable=False),
        sa.Column("to_team", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("offered_at", Instant, nullable=False),
        sa.Column("offered_by", sa.String(254), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("answered_at", Instant),
        sa.Column("answered_by", sa.String(254)),
        sa.Column("reason", sa.String(40)),
    )
    op.create_index("assessments_of_case", "assessments", ["case_id"])
    op.create_index("cross_referrals_of_case", "cross_referrals", ["case_id"])
    op.create_index("cross_referrals_to_team", "cross_referrals", ["to_team", "state"])
    op.create_table(
        "case_facilitators",
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("case_id", sa.Uuid, primary_key=True),
    )
