"""Accounts are found by keys and compared: what was found, what was asked, and what people said of it."""

import sqlalchemy as sa
from alembic import op

from shared.database import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Exact evidence makes room for keys; referrals heard before are compared again by `hub match rekey`."""
    op.create_table(
        "match_keys",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
    )
    op.create_index("match_keys_by_key", "match_keys", ["key"])
    op.create_table(
        "comparisons",
        sa.Column("one", sa.String(16), primary_key=True),
        sa.Column("other", sa.String(16), primary_key=True),
        sa.Column("millibits", sa.Integer, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("comparisons_by_other", "comparisons", ["other"])
    op.create_table(
        "judgements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("one", sa.String(16), nullable=False),
        sa.Column("other", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("judgements_by_one", "judgements", ["one"])
    op.create_index("judgements_by_other", "judgements", ["other"])
    op.create_table(
        "people_in",
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
    )
    op.create_index("people_in_by_person", "people_in", ["person_id"])
    op.create_table(
        "frequencies",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("accounts", sa.Integer, nullable=False),
        sa.Column("counted_at", Instant, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.drop_table("reviews")
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("one", sa.String(16), nullable=False),
        sa.Column("other", sa.String(16), nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("closed_at", Instant),
        sa.Column("outcome", sa.String(10)),
        sa.Column("who", sa.String(80)),
    )
    op.create_index("reviews_by_one", "reviews", ["one"])
    op.create_index("reviews_by_other", "reviews", ["other"])
    op.drop_table("evidence")
    op.drop_column("referrals", "evidence")
    op.add_column("referrals", sa.Column("account", sa.LargeBinary))
    op.add_column("referrals", sa.Column("opened_case", sa.Uuid))
    op.add_column("cases", sa.Column("merged_into", sa.Uuid))
