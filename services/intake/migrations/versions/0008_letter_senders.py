"""Letters know by a keyed hash who sent them, so that nobody is answered without end."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("letters", sa.Column("sender", sa.LargeBinary))
    op.create_index("letters_by_sender", "letters", ["sender", "came_at"])
