"""Files that come in row by row: the imports, the rows that wait, and what became of each."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0004"
down_revision = "0003"

_UNFINISHED = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    """Add what an import needs."""
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("mapping", sa.String(64), nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.Column("forgotten_at", Instant),
        sa.Column("retry_at", Instant),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("repeat", sa.Integer, nullable=False),
        sa.Column("amended", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("refusal", sa.String(300), nullable=False),
        sa.Column("correlation_id", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("imports_listed", "imports", ["agency", "id"])
    op.create_index(
        "one_unfinished_import_of_a_file",
        "imports",
        ["fingerprint", "dry_run"],
        unique=True,
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    )
    op.create_index("imports_of_a_file", "imports", ["fingerprint"])
    op.create_index(
        "imports_due", "imports", ["changed_at"], sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED
    )
    op.create_table(
        "import_batches",
        sa.Column("import_id", sa.Uuid, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("reference", sa.String(16)),
        sa.Column("version", sa.Integer),
        sa.Column("faults", sa.JSON, nullable=False),
    )
    op.create_index("import_rows_of_outcome", "import_rows", ["import_id", "outcome", "number"])
    op.create_table(
        "rejected_cells",
        sa.Column("import_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tried_records",
        sa.Column("import_id", sa.Uuid, primary_key=True),
        sa.Column("record", sa.LargeBinary, primary_key=True),
        sa.Column("content", sa.LargeBinary, primary_key=True),
    )
