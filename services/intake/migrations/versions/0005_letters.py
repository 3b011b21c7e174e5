"""Letters that came by mail, and what their senders are answered."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "letters",
        sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False, unique=True),
        sa.Column("reference", sa.String(16), nullable=False, unique=True),
        sa.Column("agency", sa.String(64)),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("referrals", sa.Integer, nullable=False),
        sa.Column("came_at", Instant, nullable=False),
        sa.Column("seen_at", Instant),
        sa.Column("seen_by", sa.String(254)),
        sa.Column("sealed", sa.LargeBinary),
    )
    op.create_index("letters_by_time", "letters", ["came_at"])
    op.create_table(
        "letter_answers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("letter_id", sa.Uuid, nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sent_at", Instant),
        sa.Column("trouble", sa.String(100)),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
    )
    op.create_index(
        "letter_answers_due",
        "letter_answers",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
