"""Since when something is ill stands in its alert, and nowhere else."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nobody read it."""
    op.drop_column("troubles", "since")
