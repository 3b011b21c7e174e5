"""What was said of who knows somebody goes where the referrals go that it was said of."""

from uuid import UUID

import msgspec
import sqlalchemy as sa
from alembic import context, op

revision = "0014"
down_revision = "0013"

_RECORDS = sa.table(
    "case_records",
    sa.column("case_id", sa.Uuid),
    sa.column("id", sa.Uuid),
    sa.column("kind", sa.String),
    sa.column("sealed", sa.LargeBinary),
)
_REFERRALS = sa.table(
    "referrals",
    sa.column("reference", sa.String),
    sa.column("case_id", sa.Uuid),
    sa.column("opened_case", sa.Uuid),
)
_BARRED = sa.table("case_conflicts", sa.column("email", sa.String), sa.column("case_id", sa.Uuid))


def upgrade() -> None:
    """Keep for their referrals what was recorded in cases, also before there was any table of it."""
    declared = op.create_table(
        "declared_conflicts",
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("reference", sa.String(16), primary_key=True),
        sa.Column("because", sa.String(16)),
    )
    op.create_index("declared_conflicts_of_referral", "declared_conflicts", ["reference"])
    connection = op.get_bind()
    query = sa.select(_RECORDS).where(_RECORDS.c.kind == "conflict").order_by(_RECORDS.c.id)
    barred = {tuple(row) for row in connection.execute(sa.select(_BARRED))}
    said: dict[tuple[str, str], tuple[UUID, str | None]] = {}
    records = connection.execute(query).all()
    told_in = _referrals_of(connection, {record.case_id for record in records})
    for record in records:
        place = f"triage/record/{record.case_id}/{record.id}"
        says = msgspec.json.decode(context.config.attributes["keys"].rest.open(record.sealed, place))
        because = says.get("because", "said") if says.get("knows", True) else None
        (barred.discard if because is None else barred.add)((says["staff"], record.case_id))
        if because == "another_case":
            continue  # it follows from what was said there
        for reference, case_id in told_in[record.case_id]:
            said[says["staff"], reference] = case_id, because
    # Whatever case a referral has come into since is not seen either.
    barred |= {(email, case_id) for (email, _), (case_id, because) in said.items() if because is not None}
    connection.execute(sa.delete(_BARRED))
    op.bulk_insert(_BARRED, [{"email": email, "case_id": case_id} for email, case_id in sorted(barred)])
    op.bulk_insert(
        declared,
        [{"email": email, "reference": one, "because": why} for (email, one), (_, why) in said.items()],
    )


def _referrals_of(connection: sa.Connection, wanted: set[UUID]) -> dict[UUID, list[tuple[str, UUID]]]:
    """The referrals that are in each of these cases or opened it, with the case that they are in.

    All referrals are read once: which one opened a case is in no index.
    """
    found: dict[UUID, list[tuple[str, UUID]]] = {case_id: [] for case_id in wanted}
    if not wanted:
        return found
    for reference, case_id, opened_case in connection.execute(
        sa.select(_REFERRALS).execution_options(yield_per=5_000)
    ):
        for one in {case_id, opened_case} & wanted:
            found[one].append((reference, case_id))
    return found
