"""The tables of files that come in: the imports, the rows that wait, and what became of each row."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, LargeBinary, String, Table, Uuid

from services.intake.imports.domain.file_import import UNFINISHED
from services.intake.tables import metadata
from shared.database import Instant

imports = Table(
    "imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", String(64), nullable=False),
    # The name of one of the hub's mappings; empty for one that came with the file.
    Column("mapping", String(64), nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("forgotten_at", Instant),
    # After a failure nobody tries again before this.
    Column("retry_at", Instant),
    Column("failures", Integer, nullable=False),
    # A keyed hash of agency, mapping and content, by which the same file is known again.
    Column("fingerprint", LargeBinary, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("amended", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("refusal", String(300), nullable=False),
    Column("correlation_id", String(64), nullable=False),
    # The columns of the file: where a file has no head, its first row stands in their place.
    Column("sealed", LargeBinary, nullable=False),
)
Index("imports_listed", imports.c.agency, imports.c.id)
_unfinished = imports.c.state.in_(UNFINISHED)
Index(
    "one_unfinished_import_of_a_file",
    imports.c.fingerprint,
    imports.c.dry_run,
    unique=True,
    sqlite_where=_unfinished,
    postgresql_where=_unfinished,
)
Index("imports_of_a_file", imports.c.fingerprint)
Index("imports_due", imports.c.changed_at, sqlite_where=_unfinished, postgresql_where=_unfinished)

# Rows that nobody has looked at yet, some together as one sealed document; taken away when they are taken in.
import_batches = Table(
    "import_batches",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

# What became of each row; it names a referral or a column, and never holds what was in a cell.
import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("outcome", String(8), nullable=False),
    Column("reference", String(16)),
    Column("version", Integer),
    Column("faults", JSON, nullable=False),
)
Index("import_rows_of_outcome", import_rows.c.import_id, import_rows.c.outcome, import_rows.c.number)

# The cells of rejected rows, for as long as they can be fetched back.
rejected_cells = Table(
    "rejected_cells",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

# What a trial would have taken, as keyed hashes, so that a later row of the same record is told rightly.
tried_records = Table(
    "tried_records",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("record", LargeBinary, primary_key=True),
    Column("content", LargeBinary, primary_key=True),
)
