"""How often an assessment point has asked of late is known to every process."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """No point has asked yet."""
    op.create_table(
        "person_checks",
        sa.Column("point", sa.String(64), primary_key=True),
        sa.Column("full_at", Instant, nullable=False),
    )
