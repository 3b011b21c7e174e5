"""An agency's own server, which takes what is pushed to it, or does with it what servers do."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.support.ports import LOOPBACK

_DRIP_SECONDS = 0.02


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What the sender calls the event."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """The event itself."""
        read: dict[str, Any] = msgspec.json.decode(self.body)
        return read


Behaviour = Callable[["Handler"], None]


def answers(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer with this status; header names are written with underscores."""

    def behave(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "content_length" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def drops(handler: Handler) -> None:
    """Take the request and hang up."""
    handler.close_connection = True


def says_what_is_no_http(handler: Handler) -> None:
    """Speak another language."""
    handler.wfile.write(b"220 mail.agency.example ready\r\n")


def never_ends_its_headers(handler: Handler) -> None:
    """One header line without an end, as quickly as it is taken."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    handler.until_cut(b"a" * 4096, 0)


def sends_headers_drop_by_drop(handler: Handler) -> None:
    """A good status, then a header that comes so slowly that no single wait is long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    handler.until_cut(b"a", _DRIP_SECONDS)


def never_ends_its_answer(handler: Handler) -> None:
    """Say that all is well, and then go on talking."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    handler.until_cut(b"a" * 65536, 0)


class Handler(BaseHTTPRequestHandler):
    """One connection, for behaviours to answer on."""

    protocol_version = "HTTP/1.1"
    server: _Server
    received: Received

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received = Received(self.path, dict(self.headers.items()), body)
        self.server.receiver.take(self.received)(self)

    def until_cut(self, piece: bytes, pause: float) -> None:
        """Send this again and again until the other side hangs up or the server stops."""
        while not self.server.receiver.stopped.wait(pause):
            self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        # Here, in the connection's own thread: a handshake that hangs holds up nobody else.
        with contextlib.suppress(OSError):
            if self.tls is not None:
                request = self.tls.wrap_socket(request, server_side=True)
            try:
                super().finish_request(request, client_address)
            finally:
                request.close()


class Receiver:
    """A server on one port; each request is met as `then` says, and with 204 when nothing was said."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Speak TLS, if there is a context for it."""
        self.stopped = threading.Event()
        self._server = _Server((LOOPBACK, 0), Handler)
        self._server.receiver, self._server.tls = self, tls
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._turn = threading.Lock()
        self._received: list[Received] = []
        self._behaviours: deque[Behaviour] = deque()
        self._otherwise: Behaviour = answers(204)

    def __enter__(self) -> Self:
        """Start it."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where an agency wants to be called."""
        return f"http://{LOOPBACK}:{self.port}/hub"

    @property
    def received(self) -> list[Received]:
        """Every request so far, in order."""
        with self._turn:
            return list(self._received)

    def then(self, *behaviours: Behaviour) -> None:
        """Meet the next requests so, one after the other."""
        with self._turn:
            self._behaviours.extend(behaviours)

    def otherwise(self, behaviour: Behaviour) -> None:
        """Meet every request so for which nothing else was said."""
        with self._turn:
            self._otherwise = behaviour

    def take(self, received: Received) -> Behaviour:
        """Note a request; how it is met."""
        with self._turn:
            self._received.append(received)
            return self._behaviours.popleft() if self._behaviours else self._otherwise
