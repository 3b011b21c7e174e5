"""The lines of a case's history are counted and chained, and the database refuses to change them."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0005"
down_revision = "0004"

_REFUSE = "a line of a history is never changed"


def upgrade() -> None:
    """Count the lines that are there; they have no seal, and the chain begins behind them."""
    op.rename_table("case_history", "case_history_before")
    op.create_table(
        "case_history",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("seal", sa.LargeBinary),
    )
    op.create_table(
        "history_heads",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
    )
    op.execute(
        "INSERT INTO case_history (case_id, place, id, at, what, who, detail) "
        "SELECT case_id, row_number() OVER (PARTITION BY case_id ORDER BY id), id, at, what, who, detail "
        "FROM case_history_before"
    )
    nothing = "X''" if op.get_bind().dialect.name == "sqlite" else "'\\x'::bytea"
    op.execute(
        "INSERT INTO history_heads (case_id, length, seal) "  # noqa: S608 - one of two words of our own
        f"SELECT case_id, count(*), {nothing} FROM case_history GROUP BY case_id"
    )
    op.drop_table("case_history_before")
    _refuse_changes()


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER history_is_written_once BEFORE UPDATE ON case_history "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION history_is_written_once() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER history_is_written_once BEFORE UPDATE ON case_history "
        "FOR EACH ROW EXECUTE FUNCTION history_is_written_once()"
    )
