"""Finds and keeps staff, alerts and deliveries in notify's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from services.notify.domain.alert import CLAIM, Alert, Delivery
from services.notify.tables import alerts, deliveries, staff
from shared.rows import find_rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from shared.messaging.unit import Unit


# Built once: a statement that SQLAlchemy has seen is found compiled, without being walked through again.
_CLAIM = (
    update(deliveries)
    .where(
        deliveries.c.id.in_(
            select(deliveries.c.id)
            .where(deliveries.c.due_at <= bindparam("now"))
            .order_by(deliveries.c.urgent.desc(), deliveries.c.due_at)
            .limit(bindparam("most"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(state="sending", due_at=bindparam("until"), tries=deliveries.c.tries + 1)
    .returning(
        deliveries.c.id,
        deliveries.c.alert_id,
        deliveries.c.case,
        deliveries.c.kind,
        deliveries.c.channel,
        deliveries.c.recipient,
        deliveries.c.urgent,
        deliveries.c.tries,
    )
)
_RECORD_SENT = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="sent", due_at=None, sent_at=bindparam("now"), trouble=None)
)


class Desk:
    """One unit's view of the alerts of the cases it is concerned with."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing nothing; `look_up` comes first."""
        self._unit = unit
        self._known: set[tuple[str, str]] = set()

    @classmethod
    def of(cls, unit: Unit) -> Desk:
        """The one desk of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    def look_up(self, cases: Iterable[str]) -> None:
        """Read which of these cases have alerts already."""
        rows = find_rows(self._unit.connection, (alerts.c.case, alerts.c.kind), alerts.c.case, set(cases))
        self._known.update((row.case, row.kind) for row in rows)

    def has_alert(self, case: str, kind: str) -> bool:
        """Whether the case has an alert of this kind."""
        return (case, kind) in self._known

    def raise_alert(self, alert: Alert, to: Sequence[Delivery]) -> None:
        """Keep an alert and its deliveries, due now; what is in the app is delivered by being there."""
        self._known.add((alert.case, alert.kind))
        self._unit.insert(alerts, vars(alert))
        for delivery in to:
            there = delivery.channel == "in_app"
            self._unit.insert(
                deliveries,
                vars(delivery)
                | {
                    "state": "sent" if there else "due",
                    "due_at": None if there else self._unit.now,
                    "sent_at": self._unit.now if there else None,
                    "trouble": None,
                    "step": 0,
                    "gather": False,
                    "dispatch_id": None,
                },
            )


def claim_due(unit: Unit, limit: int) -> list[Delivery]:
    """Deliveries that are due, urgent ones first, now in hand; another sender does not get them."""
    rows = unit.connection.execute(_CLAIM, {"now": unit.now, "most": limit, "until": unit.now + CLAIM})
    return sorted((Delivery(*row) for row in rows), key=lambda one: (not one.urgent, one.id))


def record_sent(unit: Unit, ids: Sequence[UUID]) -> None:
    """These have left."""
    unit.connection.execute(_RECORD_SENT, {"ids": ids, "now": unit.now})


def record_trouble(unit: Unit, delivery_id: UUID, trouble: str, due_at: dt.datetime | None) -> None:
    """It did not leave; it is due again, or has failed for good when there is no due time."""
    unit.change(
        deliveries,
        {"id": delivery_id},
        state="failed" if due_at is None else "due",
        due_at=due_at,
        trouble=trouble[:100],
    )


def list_alerts(
    connection: Connection, *, teams: Sequence[str] | None, state: str | None, after: UUID | None, limit: int
) -> list[Alert]:
    """Alerts of these teams (None: of all), oldest first, after the one with this id."""
    query = select(alerts).order_by(alerts.c.id).limit(limit)
    if teams is not None:
        query = query.where(alerts.c.team.in_(teams))
    if state is not None:
        query = query.where(alerts.c.state == state)
    if after is not None:
        query = query.where(alerts.c.id > after)
    return [Alert(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name


def find_alert(unit: Unit, alert_id: UUID) -> Alert | None:
    """One alert, locked until the unit ends."""
    row = unit.connection.execute(select(alerts).where(alerts.c.id == alert_id).with_for_update()).first()
    return None if row is None else Alert(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def acknowledge(unit: Unit, alert: Alert) -> None:
    """Somebody has it; nothing about it need be sent any more."""
    unit.change(
        alerts,
        {"id": alert.id},
        state=alert.state,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
    )


def find_staff(connection: Connection, email: str) -> dict[str, Any] | None:
    """The account under this address."""
    row = connection.execute(select(staff).where(staff.c.email == email)).first()
    return None if row is None else dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def keep_staff(unit: Unit, *, email: str, role: str, team: str, agency: str, password_hash: str) -> None:
    """Make the account, or give it a new role, team, agency and password."""
    values = {"role": role, "team": team, "agency": agency, "password_hash": password_hash}
    if find_staff(unit.connection, email) is None:
        unit.insert(staff, {"email": email, "made_at": unit.now, **values})
    else:
        unit.change(staff, {"email": email}, **values)


def list_staff(connection: Connection) -> list[tuple[str, str, str]]:
    """Every account: address, role, and the team or agency."""
    rows = connection.execute(select(staff).order_by(staff.c.email))
    return [(row.email, row.role, row.team or row.agency) for row in rows]
