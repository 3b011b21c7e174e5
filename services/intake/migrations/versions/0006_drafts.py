"""Drafts of practitioners who signed in."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table of drafts."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner", sa.LargeBinary, nullable=False),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("sent_at", Instant),
        sa.Column("reference", sa.String(16)),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("drafts_of_owner", "drafts", ["owner", "agency"])
    op.create_index(
        "drafts_to_forget",
        "drafts",
        ["changed_at"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
