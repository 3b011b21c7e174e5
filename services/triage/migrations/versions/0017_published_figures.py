"""The figures of a quarter that is over are kept as they were published, and counted by the day."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """The quarters that are over by now are counted once more, as things stand, and that is published."""
    op.create_table(
        "published_figures",
        sa.Column("quarter", sa.String(6), primary_key=True),
        sa.Column("published_at", Instant, nullable=False),
        sa.Column("fewest", sa.Integer, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
    )
    op.create_index("cases_by_day", "cases", ["opened_at", "merged_into"])
    op.create_index("referrals_by_day", "referrals", ["heard_at"])
    closed = sa.text("state = 'closed'")
    op.create_index("lives_closed_by_day", "lives", ["since"], sqlite_where=closed, postgresql_where=closed)
