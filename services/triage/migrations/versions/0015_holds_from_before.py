"""Holds from before they were remembered are remembered too, with their reason, their day and their clock."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """A case that is on hold says from which state, why, and until which day."""
    lives = sa.table(
        "lives",
        sa.column("case_id", sa.Uuid),
        sa.column("state", sa.String),
        sa.column("before", sa.String),
        sa.column("reason", sa.String),
        sa.column("next_on", sa.Date),
        sa.column("hold", sa.JSON(none_as_null=True)),
    )
    held = sa.and_(lives.c.state == "on_hold", lives.c.hold.is_(None), lives.c.next_on.is_not(None))
    connection = op.get_bind()
    for row in connection.execute(sa.select(lives).where(held)).all():
        hold = [row.before or "triage", row.reason or "H-MORE-TIME", str(row.next_on)]
        connection.execute(sa.update(lives).where(lives.c.case_id == row.case_id).values(hold=hold))
