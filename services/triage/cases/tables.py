"""The tables of needs assessments, of cross-referrals, and of who works with which case."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Uuid

from services.triage.tables import metadata
from shared.database import Instant

# A person is asked once: the next point reads what was recorded, where the person agreed.
assessments = Table(
    "assessments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("side", String(12), nullable=False),
    Column("point", String(64), nullable=False),
    Column("team", String(64), nullable=False),
    Column("stage", String(8), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", String(254), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # What they wish for: the five cues and what they would say, sealed; null where nobody spoke of it.
    Column("wishes", LargeBinary),
    # Who it is: the party at that place, from 0, of that referral.
    Column("referral", String(16)),
    Column("party", Integer),
)
Index("assessments_of_case", assessments.c.case_id)

cross_referrals = Table(
    "cross_referrals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("from_team", String(64), nullable=False),
    Column("to_team", String(64), nullable=False),
    Column("purpose", String(8), nullable=False),
    Column("state", String(10), nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("offered_by", String(254), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answered_at", Instant),
    Column("answered_by", String(254)),
    Column("reason", String(40)),
)
Index("cross_referrals_of_case", cross_referrals.c.case_id)
Index("cross_referrals_to_team", cross_referrals.c.to_team, cross_referrals.c.state)

# Which cases a facilitator may open: those that they were given.
case_facilitators = Table(
    "case_facilitators",
    metadata,
    Column("email", String(254), primary_key=True),
    Column("case_id", Uuid, primary_key=True),
)
