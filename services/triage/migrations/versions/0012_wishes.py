"""Needs are of a person, who may be in other cases too, and what they wish for is kept with them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Assessments from before are of a side, and of nobody in particular where more than one is on it."""
    op.add_column("assessments", sa.Column("wishes", sa.LargeBinary))
    op.add_column("assessments", sa.Column("referral", sa.String(16)))
    op.add_column("assessments", sa.Column("party", sa.Integer))
