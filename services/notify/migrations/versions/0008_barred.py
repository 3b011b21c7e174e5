"""Whoever knows somebody in a case is not told of it."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nobody is barred until triage says so."""
    op.create_table(
        "barred",
        sa.Column("case", sa.String(16), primary_key=True),
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("barred_at", Instant, nullable=False),
    )
    op.create_index("barred_by_email", "barred", ["email"])
