"""Alerts have steps and a history; what is sent about them is kept; so are preferences and telltales."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Alerts that are open already are reminded of from now on as if they were new."""
    nothing, zero, no = sa.text("''"), sa.text("0"), sa.text("false")
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("occasion", sa.String(40), nullable=False, server_default=nothing))
        alerts.add_column(sa.Column("step", sa.Integer, nullable=False, server_default=zero))
        alerts.add_column(sa.Column("next_step_at", Instant))
        alerts.drop_constraint("one_alert_of_a_kind", type_="unique")
        alerts.create_unique_constraint("one_alert_of_a_kind", ["case", "kind", "occasion"])
    op.execute("UPDATE alerts SET next_step_at = CURRENT_TIMESTAMP WHERE state = 'open'")
    _only_where("alerts_next_step", "alerts", "next_step_at")
    op.create_table(
        "alert_history",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("alert_id", sa.Uuid, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("who", sa.String(254), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("history_of_alert", "alert_history", ["alert_id", "id"])
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.add_column(sa.Column("step", sa.Integer, nullable=False, server_default=zero))
        deliveries.add_column(sa.Column("gather", sa.Boolean, nullable=False, server_default=no))
        deliveries.add_column(sa.Column("template", sa.String(24), nullable=False, server_default="opening"))
        deliveries.add_column(sa.Column("dispatch_id", sa.Uuid))
        deliveries.create_unique_constraint(
            "one_delivery_of_a_step", ["alert_id", "recipient", "channel", "step"]
        )
    op.execute("UPDATE deliveries SET template = kind")
    op.execute("UPDATE deliveries SET state = 'due' WHERE state = 'sending'")
    op.drop_index("deliveries_of_alert", "deliveries")
    op.create_index("deliveries_of_dispatch", "deliveries", ["dispatch_id"])
    op.create_table(
        "dispatches",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("template", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("sent_at", Instant),
        sa.Column("receipt", sa.String(64)),
        sa.Column("repeats", sa.Uuid),
        sa.Column("trouble", sa.String(100)),
    )
    _only_where("dispatches_due", "dispatches", "due_at")
    op.create_index("dispatches_to", "dispatches", ["recipient", "channel", "made_at"])
    op.create_table(
        "preferences",
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_table(
        "telltales",
        sa.Column("case", sa.String(16), primary_key=True),
        sa.Column("referral", sa.String(16), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "public_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("case", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(254), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("ended_at", Instant),
        sa.Column("receipt", sa.String(64)),
        sa.Column("why", sa.String(40)),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("public_messages_of_case", "public_messages", ["case"])
    _only_where("public_messages_due", "public_messages", "due_at")


def _only_where(name: str, table: str, column: str) -> None:
    there = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)
