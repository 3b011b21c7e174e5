"""Finds deliveries with their attempts, as their agency sees them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from services.intake.tables import status_changes
from services.intake.webhooks.domain.delivery import Attempt, Change, Delivery
from services.intake.webhooks.tables import webhook_attempts, webhook_deliveries
from shared.rows import find_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Row

    from services.intake.webhooks.domain.delivery import State

_deliveries, _changes = webhook_deliveries, status_changes


def list_deliveries(
    connection: Connection, agency: str, *, state: State | None, before: UUID | None, limit: int
) -> list[Delivery]:
    """The agency's own deliveries with their attempts, the newest first, before the one with this id."""
    query = (
        select(_deliveries)
        .where(_deliveries.c.agency == agency)
        .order_by(_deliveries.c.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(_deliveries.c.state == state)
    if before is not None:
        query = query.where(_deliveries.c.id < before)
    return _with_attempts(connection, connection.execute(query).all())


def find_delivery(connection: Connection, agency: str, delivery_id: UUID) -> Delivery | None:
    """One of the agency's own deliveries."""
    query = select(_deliveries).where(_deliveries.c.agency == agency, _deliveries.c.id == delivery_id)
    found = _with_attempts(connection, connection.execute(query).all())
    return found[0] if found else None


def _with_attempts(connection: Connection, rows: Sequence[Row[Any]]) -> list[Delivery]:
    ids = [row.id for row in rows]
    attempts: dict[UUID, list[Attempt]] = defaultdict(list)
    found = find_rows(connection, tuple(webhook_attempts.c), webhook_attempts.c.delivery_id, ids)
    for row in sorted(found, key=lambda row: row.id):
        attempts[row.delivery_id].append(Attempt(row.at, row.status, row.trouble, row.ms))
    changes = changes_of(connection, ids)
    return [
        Delivery(
            id=row.id,
            type=row.type,
            state=row.state,
            made_at=row.made_at,
            due_at=row.due_at,
            delivered_at=row.delivered_at,
            tries=row.tries,
            change=changes.get(row.id),
            attempts=tuple(attempts[row.id]),
        )
        for row in rows
    ]


def changes_of(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Change]:
    """The change of status that each of these deliveries tells of; a test tells of none."""
    return {
        row.id: Change(
            row.reference, row.source_record_id, row.version, row.status, tuple(row.reasons), row.at
        )
        for row in find_rows(connection, tuple(_changes.c), _changes.c.id, ids)
    }
