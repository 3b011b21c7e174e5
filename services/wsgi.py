"""The WSGI apps: one service's for gunicorn, and all three behind one front for the embedded hub."""

from __future__ import annotations

import threading
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from services.api_reference import reference
from services.every import SERVICES
from services.intake.imports.api import MOST_SENT
from services.ops import service as ops
from shared.logs import log_to_stderr
from shared.messaging.broker import open_broker
from shared.settings import Settings
from shared.web import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse as Start

    from flask import Flask

    from shared.messaging.carrier import Broker
    from shared.service import Room

# The embedded server holds what it is sent and what it answers in memory: by itself it would put a long body,
# with every person in it, into a file. Nothing longer than the longest file that is taken comes in.
IN_MEMORY: Final[dict[str, Any]] = {
    "max_request_body_size": MOST_SENT + 1024,
    "inbuf_overflow": 2 * MOST_SENT,
    "outbuf_overflow": 2 * MOST_SENT,
}


def app_of(name: str) -> Flask:
    """One service's app, with settings from the environment: `gunicorn 'services.wsgi:app_of("intake")'`."""
    settings = Settings.read()
    log_to_stderr(settings.log_level)
    return web_of(SERVICES[name].furnish(settings))


def desk_of_ops() -> Flask:
    """The desk of ops over all three services: `gunicorn 'services.wsgi:desk_of_ops()'`."""
    settings = Settings.read()
    log_to_stderr(settings.log_level)
    rooms = {name: service.furnish(settings) for name, service in SERVICES.items()}
    return ops.desk_of(rooms, open_broker(settings.broker_url))


def web_of(room: Room) -> Flask:
    """The app of a service, with the reference of the whole hub's API."""
    app = room.service.web(room)
    app.register_blueprint(reference)
    return app


class _Later:
    """An app that is put together when somebody first comes: so the hub answers sooner after its start."""

    def __init__(self, make: Callable[[], Flask]) -> None:
        self._make = make
        self._made: Flask | None = None
        self._turn = threading.Lock()

    @property
    def app(self) -> Flask:
        with self._turn:
            if self._made is None:
                self._made = self._make()
        return self._made

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        return self.app(environ, start)


class Front:
    """Hands each request to the service whose path it is, as the reverse proxy does in production."""

    def __init__(self, rooms: Mapping[str, Room], broker: Broker | None = None) -> None:
        """Take the furnished rooms of all services, and the broker between them for ops to look at."""
        self._apps = {name: _Later(partial(web_of, room)) for name, room in rooms.items()}
        self._desk = _Later(partial(ops.desk_of, rooms, broker))
        # What nobody serves has to be answered by somebody.
        self._anybody = next(iter(self._apps.values()))
        self._paths = sorted(
            [
                *((path, self._apps[name]) for name, room in rooms.items() for path in room.service.paths),
                # One answer for all three.
                *((path, self._desk) for path in (*ops.PATHS, "/metrics")),
            ],
            key=lambda pair: -len(pair[0]),
        )

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        for prefix, app in self._paths:
            if path == prefix or path.startswith(prefix + "/"):
                return app(environ, start)
        if path in ("/health/live", "/health/ready") and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self._health(environ, start)
        return self._anybody(environ, start)

    def _health(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """One answer for all three: ready when each is."""
        states = {}
        for name, later in self._apps.items():
            app = later.app
            with app.test_request_context(environ["PATH_INFO"]):
                states[name] = app.full_dispatch_request().status_code
        ok = all(status == HTTPStatus.OK for status in states.values())
        status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
        told = {name: "ok" if state == HTTPStatus.OK else "away" for name, state in states.items()}
        return as_json({"status": "ok" if ok else "away", **told}, status)(environ, start)
