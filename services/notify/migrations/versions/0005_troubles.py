"""What is ill with the hub is remembered for as long as it lasts."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing is ill at first; what is, the watch finds with its next look."""
    op.create_table(
        "troubles",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("since", Instant, nullable=False),
        sa.Column("found", sa.JSON, nullable=False),
    )
