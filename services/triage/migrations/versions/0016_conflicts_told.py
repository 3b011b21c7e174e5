"""Who knows somebody in a case is said to whoever tells of cases, also where it was known before."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Nobody knows which of those that are there were said: each case is said once more."""
    op.add_column("case_conflicts", sa.Column("told_at", Instant))
    untold = sa.text("told_at IS NULL")
    op.create_index(
        "case_conflicts_untold", "case_conflicts", ["case_id"], sqlite_where=untold, postgresql_where=untold
    )
