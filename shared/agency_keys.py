"""The form of the keys by which agencies' systems identify themselves: an id that finds it, and a secret."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

_KEY: Final = re.compile(r"rh_([a-z0-9]{10})_([A-Za-z0-9_-]{43})", re.ASCII)
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def new_key() -> tuple[str, str]:
    """The id of a fresh key, and the key."""
    key_id = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return key_id, f"rh_{key_id}_{secrets.token_urlsafe(32)}"


def key_id_of(key: str) -> str | None:
    """The id in a key; None if it cannot be a key."""
    form = _KEY.fullmatch(key)
    return form[1] if form else None


def hash_of(key: str) -> bytes:
    """What is kept of a key: SHA-256 of 256 random bits cannot be searched."""
    return hashlib.sha256(key.encode()).digest()


def fits(key: str, key_hash: bytes) -> bool:
    """Whether this is the key of which that was kept."""
    return hmac.compare_digest(key_hash, hash_of(key))
