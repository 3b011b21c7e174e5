"""Give staff an account, and check who signs in."""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.notify import staff_store
from shared.contracts import SessionsEnded
from shared.directory import account_name
from shared.problems import NoKey
from shared.web import Caller

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.messaging.unit import Unit

LONGEST_PASSWORD: Final = 200
_MOST_AT_ONCE: Final = 100
_hasher = PasswordHasher()  # argon2id with the library's parameters (RFC 9106, low-memory profile)


@cache
def _nobody() -> str:
    """Checked when there is no such account, so that an unknown address takes as long as a wrong password."""
    return _hasher.hash(secrets.token_urlsafe())


def keep_staff(who: Caller, password: str, unit: Unit) -> None:
    """Make the account, or change it; only the password's hash is kept.

    Whoever is signed in to one that is changed signs in anew: with the new password, in the new role.
    """
    email = account_name(who.name)
    if staff_store.find_staff(unit.connection, email) is not None:
        staff_store.end_sessions_of(unit, email)
    staff_store.keep_staff(
        unit,
        email=email,
        role=who.role,
        team=who.team,
        agency=who.agency,
        password_hash=_hasher.hash(password),
    )


def remove_staff(email: str, unit: Unit) -> bool:
    """Whoever left signs in no more, and is signed out; False if there is no such account."""
    if not staff_store.remove_staff(unit, account_name(email)):
        return False
    staff_store.end_sessions_of(unit, account_name(email))
    return True


def tell_ended_sessions(unit: Unit) -> int:
    """Tell the other services whose sessions have ended since; how many there were.

    Not whoever ends them: that may be a command that has no message keys, and nobody could open what it said.
    """
    untold = staff_store.claim_untold_ends(unit, _MOST_AT_ONCE)
    for email, ended_at in untold:
        unit.say(SessionsEnded(email=email, ended_at=ended_at))
    return len(untold)


def check_sign_in(email: str, password: str, connection: Connection) -> Caller:
    """Who this is; `NoKey` if address and password do not belong together."""
    account = staff_store.find_staff(connection, account_name(email))
    try:
        _hasher.verify(account["password_hash"] if account else _nobody(), password)
    except (VerificationError, InvalidHashError):
        account = None
    if account is None:
        message = "The address or the password is not right."
        raise NoKey(message)
    return Caller(account["role"], account["email"], account["team"], account["agency"])
