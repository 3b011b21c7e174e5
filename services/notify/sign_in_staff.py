"""Let staff and practitioners sign in, and slow down whoever guesses passwords."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from services.notify.keep_staff import check_sign_in
from shared.directory import account_name
from shared.problems import NoKey, TooMany

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.web import Caller

log = logging.getLogger(__name__)

# Wrong passwords in a quarter of an hour. A guesser gets nowhere with ten; a whole office behind one address
# may mistype more often than that.
OF_ACCOUNT: Final = RateLimitItemPerMinute(10, 15)
OF_ADDRESS: Final = RateLimitItemPerMinute(100, 15)


class Tries:
    """The wrong passwords of the last while, in the memory of this process alone."""

    def __init__(self) -> None:
        """Begin with none."""
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def begin(self, account: str, address: str) -> None:
        """Count one more try; `TooMany` when there were too many for this account or from this address.

        It counts before the password is looked at, so that tries at the same moment are counted too, and it
        counts for accounts that do not exist, so that nobody learns which do.
        """
        if not self._limiter.test(OF_ADDRESS, address) or not self._limiter.hit(OF_ACCOUNT, account):
            log.warning("sign-in refused", extra={"why": "too many tries"})
            ends = max(
                self._limiter.get_window_stats(OF_ADDRESS, address).reset_time,
                self._limiter.get_window_stats(OF_ACCOUNT, account).reset_time,
            )
            message = "There were too many tries. Wait a quarter of an hour, then try again."
            raise TooMany(message, retry_after=max(1, round(ends - time.time())))

    def was_wrong(self, address: str) -> None:
        """The password was wrong: it counts against the address that it came from."""
        self._limiter.hit(OF_ADDRESS, address)

    def was_right(self, account: str) -> None:
        """The password was right: what was mistyped before is forgotten."""
        self._limiter.clear(OF_ACCOUNT, account)


def sign_in_staff(email: str, password: str, address: str, tries: Tries, connection: Connection) -> Caller:
    """Who this is; `NoKey` if e-mail and password do not belong together, `TooMany` after too many tries.

    `address` is the network address that the try came from. The log learns neither it nor the e-mail.
    """
    account = account_name(email)
    tries.begin(account, address)
    try:
        caller = check_sign_in(email, password, connection)
    except NoKey:
        tries.was_wrong(address)
        log.warning("sign-in refused", extra={"why": "wrong e-mail or password"})
        raise
    tries.was_right(account)
    log.info("signed in", extra={"role": caller.role})
    return caller
