"""Triage's own tables: people, cases, the referrals in them, and the keyed hashes by which they are found."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, MetaData, String, Table, Uuid

from shared.database import Instant
from shared.messaging.tables import messaging_tables
from shared.sessions import ended_sessions_table

metadata = MetaData()
messaging = messaging_tables(metadata)
ended_sessions = ended_sessions_table(metadata)

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
    # The case that it was found to be one with; it stays, so that it can be separated again.
    Column("merged_into", Uuid),
)

# How many were opened in a quarter is counted from the index alone.
Index("cases_by_day", cases.c.opened_at, cases.c.merged_into)

# How a case stood before others came into it, or before it went on in another, sealed: so that it stands so
# again once they are set apart, and nothing else has happened to it since.
standings = Table(
    "standings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
Index("standings_of_case", standings.c.case_id)

# By what an account is found again: keyed hashes of what it tells (domain/matching/keys.py). Of all rows
# that a referral brings these are the most, so they have one index only. It holds the references too: in the
# table those under one key are on as many pages, and nobody who looks under a key need read it.
match_keys = Table(
    "match_keys",
    metadata,
    Column("key", LargeBinary, nullable=False),
    Column("reference", String(16), nullable=False),
)
Index("match_keys_by_key_with_reference", match_keys.c.key, match_keys.c.reference)

referrals = Table(
    "referrals",
    metadata,
    Column("reference", String(16), primary_key=True),
    Column("agency", String(64), nullable=False),
    Column("source_record_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("people", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("brings", JSON),
    # The case that it opened: whoever founded a case keeps it when cases are merged and separated.
    Column("opened_case", Uuid),
    # The account as it is compared (domain/matching/accounts.py), sealed.
    Column("account", LargeBinary),
    # Who each party was before it was found to be somebody known: so that this can be undone.
    Column("own_people", JSON),
)
Index("referrals_of_case", referrals.c.case_id)
Index("referrals_by_day", referrals.c.heard_at)

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

# Which referrals mention somebody; a person who was merged into another has rows that lead nowhere any more.
people_in = Table(
    "people_in",
    metadata,
    Column("person_id", Uuid, nullable=False),
    Column("reference", String(16), nullable=False),
)
Index("people_in_by_person", people_in.c.person_id)

# Two accounts that were held against one another: what they weigh, in thousandths of a bit, and why, line by
# line, with the versions of the model and of the frequencies, so that the verdict can be read years later.
comparisons = Table(
    "comparisons",
    metadata,
    Column("one", String(16), primary_key=True),
    Column("other", String(16), primary_key=True),
    Column("millibits", Integer, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("comparisons_by_other", comparisons.c.other)

# What people said of two referrals: that they are one case, or that they are not. The newest word counts, and
# it overrides every weight for ever.
judgements = Table(
    "judgements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("one", String(16), nullable=False),
    Column("other", String(16), nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", String(80), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
Index("judgements_by_one", judgements.c.one)
Index("judgements_by_other", judgements.c.other)

# What is before a human as possibly one case; closed by an answer, or because the question went away.
reviews = Table(
    "reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("one", String(16), nullable=False),
    Column("other", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("outcome", String(10)),
    Column("who", String(80)),
)
Index("reviews_by_one", reviews.c.one)
Index("reviews_by_other", reviews.c.other)
# The list of what waits, in the order in which it was asked.
Index("reviews_by_closed", reviews.c.closed_at, reviews.c.id)

# How common names and words are in the register, counted from time to time; kept, since verdicts name them.
frequencies = Table(
    "frequencies",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("accounts", Integer, nullable=False),
    Column("counted_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
