"""A stand-in for GOV.UK Notify over real HTTP, which takes, refuses and fails as its documentation says."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections import Counter, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import jwt

from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from types import TracebackType

SERVICE, SECRET = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
KEY = f"invented-{SERVICE}-{SECRET}"

Behaviour = "Callable[[_Handler, dict[str, Any]], None]"

# The errors that the documentation lists for sending, as it writes them.
DOCUMENTED = {
    "not valid": (400, "ValidationError", "email_address Not a valid email address"),
    "team only": (400, "BadRequestError", "Can't send to this recipient using a team-only API key"),
    "trial": (400, "BadRequestError", "Can't send to this recipient when service is in trial mode"),
    "clock": (403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds"),
    "token": (403, "AuthError", "Invalid token: API key not found"),
    "rate": (429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"),
    "day": (429, "TooManyRequestsError", "Exceeded send limits (LIMIT NUMBER) for today"),
    "exception": (500, "Exception", "Internal server error"),
}


def answers(kind: str) -> Any:  # noqa: ANN401 - a behaviour
    """Refuse so."""
    status, error, message = DOCUMENTED[kind]

    def behave(handler: _Handler, _: dict[str, Any]) -> None:
        handler.answer(status, {"status_code": status, "errors": [{"error": error, "message": message}]})

    return behave


def drops_before_taking(handler: _Handler, _: dict[str, Any]) -> None:
    """Hang up, with nothing taken."""
    handler.close_connection = True


def takes_and_drops(handler: _Handler, body: dict[str, Any]) -> None:
    """Take it and hang up."""
    handler.take(body)
    handler.close_connection = True


def takes_and_babbles(handler: _Handler, body: dict[str, Any]) -> None:
    """Take it and answer with what is no JSON."""
    handler.take(body)
    handler.answer_raw(201, b"<html>a proxy")


def takes_and_is_silent(handler: _Handler, body: dict[str, Any]) -> None:
    """Take it and say nothing until the other side hangs up."""
    handler.take(body)
    handler.rfile.read(1)
    handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        jwt.decode(self.headers["Authorization"].removeprefix("Bearer "), SECRET, algorithms=["HS256"])
        behave = self.server.notify.next_behaviour()
        if behave is not None:
            behave(self, body)
            return
        self.answer(201, {"id": self.take(body), "reference": body.get("reference"), "content": {}})

    def do_GET(self) -> None:
        if self.server.notify.does_not_tell:
            self.server.notify.does_not_tell -= 1
            self.answer(500, {"errors": [{"error": "Exception", "message": "Internal server error"}]})
            return
        asked = parse_qs(urlsplit(self.path).query).get("reference", [""])[0]
        found = [one for one in self.server.notify.taken if one["reference"] == asked]
        self.answer(200, {"notifications": found, "links": {}})

    def take(self, body: dict[str, Any]) -> str:
        """Keep a notification; what Notify calls it."""
        made = str(uuid.uuid4())
        self.server.notify.taken.append({"id": made, **body})
        return made

    def answer(self, status: int, body: object) -> None:
        self.answer_raw(status, json.dumps(body).encode())

    def answer_raw(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    notify: StandIn

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        with contextlib.suppress(OSError):
            super().finish_request(request, client_address)


class StandIn:
    """Notify, or what a test needs of it."""

    def __init__(self) -> None:
        """Nothing was taken yet."""
        self.taken: list[dict[str, Any]] = []
        # So often it fails when it is asked what it has taken.
        self.does_not_tell = 0
        self._behaviours: deque[Any] = deque()
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.notify = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

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
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    @property
    def tokens(self) -> Counter[str]:
        """How often each reference was taken."""
        return Counter(one["reference"] for one in self.taken)

    def then(self, *behaviours: Any) -> None:  # noqa: ANN401 - behaviours
        """Meet the next requests so."""
        self._behaviours.extend(behaviours)

    def next_behaviour(self) -> Any:  # noqa: ANN401 - a behaviour, if there is one
        """How the next request is met."""
        return self._behaviours.popleft() if self._behaviours else None
