"""It is known until when an order stops what is next in a case."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Where contact is stopped already, an order may have ended since: each such case is looked at once."""
    op.add_column("lives", sa.Column("stopped_until", sa.Date))
    op.execute("UPDATE lives SET stopped_until = '2000-01-01' WHERE task = 'stop_contact'")
    stopped = sa.text("stopped_until IS NOT NULL")
    op.create_index(
        "lives_stopped_by_day",
        "lives",
        ["stopped_until"],
        sqlite_where=stopped,
        postgresql_where=stopped,
    )
