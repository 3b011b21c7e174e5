"""A hold is remembered while a case was taken out of it, so that it can be on hold again as it was."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Cases that are on hold from before are taken off hold as ever."""
    op.add_column("lives", sa.Column("hold", sa.JSON(none_as_null=True)))
