"""It is kept how a case stood before others came into it."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Of what came before that it is not known; what such a case was is reckoned from its referrals."""
    op.create_table(
        "standings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("standings_of_case", "standings", ["case_id"])
