"""Finds and keeps agencies' keys, of which the hub has the hashes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from services.intake.tables import agency_keys

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection

    from shared.messaging.unit import Unit


def find_key(connection: Connection, key_id: str) -> tuple[str, bytes] | None:
    """The agency and the hash behind a key that is still good."""
    row = connection.execute(
        select(agency_keys.c.agency, agency_keys.c.key_hash).where(
            agency_keys.c.key_id == key_id, agency_keys.c.revoked_at.is_(None)
        )
    ).first()
    return None if row is None else (row.agency, row.key_hash)


def add_key(unit: Unit, agency: str, key_id: str, key_hash: bytes) -> None:
    """Keep a new key's hash."""
    unit.insert(
        agency_keys,
        {
            "key_id": key_id,
            "agency": agency,
            "key_hash": key_hash,
            "made_at": unit.now,
            "revoked_at": None,
            "told_at": None,
        },
    )


def claim_untold(unit: Unit, limit: int) -> list[tuple[str, str, bytes, bool]]:
    """Keys of which the others do not know how they stand: id, agency, hash, whether good; told from now on.

    They are locked, so that nobody changes one between its being read and its being told.
    """
    query = select(agency_keys).where(agency_keys.c.told_at.is_(None)).order_by(agency_keys.c.key_id)
    found = unit.connection.execute(query.limit(limit).with_for_update(skip_locked=True))
    claimed = [(row.key_id, row.agency, row.key_hash, row.revoked_at is None) for row in found]
    for key_id, *_ in claimed:
        unit.change(agency_keys, {"key_id": key_id}, told_at=unit.now)
    return claimed


def forget_that_all_were_told(unit: Unit) -> int:
    """Of every key the others have to be told again; how many there are."""
    return unit.connection.execute(update(agency_keys).values(told_at=None)).rowcount


def keys_of(connection: Connection, agency: str | None = None) -> list[tuple[str, str, dt.datetime, bool]]:
    """The keys of one agency or of all: agency, key id, when made, whether still good."""
    query = select(agency_keys).order_by(agency_keys.c.agency, agency_keys.c.made_at)
    if agency is not None:
        query = query.where(agency_keys.c.agency == agency)
    return [(r.agency, r.key_id, r.made_at, r.revoked_at is None) for r in connection.execute(query)]


def revoke_key(unit: Unit, key_id: str) -> None:
    """From now on this key opens nothing."""
    unit.change(agency_keys, {"key_id": key_id}, revoked_at=unit.now, told_at=None)
