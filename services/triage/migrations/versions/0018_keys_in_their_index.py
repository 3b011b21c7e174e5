"""What stands under a key is read from the index alone, which holds it side by side."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """In the table each referral under a key is on a page of its own, and there are up to sixty."""
    op.create_index("match_keys_by_key_with_reference", "match_keys", ["key", "reference"])
    op.drop_index("match_keys_by_key", "match_keys")
