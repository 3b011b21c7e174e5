"""Give staff an account, and check who signs in."""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.notify import store
from shared.problems import NoKey
from shared.web import Caller

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.messaging.unit import Unit

LONGEST_PASSWORD: Final = 200
_hasher = PasswordHasher()  # argon2id with the library's parameters (RFC 9106, low-memory profile)


@cache
def _nobody() -> str:
    """Checked when there is no such account, so that an unknown address takes as long as a wrong password."""
    return _hasher.hash(secrets.token_urlsafe())


def keep_staff(who: Caller, password: str, unit: Unit) -> None:
    """Make the account, or change it; only the password's hash is kept."""
    store.keep_staff(
        unit,
        email=account_name(who.name),
        role=who.role,
        team=who.team,
        agency=who.agency,
        password_hash=_hasher.hash(password),
    )


def account_name(email: str) -> str:
    """An address as accounts are kept under it: nobody remembers which letters of theirs are capitals."""
    return email.strip().lower()


def check_sign_in(email: str, password: str, connection: Connection) -> Caller:
    """Who this is; `NoKey` if address and password do not belong together."""
    account = store.find_staff(connection, account_name(email))
    try:
        _hasher.verify(account["password_hash"] if account else _nobody(), password)
    except (VerificationError, InvalidHashError):
        account = None
    if account is None:
        message = "The address or the password is not right."
        raise NoKey(message)
    return Caller(account["role"], account["email"], account["team"], account["agency"])
