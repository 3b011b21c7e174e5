"""A delivery knows which kind of alert it carries."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """What was there before were opening alerts."""
    op.add_column("deliveries", sa.Column("kind", sa.String(16), nullable=False, server_default="opening"))
