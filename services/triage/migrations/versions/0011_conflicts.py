"""Who knows somebody in a case does not see it; where nobody of a team may have a case it says why."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Conflicts that were recorded before are in the records, and hold for what is done with a case."""
    op.add_column("lives", sa.Column("nobody_fits", sa.JSON(none_as_null=True)))
    op.create_table(
        "case_conflicts",
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("case_id", sa.Uuid, primary_key=True),
    )
    op.create_index("case_conflicts_of_case", "case_conflicts", ["case_id"])
