"""Reading and then writing loses nothing, on either database, however many do it at once."""

from __future__ import annotations

import datetime as dt
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, event, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from services.embedded import build
from shared.database import Database, Instant, told_of, what_failed
from shared.rows import insert_rows, pipelined, while_waiting
from shared.settings import SERVICE_NAMES, Settings
from tests.conftest import FreshDatabase
from tests.support.houses import BOTH

metadata = MetaData()
counters = Table("counters", metadata, Column("name", String, primary_key=True), Column("count", Integer))
moments = Table("moments", metadata, Column("at", Instant, primary_key=True))


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind with a counter in it."""
    if request.param == "embedded":
        made = Database(f"sqlite:///{tmp_path}/counted.db")
    else:
        fresh: FreshDatabase = request.getfixturevalue("fresh_database")
        made = Database(fresh())
    metadata.create_all(made.engine)
    with made.transaction() as connection:
        connection.execute(counters.insert(), [{"name": name, "count": 0} for name in "abc"])
    yield made
    made.close()


@pytest.mark.parametrize("lent", [Database.transaction, Database.reading])
def test_a_connection_in_use_when_the_database_is_closed_is_closed_when_it_is_free(
    database: Database, lent: Callable[[Database], AbstractContextManager[Connection]]
) -> None:
    with lent(database) as connection:
        driver: Any = connection.connection.driver_connection
        database.close()
        assert connection.execute(select(text("1"))).scalar_one() == 1
    with pytest.raises(database.engine.dialect.loaded_dbapi.Error):
        driver.execute("SELECT 1")
    with lent(database) as connection:
        assert connection.execute(select(text("1"))).scalar_one() == 1


def test_a_connection_that_is_being_opened_when_the_database_is_closed_is_closed_when_it_is_free(
    database: Database,
) -> None:
    database.close()
    # A server that is starting answers after a while.
    event.listen(database.engine, "connect", lambda *_: database.close(), once=True, insert=True)
    with database.transaction() as connection:
        driver: Any = connection.connection.driver_connection
    with pytest.raises(database.engine.dialect.loaded_dbapi.Error):
        driver.execute("SELECT 1")


def all_at_once(number: int, work: Callable[[int], None]) -> list[BaseException]:
    failed: list[BaseException] = []
    together = threading.Barrier(number)

    def run(place: int) -> None:
        together.wait(60)
        try:
            work(place)
        except BaseException as error:  # noqa: BLE001 - the test tells which
            failed.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failed


def count_up(database: Database, name: str, keys: list[bytes]) -> None:
    """Read, then write what follows from it: the way in which updates get lost."""
    with database.transaction() as connection:
        database.lock(connection, keys)
        found = connection.execute(select(counters.c.count).where(counters.c.name == name)).scalar_one()
        connection.execute(update(counters).where(counters.c.name == name).values(count=found + 1))


def counted(database: Database, name: str) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(counters.c.count).where(counters.c.name == name)).scalar_one())


def test_six_that_read_and_then_write_lose_no_update(database: Database) -> None:
    def work(_place: int) -> None:
        for _ in range(30):
            count_up(database, "a", [b"key of a"])

    assert all_at_once(6, work) == []
    assert counted(database, "a") == 180


def test_several_processes_on_one_file_lose_no_update_either(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    first = Database(url)
    metadata.create_all(first.engine)
    with first.transaction() as connection:
        connection.execute(counters.insert(), [{"name": "a", "count": 0}])
    # Each has a connection and a lock of its own, as another process would: only SQLite stands between them.
    databases = [first, *(Database(url) for _ in range(3))]

    def work(place: int) -> None:
        for _ in range(15):
            count_up(databases[place], "a", [])

    assert all_at_once(4, work) == []
    assert counted(first, "a") == 60
    for one in databases:
        one.close()


def test_keys_given_in_any_order_are_taken_in_one_order_so_nobody_waits_in_a_ring(database: Database) -> None:
    keys = [bytes([number]) * 16 for number in (1, 200, 3, 255, 5, 128)]

    def work(place: int) -> None:
        for turn in range(20):
            mine = keys[place:] + keys[:place] if turn % 2 else list(reversed(keys))
            count_up(database, "b", mine)

    assert all_at_once(6, work) == []
    assert counted(database, "b") == 120


def test_other_keys_do_not_wait_for_one_another(database: Database) -> None:
    if database.is_file:
        return  # a file has one writer at a time
    with database.transaction() as mine:
        database.lock(mine, [b"mine----"])
        with database.transaction() as other:
            database.lock(other, [b"other---"])
            database.lock(other, [])
    with database.transaction() as mine:
        database.lock(mine, [b"mine----"])
        with database.engine.connect() as other:
            other.execute(text("SET lock_timeout = '100ms'"))
            with pytest.raises(DBAPIError) as refused:
                database.lock(other, [b"mine----", b"other---"])
        assert what_failed(refused.value) == "busy"


def test_an_error_undoes_everything(database: Database) -> None:

    def changes_and_fails() -> None:
        with database.transaction() as connection:
            connection.execute(update(counters).values(count=99))
            connection.execute(counters.insert(), [{"name": "a", "count": 1}])

    with pytest.raises(IntegrityError):
        changes_and_fails()
    assert counted(database, "c") == 0


def test_a_time_comes_back_as_it_was_in_utc_and_needs_an_offset(database: Database) -> None:
    local = dt.datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    with database.transaction() as connection:
        connection.execute(moments.insert(), [{"at": local}])
        found = connection.execute(select(moments.c.at)).scalar_one()
    assert found == local
    assert found.tzinfo == dt.UTC
    with pytest.raises(Exception, match="offset"), database.transaction() as connection:
        connection.execute(moments.insert(), [{"at": local.replace(tzinfo=None)}])


def test_a_database_that_is_away_is_known_from_a_statement_that_is_wrong(database: Database) -> None:
    with pytest.raises(DBAPIError) as wrong, database.transaction() as connection:
        connection.execute(counters.insert(), [{"name": "a", "count": 1}])
    assert what_failed(wrong.value) == "wrong"
    assert told_of(wrong.value) == "IntegrityError"
    with pytest.raises(DBAPIError) as nothing_of_ours, database.reading() as connection:
        connection.execute(text("SELECT imagined FROM counters"))
    assert what_failed(nothing_of_ours.value) == "wrong"
    if not database.is_file:
        # The driver has one class for this and for what passes; whoever waited for this would wait for ever.
        too_many = text(f"SELECT {', '.join(['1'] * 1665)}")
        with pytest.raises(DBAPIError) as too_large, database.reading() as connection:
            connection.execute(too_many)
        assert what_failed(too_large.value) == "wrong"
        no_room = text("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$")
        with pytest.raises(DBAPIError) as disk_full, database.reading() as connection:
            connection.execute(no_room)
        assert what_failed(disk_full.value) == "away"
        assert told_of(disk_full.value) == "OperationalError: disk full"
        assert told_of(too_large.value) == "OperationalError"
    gone = Database("sqlite:////nowhere/at/all/hub.db")
    with pytest.raises(OperationalError) as unopened, gone.reading():
        pass
    assert what_failed(unopened.value) == "away"
    assert told_of(unopened.value) == "OperationalError: unable to open database file"
    gone.close()
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(OperationalError) as refused, away.reading():
        pass
    assert what_failed(refused.value) == "away"
    assert told_of(refused.value) == "OperationalError: no connection"
    away.close()


def test_the_files_of_a_database_are_read_by_their_owner_alone(tmp_path: Path) -> None:
    def modes() -> dict[str, int]:
        return {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    before = os.umask(0o022)
    try:
        begun, stepped = (Database(f"sqlite:///{tmp_path}/{name}.db") for name in ("begun", "stepped"))
        with stepped.stepping() as connection:
            metadata.create_all(connection)
        metadata.create_all(begun.engine)
        files = {"begun.db", "begun.db-wal", "begun.db-shm", "stepped.db"}
        assert modes() == dict.fromkeys(files, 0o600)
        begun.close()
        stepped.close()
    finally:
        os.umask(before)


def test_files_that_others_could_read_are_closed_to_them_at_the_next_start(tmp_path: Path) -> None:
    settings = Settings.read({}, home=str(tmp_path))
    build(settings).stop()
    files = list(tmp_path.glob("*.db"))
    assert len(files) == len(SERVICE_NAMES)
    for file in files:
        file.chmod(0o644)
    house = build(settings)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("*.db*")} == {0o600}
    house.stop()


def test_the_clock_of_the_database_is_ours(database: Database) -> None:
    with database.reading() as connection:
        assert abs(database.now(connection) - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)


@pytest.mark.production
def test_something_else_is_done_while_the_server_still_writes_and_commits(
    fresh_database: FreshDatabase,
) -> None:
    database = Database(fresh_database())
    metadata.create_all(database.engine)
    held = text("SELECT pg_advisory_xact_lock(1)")
    with database.engine.connect() as holder:
        holder.execute(held)
        with database.transaction() as connection:

            def write() -> None:
                connection.execute(held)  # which waits until the holder lets go of it
                connection.execute(counters.insert(), {"name": "a", "count": 1})

            answered: list[bool] = []

            def meanwhile(is_over: Callable[[], bool]) -> None:
                answered.append(is_over())
                holder.rollback()
                until(is_over)
                answered.append(is_over())

            with while_waiting(meanwhile):
                database.finish(connection, write)
            assert answered == [False, True]
            assert counted(database, "a") == 1
    database.close()


def until(is_over: Callable[[], bool]) -> None:
    """Return a moment after the server has answered."""
    deadline = time.monotonic() + 30
    while not is_over():
        assert time.monotonic() < deadline, "the server does not answer"
        time.sleep(0.01)
    time.sleep(0.1)


@pytest.mark.parametrize(
    "statements", [(b"SELECT 1/0", b"SELECT 1"), (b"SELECT 1", b"SELECT 1/0", b"SELECT 2")]
)
def test_what_was_refused_before_anybody_looked_is_told_as_what_it_is(
    fresh_database: FreshDatabase, statements: Sequence[bytes]
) -> None:
    database = Database(fresh_database())

    def send() -> None:
        with database.transaction() as connection, while_waiting(until), pipelined(connection) as driver:
            for statement in statements:
                driver.execute(statement)

    with pytest.raises(DBAPIError) as caught:
        send()
    assert isinstance(caught.value.orig, psycopg.errors.DivisionByZero)
    assert what_failed(caught.value) == "wrong"
    database.close()


def test_what_is_refused_at_the_end_is_raised_and_nothing_is_kept(database: Database) -> None:
    def write(name: str) -> None:
        with database.transaction() as connection:
            rows = [{"name": name, "count": 7}, {"name": "a", "count": 7}]
            database.finish(connection, lambda: insert_rows(connection, {counters: rows}))

    with pytest.raises(IntegrityError):
        write("d")
    with database.transaction() as connection:
        connection.execute(counters.delete())
    write("d")
    assert (counted(database, "a"), counted(database, "d")) == (7, 7)
