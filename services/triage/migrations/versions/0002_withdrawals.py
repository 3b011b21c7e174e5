"""Referrals that their agencies have taken back."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table, and to each case since when nothing of it stands."""
    op.add_column("cases", sa.Column("withdrawn_at", Instant))
    op.create_table(
        "withdrawals",
        sa.Column("reference", sa.String(16), primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("withdrawals_of_case", "withdrawals", ["case_id"])
