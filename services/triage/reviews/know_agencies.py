"""Keep the keys of agencies as intake tells of them, and know by its key which agency asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.reviews import store
from shared.agency_keys import fits, key_id_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.contracts import AgencyKey
    from shared.messaging.unit import Unit


def keep_agency_key(message: AgencyKey, unit: Unit) -> None:
    """From now on this key is known, or known to be good no longer; a revocation is final."""
    store.keep_key(unit, message.key_id, message.agency, message.key_hash, good=message.good)


def agency_of(key: str, connection: Connection) -> str | None:
    """The agency whose key this is; None if it is nobody's, or no longer."""
    key_id = key_id_of(key)
    found = store.find_key(connection, key_id) if key_id else None
    return found[0] if found is not None and fits(key, found[1]) else None
