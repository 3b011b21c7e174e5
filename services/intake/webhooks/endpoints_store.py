"""Finds and keeps where each agency is pushed to, and the secrets that it is signed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, update

from services.intake.webhooks.domain.endpoint import Endpoint, Secret
from services.intake.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_secrets,
)
from shared.identity import new_id
from shared.resealing import SealedColumn
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from sqlalchemy import Connection, Row

    from shared.messaging.unit import Unit

_endpoints = webhook_endpoints


def find_endpoint(connection: Connection, agency: str) -> Endpoint | None:
    """The agency's endpoint."""
    row = connection.execute(select(_endpoints).where(_endpoints.c.agency == agency)).first()
    return None if row is None else _endpoint(row)


def hold_endpoint(unit: Unit, agency: str) -> Endpoint | None:
    """The agency's endpoint, locked until the unit ends."""
    row = unit.connection.execute(
        select(_endpoints).where(_endpoints.c.agency == agency).with_for_update()
    ).first()
    return None if row is None else _endpoint(row)


def add_endpoint(unit: Unit, endpoint: Endpoint) -> bool:
    """Keep a new endpoint, unless the agency has one already."""
    return bool(insert_unless_known(unit.connection, _endpoints, [vars(endpoint)], _endpoints.c.agency))


def change_endpoint(unit: Unit, endpoint: Endpoint) -> None:
    """Keep the endpoint as it is now."""
    values = {name: value for name, value in vars(endpoint).items() if name != "agency"}
    unit.connection.execute(update(_endpoints).where(_endpoints.c.agency == endpoint.agency).values(**values))


def remove_endpoint(unit: Unit, agency: str) -> None:
    """Let go of the endpoint and of everything that was kept for it."""
    for table in (webhook_attempts, webhook_deliveries, webhook_secrets, webhook_endpoints):
        unit.connection.execute(delete(table).where(table.c.agency == agency))


def secrets_of(connection: Connection, agency: str, now: dt.datetime) -> list[Secret]:
    """The secrets that sign now, the newest first."""
    rows = connection.execute(_good_secrets([agency], now))
    return [Secret(row.id, row.made_at, row.expires_at) for row in rows]


def add_secret(unit: Unit, agency: str, secret: bytes, older_until: dt.datetime) -> Secret:
    """Keep a new secret, sealed; the one before it ends then, and those before that are forgotten."""
    table = webhook_secrets
    unit.connection.execute(delete(table).where(table.c.agency == agency, table.c.expires_at.is_not(None)))
    unit.connection.execute(update(table).where(table.c.agency == agency).values(expires_at=older_until))
    made = Secret(new_id(), unit.now, None)
    sealed = unit.keys.rest.seal(secret, _place(made.id))
    unit.insert(table, vars(made) | {"agency": agency, "sealed": sealed})
    return made


def _good_secrets(agencies: Collection[str], now: dt.datetime) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    table = webhook_secrets
    return (
        select(table)
        .where(table.c.agency.in_(agencies), or_(table.c.expires_at.is_(None), table.c.expires_at > now))
        # The newest has no end.
        .order_by(table.c.expires_at.is_not(None), table.c.made_at.desc())
    )


def hold_endpoints(unit: Unit, agencies: Iterable[str]) -> set[str]:
    """Which of these agencies have an endpoint; each is locked until the unit ends.

    Whoever changes which deliveries wait holds the endpoint first, and so nobody sees half of it.
    """
    rows = unit.connection.execute(
        select(_endpoints.c.agency)
        .where(_endpoints.c.agency.in_(sorted(set(agencies))))
        .order_by(_endpoints.c.agency)
        .with_for_update()
    )
    return {row.agency for row in rows}


def opened_secrets(unit: Unit, agencies: Collection[str]) -> dict[str, list[bytes]]:
    """The secrets of each of these agencies that sign now, the newest first."""
    found: dict[str, list[bytes]] = {agency: [] for agency in agencies}
    for row in unit.connection.execute(_good_secrets(agencies, unit.now)):
        found[row.agency].append(unit.keys.rest.open(row.sealed, _place(row.id)))
    return found


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def _place(secret_id: UUID) -> str:
    return f"intake/webhook_secret/{secret_id}"


SEALED = (SealedColumn(webhook_secrets.c.sealed, lambda row: _place(row.id)),)
