"""Triage knows the keys of agencies, so that assessment points can ask it whether somebody is known."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Keys that were made before are told by `hub agencies tell`."""
    op.create_table(
        "agency_keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("revoked_at", Instant),
    )
