"""An alert can be for one person, whichever team they are of."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Those that are there are their teams'."""
    op.add_column("alerts", sa.Column("whose", sa.String(254), nullable=False, server_default=sa.text("''")))
    op.create_index("alerts_whose", "alerts", ["whose", "state", "id"])
