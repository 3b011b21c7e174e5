"""How another system's endpoint is called: found and checked by us, over one connection, within 15 seconds.

The name is looked up once, every address behind it is checked, and the connection goes to an address that was
checked: a name that points elsewhere a moment later leads nowhere. TLS still asks for a certificate of the
name. Nothing is followed, no proxy is used, and of the answer no more than its beginning is read.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal

import urllib3.connection
import urllib3.exceptions

from shared.target import Address, Network, Target, may_call
from shared.tls import believing

if TYPE_CHECKING:
    from concurrent.futures import Future

    from shared.settings import Settings

SECONDS: Final = 15.0
LINES: Final = 16
# Looking a name up has no time-out of its own; whoever sets a webhook waits no longer than this for it.
_LOOK_UP_SECONDS: Final = 5.0
_ADDRESSES_TRIED: Final = 3
_ANSWER_BYTES: Final = 16 * 1024

# Why there is no status code: what kept an answer from coming.
Trouble = Literal[
    "host_not_allowed", "no_connection", "tls_failed", "timed_out", "connection_lost", "no_http", "not_sent"
]
LONGEST_RETRY_AFTER: Final = dt.timedelta(hours=24)

LookUp = Callable[[str, int], Sequence[Address]]


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt: a status code, or what kept one from coming."""

    status: int | None
    trouble: Trouble | None
    ms: int
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        """A status of 2xx, and nothing else, says that it was taken."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, 15.3

    @property
    def is_gone(self) -> bool:
        """410 says that nothing more is wanted there."""
        return self.status == 410  # noqa: PLR2004 - RFC 9110, 15.5.11


def look_up(host: str, port: int) -> list[Address]:
    """Every address of the host, as the system's resolver knows them; none when it knows none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    # An address with a zone (fe80::1%eth0) is one of this machine's own networks, and is refused as such.
    return list(dict.fromkeys(ipaddress.ip_address(place[0]) for *_, place in found))


class Deadline:
    """Cuts a connection when its time is over, whatever it is doing: a slow answer comes byte by byte."""

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self.passed = False
        self._lifelines: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        """Seconds until then; never quite none, which would mean no limit."""
        return max(0.001, self.ends_at - time.monotonic())

    def hold(self, connected: socket.socket) -> None:
        """From now on this connection can be cut. A copy is kept: TLS takes the original away."""
        self._lifelines.append(connected.dup())
        if self.passed:
            self.cut()

    def cut(self) -> None:
        """End it now."""
        self.passed = True
        for lifeline in list(self._lifelines):
            with contextlib.suppress(OSError):
                lifeline.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """It ended by itself."""
        self._timer.cancel()
        for lifeline in self._lifelines:
            lifeline.close()


class _Plain(urllib3.connection.HTTPConnection):
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        self.deadline.hold(connected)
        return connected


class _Tls(urllib3.connection.HTTPSConnection):
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        self.deadline.hold(connected)
        return connected


class Line:
    """The way out to agencies' endpoints: a few lines at a time, each for one call."""

    def __init__(
        self,
        private: Sequence[Network] = (),
        ca_file: str = "",
        *,
        look_up: LookUp = look_up,
        seconds: float = SECONDS,
    ) -> None:
        """Take the private networks that may be called, and a file of authorities beside the system's own."""
        self._private = tuple(private)
        self._look_up = look_up
        self._seconds = seconds
        self._tls = believing(ca_file) if ca_file else believing()
        self._pool = ThreadPoolExecutor(LINES, thread_name_prefix="webhook")
        self._finders = ThreadPoolExecutor(2, thread_name_prefix="webhook-look-up")
        self._calls: set[Deadline] = set()

    @classmethod
    def of(cls, settings: Settings) -> Line:
        """The line that the settings describe."""
        return cls(settings.webhook_private_networks, settings.webhook_ca_file)

    def reaches(self, target: Target) -> bool:
        """Whether the target can be found and may be called, as far as can be told now."""
        try:
            found = self._finders.submit(self._look_up, target.host, target.port).result(_LOOK_UP_SECONDS)
        except TookTooLong:
            return False
        return may_call(target, found, self._private)

    def begin(self, work: Callable[[], Outcome]) -> Future[Outcome]:
        """Do this on a line that is free, or as soon as one is."""
        return self._pool.submit(work)

    def call(self, target: Target, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post this to the target; what came of it, never an error."""
        began = time.monotonic()
        deadline = Deadline(self._seconds)
        self._calls.add(deadline)
        try:
            status, trouble, retry_after = self._call(target, headers, body, deadline)
        finally:
            self._calls.discard(deadline)
            deadline.close()
        ms = round((time.monotonic() - began) * 1000)
        return Outcome(status, trouble, ms, retry_after)

    def _call(
        self, target: Target, headers: Mapping[str, str], body: bytes, deadline: Deadline
    ) -> tuple[int | None, Trouble | None, str]:
        addresses = self._look_up(target.host, target.port)
        if not may_call(target, addresses, self._private):
            return None, "host_not_allowed", ""
        trouble: Trouble = "no_connection"
        for address in addresses[:_ADDRESSES_TRIED]:
            if deadline.passed:
                break
            connection = self._connection(target, address, deadline)
            try:
                connection.connect()
                return self._exchange(connection, target, headers, body, deadline)
            except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
                trouble = _trouble_of(error)
                if trouble != "no_connection":
                    break  # it may have arrived: only a machine that was not reached is passed over
            finally:
                connection.close()
        return None, "timed_out" if deadline.passed else trouble, ""

    def _connection(self, target: Target, address: Address, deadline: Deadline) -> _Plain | _Tls:
        connection = (
            _Tls(
                str(address),
                target.port,
                timeout=deadline.left,
                ssl_context=self._tls,
                server_hostname=target.host,
            )
            if target.is_tls
            else _Plain(str(address), target.port, timeout=deadline.left)
        )
        connection.deadline = deadline
        return connection

    def _exchange(
        self,
        connection: _Plain | _Tls,
        target: Target,
        headers: Mapping[str, str],
        body: bytes,
        deadline: Deadline,
    ) -> tuple[int | None, Trouble | None, str]:
        own = {"Host": target.authority, "Accept-Encoding": "identity", "Connection": "close"}
        connection.request(
            "POST", target.path, body, {**headers, **own}, preload_content=False, decode_content=False
        )
        answer = connection.getresponse()
        if deadline.passed:
            # A connection that was cut looks like headers that ended.
            return None, "timed_out", ""
        # Read politely, so that the other side can end its answer; what it says does not matter.
        with contextlib.suppress(urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):
            answer.read(_ANSWER_BYTES)
            answer.close()
        return answer.status, None, answer.headers.get("Retry-After", "")

    def close(self) -> None:
        """Cut what is being said: it is said again later, under the same id."""
        for pool in (self._pool, self._finders):
            pool.shutdown(wait=False, cancel_futures=True)
        for deadline in list(self._calls):
            deadline.cut()


def _trouble_of(error: Exception) -> Trouble:
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "no_connection"
    if isinstance(error, (urllib3.exceptions.TimeoutError, TimeoutError)):
        return "timed_out"
    if isinstance(error, (ssl.SSLError, urllib3.exceptions.SSLError)):
        return "tls_failed"
    if isinstance(error, OSError):
        return "connection_lost"
    return "no_http"


def read_retry_after(text: str, now: dt.datetime) -> dt.timedelta | None:
    """What an endpoint asks for in Retry-After (RFC 9110, 10.2.3), a day at most; None if it says nothing."""
    plain = text.strip()
    if plain.isascii() and plain.isdigit():
        # More digits than a day of seconds has are a day in any case.
        asked = LONGEST_RETRY_AFTER if len(plain) > len("86400") else dt.timedelta(seconds=int(plain))
    else:
        try:
            until = parsedate_to_datetime(plain)
        except (ValueError, OverflowError):  # a day or an offset of twenty digits is no calendar's
            return None
        # A date without an offset is one in GMT.
        asked = (until if until.tzinfo else until.replace(tzinfo=dt.UTC)) - now
    return min(max(asked, dt.timedelta()), LONGEST_RETRY_AFTER)
