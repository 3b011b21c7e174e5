"""Accounts of practitioners name the agency that they refer for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the agency to staff accounts; those that are there have none."""
    op.add_column("staff", sa.Column("agency", sa.String(64), nullable=False, server_default=sa.text("''")))
