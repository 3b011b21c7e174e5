"""Merging can be undone exactly: each party keeps who it was at first; and reviews are listed by state."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Referrals heard before have nobody of their own: whoever is separated from them is somebody new."""
    op.add_column("referrals", sa.Column("own_people", sa.JSON))
    op.create_index("reviews_by_closed", "reviews", ["closed_at", "id"])
