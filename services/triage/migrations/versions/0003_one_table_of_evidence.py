"""What leads to a case and who is known under the same hash become one table."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring people's rows to the evidence that they gave; every person's hash is also their case's."""
    op.create_table(
        "evidence",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("event_type", sa.String(32), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("person_id", sa.Uuid),
    )
    op.execute(
        "INSERT INTO evidence (key, case_id, event_type, day, person_id) "
        "SELECT key, case_id, event_type, day, ("
        " SELECT person_id FROM people WHERE people.key = case_keys.key ORDER BY person_id LIMIT 1"
        ") FROM case_keys"
    )
    op.create_index("evidence_by_key", "evidence", ["key"])
    op.drop_table("people")
    op.drop_table("case_keys")
