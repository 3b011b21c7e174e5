"""It is known of each agency's key whether the other services were told how it stands."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """All are told again: of some that were revoked nobody ever heard."""
    op.add_column("agency_keys", sa.Column("told_at", Instant))
