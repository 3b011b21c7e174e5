"""It is known whose sessions ended before their time."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nobody's have ended yet."""
    op.create_table(
        "ended_sessions",
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("ended_at", Instant, nullable=False),
    )
