"""Make, check and revoke the keys by which agencies' systems identify themselves.

Whoever makes or revokes one may be a command that has no message keys, and whose word nobody could open: it
changes the table alone. Intake's own worker sees there of which keys the other services have to be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.intake import keys_store
from shared.agency_keys import fits, hash_of, key_id_of, new_key
from shared.contracts import AgencyKey
from shared.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from shared.messaging.unit import Unit


_MOST_AT_ONCE: Final = 100


class UnknownAgency(NotFound):
    """There is no such agency in the directory."""

    code = "unknown_agency"


def make_key(agency: str, agencies: Collection[str], unit: Unit) -> str:
    """A new key for the agency; only its hash is kept, so this is the one time it can be shown."""
    check_agency(agency, agencies)
    key_id, key = new_key()
    keys_store.add_key(unit, agency, key_id, hash_of(key))
    return key


def revoke_key(key_id: str, unit: Unit) -> bool:
    """From now on this key opens nothing; False if there is none with this id."""
    if keys_store.find_key(unit.connection, key_id) is None:
        return False
    keys_store.revoke_key(unit, key_id)
    return True


def tell_keys_again(unit: Unit) -> int:
    """Have the other services told of every key again, as it stands; how many there are."""
    return keys_store.forget_that_all_were_told(unit)


def tell_keys(unit: Unit) -> int:
    """Tell the other services of the keys that were made or revoked since; how many there were."""
    untold = keys_store.claim_untold(unit, _MOST_AT_ONCE)
    for key_id, agency, key_hash, good in untold:
        unit.say(AgencyKey(key_id=key_id, agency=agency, key_hash=key_hash, good=good, said_at=unit.now))
    return len(untold)


def check_agency(agency: str, agencies: Collection[str]) -> None:
    """Raise `UnknownAgency` if the directory has no such agency."""
    if agency not in agencies:
        message = f"There is no agency {agency}. The directory has: {', '.join(sorted(agencies))}."
        raise UnknownAgency(message)


def agency_of(key: str, connection: Connection) -> str | None:
    """The agency whose key this is; None if it is nobody's, or no longer."""
    key_id = key_id_of(key)
    found = keys_store.find_key(connection, key_id) if key_id else None
    return found[0] if found is not None and fits(key, found[1]) else None
