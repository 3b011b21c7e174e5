"""Make, check and revoke the keys by which agencies' systems identify themselves."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING

from services.intake import store
from shared.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from shared.messaging.unit import Unit

_KEY = re.compile(r"rh_([a-z0-9]{10})_([A-Za-z0-9_-]{43})", re.ASCII)


class UnknownAgency(NotFound):
    """There is no such agency in the directory."""

    code = "unknown_agency"


def make_key(agency: str, agencies: Collection[str], unit: Unit) -> str:
    """A new key for the agency; only its hash is kept, so this is the one time it can be shown."""
    check_agency(agency, agencies)
    key_id = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(10))
    key = f"rh_{key_id}_{secrets.token_urlsafe(32)}"
    store.add_key(unit, agency, key_id, _hash(key))
    return key


def check_agency(agency: str, agencies: Collection[str]) -> None:
    """Raise `UnknownAgency` if the directory has no such agency."""
    if agency not in agencies:
        message = f"The directory has: {', '.join(sorted(agencies))}."
        raise UnknownAgency(message)


def agency_of(key: str, connection: Connection) -> str | None:
    """The agency whose key this is; None if it is nobody's, or no longer."""
    form = _KEY.fullmatch(key)
    found = store.find_key(connection, form[1]) if form else None
    if found is None:
        return None
    agency, key_hash = found
    return agency if hmac.compare_digest(key_hash, _hash(key)) else None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
