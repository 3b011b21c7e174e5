"""How a delivery proves that it is the hub's: the signature and the secret of Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SECRET_BYTES: Final = 32  # the specification takes 24 to 64
_PREFIX: Final = "whsec_"


def write_secret(secret: bytes) -> str:
    """The secret as it is handed to the agency."""
    return _PREFIX + base64.b64encode(secret).decode()


def sign(webhook_id: str, timestamp: int, body: bytes, secrets: Iterable[bytes]) -> str:
    """The value of the header `webhook-signature`: one signature for each secret, a space between them.

    `timestamp` is the time of this attempt in whole seconds since 1970.
    """
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
