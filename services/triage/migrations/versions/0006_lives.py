"""Where each case stands, its records; routing tables; areas of addresses."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables; a case from before has no life until it is taken up."""
    op.create_table(
        "lives",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("owner", sa.String(254), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("task", sa.String(40), nullable=False),
        sa.Column("toward", sa.String(12)),
        sa.Column("next_on", sa.Date),
        sa.Column("before", sa.String(24)),
        sa.Column("reason", sa.String(40)),
        sa.Column("outcome", sa.String(40)),
        sa.Column("enabling", sa.JSON, nullable=False),
        sa.Column("left", sa.Integer),
        sa.Column("warned_for", sa.Date),
        sa.Column("breached_for", sa.Date),
        sa.Column("lead", sa.String(64), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("gates", sa.JSON, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "case_records",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("who", sa.String(254), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "routing_tables",
        sa.Column("version", sa.String(80), primary_key=True),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("since", Instant, nullable=False),
    )
    op.create_index("lives_by_owner", "lives", ["owner"])
    op.create_index("lives_by_day", "lives", ["next_on"])
    op.create_table(
        "postcodes",
        sa.Column("postcode", sa.String(7), primary_key=True),
        sa.Column("area", sa.String(9), nullable=False),
        sa.Column("police", sa.String(9)),
        sa.Column("edition", sa.String(20), nullable=False),
    )
    op.create_table(
        "properties",
        sa.Column("uprn", sa.String(12), primary_key=True),
        sa.Column("area", sa.String(9), nullable=False),
        sa.Column("police", sa.String(9)),
        sa.Column("edition", sa.String(20), nullable=False),
    )
