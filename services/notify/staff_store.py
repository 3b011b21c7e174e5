"""Finds and keeps the accounts of staff, and whose sessions ended before their time, in notify's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from services.notify.tables import ended_sessions, staff, untold_ends
from shared.identity import new_id
from shared.sessions import end_sessions

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection

    from shared.messaging.unit import Unit


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


def remove_staff(unit: Unit, email: str) -> bool:
    """Nobody signs in to the account any more; False if there is none."""
    return bool(unit.connection.execute(delete(staff).where(staff.c.email == email)).rowcount)


def end_sessions_of(unit: Unit, email: str) -> None:
    """Whoever is signed in to the account is so no longer; the other services are still to be told."""
    end_sessions(unit, ended_sessions, email, unit.now)
    unit.insert(untold_ends, {"id": new_id(), "email": email, "ended_at": unit.now})


def claim_untold_ends(unit: Unit, limit: int) -> list[tuple[str, dt.datetime]]:
    """Ends of which the other services do not know: whose, and when; told from now on."""
    query = select(untold_ends).order_by(untold_ends.c.id).limit(limit).with_for_update(skip_locked=True)
    found = list(unit.connection.execute(query))
    if ids := [row.id for row in found]:
        unit.connection.execute(delete(untold_ends).where(untold_ends.c.id.in_(ids)))
    return [(row.email, row.ended_at) for row in found]


def list_staff(connection: Connection) -> list[tuple[str, str, str]]:
    """Every account: address, role, and the team or agency."""
    rows = connection.execute(select(staff).order_by(staff.c.email))
    return [(row.email, row.role, row.team or row.agency) for row in rows]
