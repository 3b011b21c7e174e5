"""The servers that a run is measured on: a private RabbitMQ and PostgreSQL, and processes beside them.

Everything listens on the loopback address, keeps its data in a throw-away folder and ends with the run.
PostgreSQL runs with fsync and synchronous commit on, as in production.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.processor import Meter, of_tree
from services.every import SERVICES
from services.intake.keep_agency_keys import make_key
from shared.database import migrate
from shared.house import topology_for
from shared.messaging.broker import open_broker
from shared.sealing import new_key_text
from shared.service import Room
from shared.settings import Settings
from tests.support.ports import LOOPBACK, free_port
from tests.support.postgresql_server import PostgreSQLServer
from tests.support.rabbitmq_server import RabbitMQServer
from tests.support.server_process import launch

AGENCY = "vcas"
_ROOT = Path(__file__).parent.parent
_START_SECONDS = 30


class Process:
    """A child of the run: a server or a worker, with its output in a file."""

    def __init__(self, child: subprocess.Popen[bytes], log: Path) -> None:
        """Take a child that has been started."""
        self._child = child
        self._log = log

    @property
    def meter(self) -> Meter:
        """What it and its children cost."""
        return of_tree(self._child.pid)

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self._child.poll() is None

    def check(self, deadline: float) -> None:
        """Raise with its last words when it has ended or the deadline has passed."""
        if not self.running or time.monotonic() > deadline:
            raise TimeoutError(self.last_words())

    def wait(self, seconds: float) -> None:
        """Wait until it has ended by itself, and well."""
        assert self._child.wait(seconds) == 0, self.last_words()

    def stop(self) -> None:
        """End it, by force if it takes too long, with all the processes that it began."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def last_words(self) -> str:
        """The end of what it printed."""
        return self._log.read_text(errors="replace")[-3000:]

    def wait_for_port(self, port: int) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((LOOPBACK, port)) == 0:
                    return
            self.check(deadline)
            time.sleep(0.05)


class Ground:
    """What a run stands on; each server starts when the first benchmark needs it."""

    def __init__(self) -> None:
        """Prepare to start; `with` ends everything."""
        self._ends = contextlib.ExitStack()
        self.keys = {
            "HUB_SEALING_KEYS": new_key_text("k1"),
            "HUB_MESSAGE_KEYS": new_key_text("m1"),
            "HUB_LOOKUP_KEY": base64.b64encode(os.urandom(32)).decode(),
            "HUB_SESSION_SECRET": secrets.token_urlsafe(32),
            # Every request is counted, as in production, and none is one too many.
            "HUB_RATE_PER_MINUTE": str(10**9),
        }
        self._templates: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every server and process and delete what they wrote."""
        self._ends.close()

    @cached_property
    def folder(self) -> Path:
        """A throw-away folder."""
        return Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))

    @cached_property
    def postgresql(self) -> PostgreSQLServer:
        """The database server, started."""
        return self._ends.enter_context(PostgreSQLServer())

    @cached_property
    def rabbitmq(self) -> RabbitMQServer:
        """The broker with the hub's queues, started."""
        server = self._ends.enter_context(RabbitMQServer())
        rooms = [service.furnish(self.settings()) for service in SERVICES.values()]
        open_broker(server.amqp_url).prepare(topology_for(rooms))
        return server

    @cached_property
    def postgresql_meter(self) -> Meter:
        """What the database server costs."""
        return of_tree(_pid_on(self.postgresql._server))  # noqa: SLF001 - the one thing that tests never ask

    @cached_property
    def rabbitmq_meter(self) -> Meter:
        """What the broker costs."""
        return of_tree(_pid_on(self.rabbitmq._broker))  # noqa: SLF001

    def settings(self, **changes: str) -> Settings:
        """Settings with this run's keys, and with these changes."""
        return Settings.read(self.keys | {"HUB_HOME": str(self.folder)}, **changes)

    def database(self, service: str) -> str:
        """The URL of a new database with the service's tables; nobody has used it."""
        if service not in self._templates:
            template = f"template_{service}"
            url = self.postgresql.create_database(template)
            room = self.room(service, url)
            migrate(room.database, room.service.migrations)
            room.database.close()
            self.postgresql.disconnect(template)
            self._templates[service] = template
        name = f"{service}_{secrets.token_hex(4)}"
        return self.postgresql.create_database(name, template=self._templates[service])

    def copy(self, url: str) -> str:
        """The URL of a new copy of this database, to which nobody may be connected."""
        name = url.rpartition("/")[2]
        self.postgresql.disconnect(name)
        return self.postgresql.create_database(f"copy_{secrets.token_hex(4)}", template=name)

    def drop(self, url: str) -> None:
        """Drop a database that is no longer needed."""
        self.postgresql.drop_database(url.rpartition("/")[2])

    def room(self, service: str, url: str) -> Room:
        """The service's room on this database."""
        changes = {f"{service}_database_url": url}
        return SERVICES[service].furnish(self.settings(**changes))

    def api_key(self, url: str) -> str:
        """A new key of the agency that posts, good in this intake database."""
        room = self.room("intake", url)
        with room.unit() as unit:
            key = make_key(AGENCY, room.directory.agencies, unit)
        room.database.close()
        return key

    def python(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Process:
        """Start this interpreter with these arguments; it ends with the run at the latest."""
        log = self.folder / f"{secrets.token_hex(4)}.log"
        child = launch(
            [sys.executable, *arguments],
            environment={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
            | self.keys
            | dict(environment or {}),
            directory=_ROOT,
            log=log,
        )
        process = Process(child, log)
        self._ends.callback(process.stop)
        return process

    def serve(self, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, Process]:
        """Start a server on a free port, put where an argument says PORT, and wait until it listens."""
        port = free_port()
        process = self.python(
            *(argument.replace("PORT", str(port)) for argument in arguments), environment=environment
        )
        process.wait_for_port(port)
        return port, process


def _pid_on(server: subprocess.Popen[bytes] | None) -> int:
    assert server is not None
    return server.pid
