"""What each referral brings, and what each case is still lacking."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """What was routed before lacks nothing."""
    op.add_column("cases", sa.Column("lacks", sa.JSON))
    op.add_column("referrals", sa.Column("brings", sa.JSON))
