"""One service's own database: how it is opened, how a transaction begins, what a failure means.

This is one of the two files that look at a URL's scheme. SQLite is the embedded mode: one process owns the
file, the write-ahead log is on, and every writing transaction begins IMMEDIATE, because a deferred one that
reads first and writes later loses updates without an error. PostgreSQL is production: READ COMMITTED, with
advisory locks taken in sorted order before anything that is about to be matched is read.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import shutil
import sqlite3
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from sqlalchemy import (
    DateTime,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from shared.arrays import Array, ArrayDumper
from shared.problems import Problem
from shared.rows import Gathered, Wanted, lock_and_find, pipelined, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Dialect, Engine
    from sqlalchemy.pool import ConnectionPoolEntry

log = logging.getLogger(__name__)

SAID = "hub_said"  # the NOTIFY channel on which a new outbox row announces itself
_BUSY_SECONDS = 10
_LOCK_SECONDS = 5  # whoever hears answers the broker within ten seconds, or is taken for dead
# PostgreSQL's own words for "the same transaction would work in a moment": serialization failure, deadlock,
# lock not available, and the query cancelled by a lock timeout (PostgreSQL manual, appendix A).
_TRY_AGAIN = {"40001", "40P01", "55P03", "57014"}
# What is beyond a limit of PostgreSQL's is so each time; psycopg puts it with a server that is away.
_TOO_MUCH = "54"
_WORD = re.compile(r"\B(?=[A-Z])")
_FILE_AWAY = re.compile(r"unable to open|disk I/O error|disk is full|readonly|interrupted")


class DatabaseAway(Problem):
    """The database cannot be reached just now; nothing was lost, try again."""

    status = 503
    code = "database_away"
    advice = "Send it again after as many seconds as Retry-After says."


class UnknownDatabase(Problem):
    """A database's address names no database that the hub speaks to."""

    status = 500
    code = "unknown_database"


class TablesAreNewer(Problem):
    """The tables are those of a newer version of the hub."""

    status = 500
    code = "tables_newer"


class Instant(TypeDecorator[dt.datetime]):
    """A point in time in UTC, the same on both databases; a time without an offset is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """UTC, and without its offset where the database keeps none."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time needs an offset"
            raise ValueError(message)
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """An aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


class Database:
    """A service's database; safe to share between threads."""

    def __init__(self, url: str, setting: str = "A database's address") -> None:
        """Take an SQLAlchemy URL, and what names it to whoever set it; nothing is opened before it is needed.

        Raises `UnknownDatabase`.
        """
        # Nothing of the address itself: it may hold a password.
        spoken = f"{setting} must begin with sqlite:/// or postgresql+psycopg://."
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise UnknownDatabase(spoken) from error
        if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
            raise UnknownDatabase(spoken)
        self.url = parsed
        self.is_file = parsed.get_backend_name() == "sqlite"
        self._said = threading.Event()
        self._closed = 0  # how often
        # In one process a plain lock hands over at once; SQLite's own waiting sleeps up to 100 ms a turn.
        self._writing = threading.Lock()
        self.engine: Engine = self._open_file(url) if self.is_file else self._open_server(url)
        # Connections of its own, so that none has to be switched over and back for each request.
        self._autocommit = (
            self.engine
            if self.is_file
            else self._open_server(url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        )

    def _open_file(self, url: str) -> Engine:
        engine = create_engine(
            url,
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            json_serializer=to_json,
        )

        event.listen(engine, "do_connect", _begin_the_file)
        event.listen(engine, "connect", _leave_begin_to_us)
        self._close_when_returned(engine)

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own object
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get("hub_writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def _open_server(self, url: str, **more: Any) -> Engine:  # noqa: ANN401 - options of SQLAlchemy's
        options = (
            f"-c timezone=UTC -c lock_timeout={_LOCK_SECONDS}s -c idle_in_transaction_session_timeout=60s"
        )
        engine = create_engine(
            url,
            json_serializer=to_json,
            connect_args={"connect_timeout": 5, "options": options, "application_name": "referral-hub"},
            pool_size=8,
            max_overflow=8,
            pool_timeout=_BUSY_SECONDS,
            pool_recycle=600,
            **more,
        )
        self._close_when_returned(engine)

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own object
            connection.adapters.register_dumper(Array, ArrayDumper)

        return engine

    def _close_when_returned(self, engine: Engine) -> None:
        """Have a connection that was in use when the others were closed be closed as soon as it is free.

        SQLAlchemy would put it back into the pool of before, which nobody closes again.
        """

        # Before it is opened, which may take a while: the others may be closed meanwhile.
        @event.listens_for(engine, "do_connect")
        def _begun(_dialect: object, record: ConnectionPoolEntry, _given: object, _more: object) -> None:
            record.info["closed"] = self._closed

        @event.listens_for(engine, "checkin")
        def _returned(_connection: object, record: ConnectionPoolEntry) -> None:
            if record.info.get("closed", self._closed) != self._closed:
                record.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction: committed at the end, rolled back on any error."""
        if not self.is_file:
            with self.engine.connect() as connection:
                connection.begin()
                yield connection
                connection.commit()
            return
        with (
            self._writing,
            self.engine.connect().execution_options(hub_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def finish(self, connection: Connection, write: Callable[[], None]) -> None:
        """The last statements of a transaction, which find nothing; on a server it is committed with them.

        They and the commit are sent one behind the other. Returns when the server has said that all of it is
        kept; raises what it refused.
        """
        if self.is_file:
            write()
            return
        with pipelined(connection) as driver:
            write()
            # The connection's own commit would wait for the answer.
            driver.execute(b"COMMIT", prepare=False)
        connection.commit()  # which it now learns, and asks the server nothing

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """For a unit that only writes, in one statement: on PostgreSQL that statement is the transaction.

        BEGIN and COMMIT would be two more round trips, each as dear as the statement.
        """
        if self.is_file:
            with self.transaction() as connection:
                yield connection
        else:
            with self._autocommit.connect() as connection:
                yield connection

    def free_bytes(self) -> int | None:
        """How much may still be written where its file lies; None where there is neither."""
        folder = Path(self.url.database or "").absolute().parent
        return shutil.disk_usage(folder).free if self.is_file and folder.is_dir() else None

    def close_to_others(self) -> None:
        """Have its files read by their owner alone, who alone can say so; a server sees to its own."""
        if not self.is_file:
            return
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError, PermissionError):
                Path(f"{self.url.database}{ending}").chmod(0o600)

    @contextmanager
    def stepping(self) -> Iterator[Connection]:
        """A transaction in which tables are changed, by one at a time: all of it is kept, or nothing.

        SQLite's driver would keep each table as it is made, and whatever died in between could never go on.
        """
        lone = create_engine(
            self.url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS} if self.is_file else {}
        )
        if self.is_file:
            # References are not looked at meanwhile: a table that is made anew is away for a moment.
            event.listen(lone, "do_connect", _begin_the_file)
            event.listen(lone, "connect", _leave_begin_to_us)
            event.listen(lone, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            with lone.begin() as connection:
                if not self.is_file:
                    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('hub migrations'))"))
                yield connection
        finally:
            lone.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for a few statements that read, each for itself.

        On PostgreSQL without a transaction: that saves two round trips, and psycopg forgets what it has
        prepared whenever a transaction is rolled back, as one that only read would be.
        """
        with self._autocommit.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection for reading much, row by row, as it stood at one moment."""
        with self.engine.connect() as connection:
            if not self.is_file:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield connection

    def lock(self, connection: Connection, keys: Iterable[bytes]) -> None:
        """Hold these keys until the transaction ends; whoever comes second waits, then sees what we did.

        Sorted, so that two workers with overlapping keys never wait for each other in a ring. On SQLite the
        writing transaction itself is the lock.
        """
        self.lock_and_find(connection, keys)

    def lock_and_find(
        self, connection: Connection, keys: Iterable[bytes], *wanted: Wanted | Gathered
    ) -> list[Sequence[Sequence[Any]]]:
        """Hold these keys until the transaction ends, then find all of this, in one round trip."""
        return lock_and_find(connection, {_lock_of(key) for key in keys}, wanted)

    def announce(self) -> None:
        """Wake this process's relay: something was said; PostgreSQL tells the others by a trigger."""
        self._said.set()

    def wait_for_said(self, seconds: float) -> None:
        """Return when something may have been said in this process, at the latest after `seconds`."""
        self._said.wait(seconds)
        self._said.clear()

    def listen(self, stop: threading.Event) -> threading.Thread | None:
        """Have PostgreSQL wake this process's relay when another process says something."""
        if self.is_file:
            return None
        thread = threading.Thread(target=self._listen, args=(stop,), name="listen", daemon=True)
        thread.start()
        return thread

    def _listen(self, stop: threading.Event) -> None:
        conninfo = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not stop.is_set():
            try:
                with psycopg.connect(conninfo, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {SAID}")
                    self._said.set()  # whatever was said while nobody listened
                    while not stop.is_set():
                        for _ in connection.notifies(timeout=1, stop_after=1):
                            self._said.set()
            except psycopg.Error:
                stop.wait(1)

    def now(self, connection: Connection) -> dt.datetime:
        """The database server's own clock."""
        if self.is_file:
            return dt.datetime.now(dt.UTC)
        found: dt.datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return found

    def close(self) -> None:
        """Close every connection; one that is in use when it is free again."""
        self.engine.dispose()
        self._autocommit.dispose()
        # At last: whoever begins with a pool of before still has the number of before.
        self._closed += 1


def _lock_of(key: bytes) -> int:
    return int.from_bytes(key[:8], "big", signed=True)


Verdict = Literal["away", "busy", "wrong"]


def what_failed(error: BaseException) -> Verdict:
    """Whether the database is away, was only busy, or found the statement itself wrong."""
    if isinstance(error, psycopg.OperationalError):
        return "away"
    if not isinstance(error, DBAPIError):
        return "wrong"
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return "away"
    state = getattr(error.orig, "sqlstate", None)
    if state in _TRY_AGAIN:
        return "busy"
    if isinstance(error.orig, sqlite3.OperationalError):
        # SQLite has one class for all of it, also for a statement that names no table of ours.
        told = str(error.orig)
        return "busy" if "locked" in told else "away" if _FILE_AWAY.search(told) else "wrong"
    beyond = str(state).startswith(_TOO_MUCH)
    return "away" if isinstance(error, OperationalError) and not beyond else "wrong"


def told_of(error: BaseException) -> str:
    """An error as a log may tell it: its class and what the database failed of, and nothing of any data."""
    told = type(error).__name__
    if what_failed(error) == "wrong":
        return told
    said = getattr(error, "orig", None) or error
    if isinstance(said, sqlite3.OperationalError):
        return f"{told}: {said}"  # such as: database or disk is full
    if getattr(said, "sqlstate", None) is None:
        return f"{told}: no connection"
    # PostgreSQL's words may name what was to be written; its condition does not, such as DiskFull.
    return f"{told}: {_WORD.sub(' ', type(said).__name__).lower()}"


def _leave_begin_to_us(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own object
    """What SQLAlchemy sends as BEGIN is then the only one."""
    connection.isolation_level = None


def _begin_the_file(_dialect: Dialect, _record: object, given: Sequence[str], _more: object) -> None:
    """Begin a file that its owner alone can read; -wal and -shm are then as it is.

    One that is there is never opened: to close it would end the locks that this process holds on it.
    """
    if given[0] == ":memory:":
        return
    # What is wrong with a file that cannot be begun SQLite says itself.
    with suppress(OSError):
        os.close(os.open(given[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def migrate(database: Database, scripts: Path, **given: object) -> None:
    """Bring the database to the newest version of its own tables (Alembic), alone if several try at once.

    A step finds what is `given`, such as the keys to sealed rows, in `context.config.attributes`.
    A step's file begins with its revision: an ordinary start sees without Alembic that nothing is due.
    Raises `TablesAreNewer` where a version has been at work that this one knows nothing of.
    """
    steps = {step.name.partition("_")[0] for step in (scripts / "versions").glob("[0-9]*.py")}
    version = _version(database)
    if version == max(steps):
        return
    if version is not None and version not in steps:
        message = (
            f"The tables of {scripts.parent.name} are those of a newer version of the hub ({version}; this "
            f"one knows them up to {max(steps)}), and nothing was changed. Run the newer version, or bring "
            "back a copy from before it."
        )
        raise TablesAreNewer(message)
    from alembic import command  # noqa: PLC0415 - half a second of imports that only a start needs
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    with database.stepping() as connection:
        config.attributes |= {"connection": connection, **given}
        command.upgrade(config, "head")


def _version(database: Database) -> str | None:
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def run_migrations() -> None:
    """What every service's `migrations/env.py` does: apply its scripts on the connection it was given."""
    from alembic import context  # noqa: PLC0415

    context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
