"""The drafts of practitioners who signed in."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table, Uuid

from services.intake.tables import metadata
from shared.database import Instant

drafts = Table(
    "drafts",
    metadata,
    # The number of the record that it becomes, so that sending it again is sending it once.
    Column("id", Uuid, primary_key=True),
    # A keyed hash of the practitioner's address: whoever steals the table does not learn who refers.
    Column("owner", LargeBinary, nullable=False),
    Column("agency", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("reference", String(16)),
    # What was answered; empty once it was sent.
    Column("sealed", LargeBinary, nullable=False),
)
Index("drafts_of_owner", drafts.c.owner, drafts.c.agency)
Index(
    "drafts_to_forget",
    drafts.c.changed_at,
    sqlite_where=drafts.c.sent_at.is_(None),
    postgresql_where=drafts.c.sent_at.is_(None),
)
