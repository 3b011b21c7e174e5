"""Triage's own tables: people, cases, the referrals in them, and the keyed hashes by which they are found."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Index, Integer, LargeBinary, MetaData, String, Table, Uuid

from shared.database import Instant
from shared.messaging.tables import messaging_tables

metadata = MetaData()
messaging = messaging_tables(metadata)

cases = Table(
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("strand", String(16), nullable=False),
    Column("event_type", String(32), nullable=False),
    Column("area", String(9)),
    Column("team", String(64), nullable=False),
    Column("why_there", JSON, nullable=False),
    Column("opened_at", Instant, nullable=False),
    # Since when nothing that the case rests on stands any more: everything was taken back.
    Column("withdrawn_at", Instant),
    # What none of its referrals brings, in codes; while there is something it is returned, and not routed.
    Column("lacks", JSON),
)

# What leads to a case: the keyed hash of a reference, or of the name and birth date of one of its people,
# with the kind and the day of the event; and under a person's hash, who that is. Somebody whose name or birth
# date was not given cannot be recognised again: they have an id in their referral and no row here. Of all
# rows that a referral brings these are the most, so they have one index only, of the hash alone.
evidence = Table(
    "evidence",
    metadata,
    Column("key", LargeBinary, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("event_type", String(32), nullable=False),
    Column("day", Date, nullable=False),
    Column("person_id", Uuid),
)
Index("evidence_by_key", evidence.c.key)

referrals = Table(
    "referrals",
    metadata,
    Column("reference", String(16), primary_key=True),
    Column("agency", String(64), nullable=False),
    Column("source_record_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("people", JSON, nullable=False),
    # What the referral was matched on and what was decided, so that a verdict can be read years later.
    Column("evidence", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("brings", JSON),
)
Index("referrals_of_case", referrals.c.case_id)

# Why an agency took a referral back, in its own words; without such a row the referral stands.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("reference", String(16), primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
Index("withdrawals_of_case", withdrawals.c.case_id)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    # The two cases in the order of their ids, so that the same question is asked once.
    Column("case_id", Uuid, nullable=False),
    Column("other_case_id", Uuid, nullable=False),
    Column("referral", String(16), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_at", Instant),
)
Index("reviews_of_cases", reviews.c.case_id, reviews.c.other_case_id, unique=True)
