"""A PostgreSQL of the tests' own: on the loopback address, with throw-away data, to be killed at will."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import LiteralString, Self

import psycopg
from psycopg import sql

from tests.support.ports import LOOPBACK, free_port
from tests.support.server_process import ServerDidNotStartError, ServerNotInstalledError, launch

_ROLE = "postgres"
_START_SECONDS = 60
_STOP_SECONDS = 30
_GLANCE_SECONDS = 0.01


def find_programs() -> Path | None:
    """Find the folder with initdb and postgres, of the newest version; None where there is none."""
    versions = [
        folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit()
    ]
    debian = sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    for folder in (*debian, *([Path(on_path).resolve().parent] if on_path else [])):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


class PostgreSQLServer:
    """One cluster with its own port and data, and the durability of production: fsync is on.

    As a context manager it is initialised and started, and in the end stopped and deleted. PostgreSQL
    refuses to run as root; called by root, it runs as the user postgres.
    """

    def __init__(self, directory: Path | None = None, *, settings: Mapping[str, str] | None = None) -> None:
        """Choose a place. `settings` are added lines of postgresql.conf."""
        programs = find_programs()
        if programs is None:
            raise ServerNotInstalledError(
                "PostgreSQL is not installed (on Debian: apt-get install postgresql)"
            )
        self._programs = programs
        self._directory = (directory or Path(tempfile.mkdtemp(prefix="hub-postgresql-"))).absolute()
        self._settings = dict(settings or {})
        self._server: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self._owner = _unprivileged_owner()
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._owner is not None:
            os.chown(self._directory, *self._owner)
        self._environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "HOME": str(self._directory),
        }

    def __enter__(self) -> Self:
        """Initialise and start it."""
        try:
            self.init()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and delete everything it wrote."""
        self.remove()

    # ------------------------------------------------------------------------------------- databases

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{_ROLE}@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database, as a copy of `template` (which nobody may be connected to), and give its URL."""
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and whoever is connected to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def disconnect(self, name: str) -> None:
        """End every connection to a database, from the server's side."""
        with self._connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [name],
            )

    # ------------------------------------------------------------------------------------------ life

    @property
    def running(self) -> bool:
        """Whether the server's first process is alive."""
        return self._server is not None and self._server.poll() is None

    @property
    def initialised(self) -> bool:
        """Whether the cluster's files are there: of a server before this one, in the same place."""
        return (self._data / "PG_VERSION").exists()

    def init(self) -> None:
        """Make the cluster's files."""
        log = self._directory / "initdb.log"
        cluster = ["-D", str(self._data), "-U", _ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        child = launch(
            # Nothing is in the files yet that a crash could take, so they need not be flushed.
            [self._programs / "initdb", *cluster, "--no-sync"],
            environment=self._environment,
            directory=self._directory,
            log=log,
            owner=self._owner,
        )
        if child.wait(_START_SECONDS) != 0:
            raise ServerDidNotStartError(f"initdb ended with {child.returncode}\n{log.read_text()}")
        settings = {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
        }
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in (settings | self._settings).items())

    def start(self) -> None:
        """Start, recover if need be, and return when queries are answered."""
        if self.running:
            return
        server = launch(
            [self._programs / "postgres", "-D", self._data, "-p", str(self.port)],
            environment=self._environment,
            directory=self._directory,
            log=self._log,
            owner=self._owner,
        )
        self._server = server
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if server.poll() is not None or time.monotonic() > deadline:
                raise ServerDidNotStartError(f"PostgreSQL gave no answer\n{self._last_words()}")
            time.sleep(_GLANCE_SECONDS)

    def kill_9(self) -> None:
        """Kill every process of the server as a power cut would; its data stays."""
        server = self._started()
        # Each session's process leads a group of its own, so they are looked up one by one; the first
        # process is held still meanwhile, and cannot make another.
        os.kill(server.pid, signal.SIGSTOP)
        sessions = _children(server.pid)
        for process in (*sessions, server.pid):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        server.wait()
        # The next start is refused while one of them still holds the shared memory.
        while any(_is_alive(process) for process in sessions):
            time.sleep(_GLANCE_SECONDS)

    def stop(self) -> None:
        """Stop in order, without waiting for clients to leave ("fast"); the data stays."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill_9()

    def restart(self) -> None:
        """Stop and start, as an upgrade of the server would; every connection is lost."""
        self.stop()
        self.start()

    def mend(self) -> None:
        """Bring the server back to service, whatever a test did to it."""
        self.start()

    def remove(self) -> None:
        """Stop it and delete everything it wrote."""
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    # ------------------------------------------------------------------------------------- furniture

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _log(self) -> Path:
        return self._directory / "postgresql.log"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._server is None:
            raise RuntimeError("the server has not been started")
        return self._server

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=_ROLE,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _answers(self) -> bool:
        try:
            with self._connect() as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-3000:] if self._log.exists() else ""


def _unprivileged_owner() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    owner = pwd.getpwnam("postgres")
    return owner.pw_uid, owner.pw_gid


def _children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _is_alive(process: int) -> bool:
    try:
        # After the name in brackets comes the state; Z is a dead process that nobody has asked after yet.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
