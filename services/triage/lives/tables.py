"""The tables of where each case stands and of what was recorded in it."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Uuid

from services.triage.tables import metadata
from shared.database import Instant

lives = Table(
    "lives",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("state", String(24), nullable=False),
    Column("owner", String(254), nullable=False),
    Column("since", Instant, nullable=False),
    Column("task", String(40), nullable=False),
    Column("toward", String(12)),
    # The day of the one thing that is next; none in a case that is not open.
    Column("next_on", Date),
    Column("before", String(24)),
    Column("reason", String(40)),
    # Of a hold: from which state, why, and until which day; kept while the case was taken out of it.
    Column("hold", JSON(none_as_null=True)),
    # While an order stops what is next: the last day of it, if it has one.
    Column("stopped_until", Date),
    Column("outcome", String(40)),
    Column("enabling", JSON, nullable=False),
    # Working days that were left when the clock was stopped.
    Column("left", Integer),
    # Of which day somebody was warned, and of which they were told that it has passed.
    Column("warned_for", Date),
    Column("breached_for", Date),
    Column("lead", String(64), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("gates", JSON, nullable=False),
    # Why nobody of the team may have it; null where somebody has it.
    Column("nobody_fits", JSON(none_as_null=True)),
    # What routing knows (domain/routing/facts.py).
    Column("facts", LargeBinary, nullable=False),
)
Index("lives_by_owner", lives.c.owner)
Index("lives_by_day", lives.c.next_on)
Index(
    "lives_stopped_by_day",
    lives.c.stopped_until,
    sqlite_where=lives.c.stopped_until.is_not(None),
    postgresql_where=lives.c.stopped_until.is_not(None),
)
Index(
    "lives_closed_by_day",
    lives.c.since,
    sqlite_where=lives.c.state == "closed",
    postgresql_where=lives.c.state == "closed",
)

case_records = Table(
    "case_records",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("on", Date, nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", String(254), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Who knows somebody in a referral: they or a colleague said so, or a party's address is theirs; null where it
# was said that they do not. It goes into whatever case the referral goes into.
declared_conflicts = Table(
    "declared_conflicts",
    metadata,
    Column("email", String(254), primary_key=True),
    Column("reference", String(16), primary_key=True),
    Column("because", String(16)),
)
Index("declared_conflicts_of_referral", declared_conflicts.c.reference)

# Who knows somebody in a case, as it follows from that: they do not see it any more.
case_conflicts = Table(
    "case_conflicts",
    metadata,
    Column("email", String(254), primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    # When that was said; null of what was known before it was said at all.
    Column("told_at", Instant),
)
Index("case_conflicts_of_case", case_conflicts.c.case_id)
Index(
    "case_conflicts_untold",
    case_conflicts.c.case_id,
    sqlite_where=case_conflicts.c.told_at.is_(None),
    postgresql_where=case_conflicts.c.told_at.is_(None),
)

# The text of every table that ever routed, so that a decision can be explained years later.
routing_tables = Table(
    "routing_tables",
    metadata,
    Column("version", String(80), primary_key=True),
    Column("text", LargeBinary, nullable=False),
    Column("since", Instant, nullable=False),
)
