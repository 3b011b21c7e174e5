"""It is known whose sessions ended before their time, and of which the other services are to be told."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nobody's have ended yet."""
    op.create_table(
        "ended_sessions",
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("ended_at", Instant, nullable=False),
    )
    op.create_table(
        "untold_ends",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("ended_at", Instant, nullable=False),
    )
