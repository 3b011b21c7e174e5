"""The mailbox's tables: letters that came, and what their senders are answered."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Uuid

from services.intake.tables import metadata
from shared.database import Instant

# A letter is known by a fingerprint, so that one that is fetched twice is dealt with once. `sealed` is the
# whole mail, for as long as a human has to look at it.
letters = Table(
    "letters",
    metadata,
    Column("fingerprint", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("agency", String(64)),
    Column("outcome", String(16), nullable=False),
    Column("referrals", Integer, nullable=False),
    Column("came_at", Instant, nullable=False),
    Column("seen_at", Instant),
    Column("seen_by", String(254)),
    Column("sealed", LargeBinary),
    # A keyed hash of who sent it, while it matters how often they wrote.
    Column("sender", LargeBinary),
)
Index("letters_by_time", letters.c.came_at)
Index("letters_by_sender", letters.c.sender, letters.c.came_at)

letter_answers = Table(
    "letter_answers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("letter_id", Uuid, nullable=False),
    Column("due_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("trouble", String(100)),
    Column("made_at", Instant, nullable=False),
    # To whom and what; gone once it has left.
    Column("sealed", LargeBinary),
)
Index(
    "letter_answers_due",
    letter_answers.c.due_at,
    sqlite_where=letter_answers.c.due_at.is_not(None),
    postgresql_where=letter_answers.c.due_at.is_not(None),
)
