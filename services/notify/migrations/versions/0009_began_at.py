"""An alert knows with which step it began, so that its next steps are counted from there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Those that are there go on as they were."""
    op.add_column("alerts", sa.Column("began_at", sa.Integer, nullable=False, server_default=sa.text("0")))
