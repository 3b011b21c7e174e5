"""Why a referral stands where it stands, in codes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing was returned before."""
    op.add_column("referrals", sa.Column("reasons", sa.JSON))
