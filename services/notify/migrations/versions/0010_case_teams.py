"""Which team has a case now: that one was told of it once is too little to speak for it."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0010"
down_revision = "0009"

_THAT_TELL = ("opening", "again", "released")


def upgrade() -> None:
    """Of each case the team that was told of it last."""
    case_teams = op.create_table(
        "case_teams",
        sa.Column("case", sa.String(16), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("since", Instant, nullable=False),
    )
    alerts = sa.table(
        "alerts",
        sa.column("id", sa.Uuid),
        sa.column("case", sa.String),
        sa.column("kind", sa.String),
        sa.column("team", sa.String),
        sa.column("raised_at", Instant),
    )
    later = alerts.alias("later")
    newer = sa.select(later.c.id).where(
        later.c.case == alerts.c.case, later.c.kind.in_(_THAT_TELL), later.c.id > alerts.c.id
    )
    last = sa.select(alerts.c.case, alerts.c.team, alerts.c.raised_at).where(
        alerts.c.kind.in_(_THAT_TELL), ~newer.exists()
    )
    op.execute(sa.insert(case_teams).from_select(["case", "team", "since"], last))
