"""Registers of invented people in databases, filled as triage would fill them, and kept for later if asked.

A million people take minutes to fill, and a look-up is best measured on a machine with nothing else to do.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg
from sqlalchemy import Connection, select, text

from benchmarks.linkage.population import Population
from services.triage.domain.matching.accounts import Account, Mention, nothing_told
from services.triage.domain.matching.frequencies import Frequencies
from services.triage.domain.matching.judge_events import Judge
from services.triage.matching.find_people import hashed_person
from services.triage.matching.read_model import read_model
from services.triage.matching.short_forms import canonicals
from services.triage.matching.store import accounts_of
from services.triage.service import TRIAGE
from services.triage.store import pack_account
from services.triage.tables import match_keys
from shared.database import Database, migrate
from shared.sealing import Keys, load_keys, make_keys_file
from shared.settings import Settings
from tests.support.postgresql_server import PostgreSQLServer

_PAGE = 5_000
(_BY_KEY,) = match_keys.indexes
_LOOKED_AT = 50  # people of a kept register, before it is believed
_NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


class Filled(NamedTuple):
    """People in a database, the keys to it, and what judges them."""

    population: Population
    people: list[Mention]
    database: Database
    keys: Keys
    judge: Judge


@contextlib.contextmanager
def open_registers(kept_in: Path | None) -> Iterator[Registers]:
    """Registers in this folder, which stay there; or in one that is thrown away."""
    with contextlib.ExitStack() as ends:
        folder = kept_in or Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hub-registers-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL may run as a user of its own
        yield Registers(folder.absolute(), ends)


class Registers:
    """A folder with a register for each kind of database and size, and with the PostgreSQL of those in it."""

    def __init__(self, folder: Path, ends: contextlib.ExitStack) -> None:
        """Take the folder, and where to put what must be closed in the end."""
        self._folder = folder
        self._ends = ends

    def register(self, kind: str, size: int) -> Filled:
        """The register of this kind that has this many people; it is filled if it is not there yet."""
        home = self._folder / f"{kind}-{size}"
        done = home / "filled.txt"
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            make_keys_file(home)
        keys = load_keys(Settings.read({"HUB_HOME": str(home)}).key_texts, home)
        database = Database(self._url(kind, size, home, new=not done.exists()))
        self._ends.callback(database.close)
        migrate(database, TRIAGE.migrations)
        population, people = _people(size)
        filled = Filled(population, people, database, keys, Judge(read_model(), _counted(people), canonicals))
        if done.exists():
            _check(filled, home)
        else:
            done.write_text(_fill(filled))
        print(done.read_text())
        return filled

    def _url(self, kind: str, size: int, home: Path, *, new: bool) -> str:
        if kind == "sqlite":
            return f"sqlite:///{home}/triage.db"
        name = f"people_{size}"
        if new:
            self._postgresql.drop_database(name)
            self._postgresql.create_database(name)
        return self._postgresql.url(name)

    @cached_property
    def _postgresql(self) -> PostgreSQLServer:
        server = PostgreSQLServer(self._folder / "postgresql")
        if not server.initialised:
            server.init()
        self._ends.callback(server.stop)
        server.start()
        return server


def _people(size: int) -> tuple[Population, list[Mention]]:
    population = Population()
    people: list[Mention] = []
    for household in population.households():
        people += household
        if len(people) >= size:
            break
    return population, people


def _counted(people: list[Mention]) -> Frequencies:
    given = Counter(one.name.given[0] for one in people)
    family = Counter(one.name.family[0] for one in people)
    return Frequencies("1", len(people), len(people), given, family)


def _check(filled: Filled, home: Path) -> None:
    """End the run if people stand otherwise in a kept register than they would if it were filled today."""
    people, keys = filled.people, filled.keys
    with filled.database.reading() as connection:
        for number in range(0, len(people), max(1, len(people) // _LOOKED_AT)):
            account = _account(number, people[number])
            found = [
                read for read, _ in accounts_of(connection, filled.database, keys.rest, [account.reference])
            ]
            under = hashed_person(people[number], keys, filled.judge)
            query = select(match_keys.c.key).where(match_keys.c.reference == account.reference)
            if found != [account] or set(connection.scalars(query.where(match_keys.c.key.in_(under)))) != set(
                under
            ):
                raise SystemExit(f"{home} was filled by another release: delete it, and it is filled again")


def _fill(filled: Filled) -> str:
    """Write the rows that triage would have written, without what it would have said; how long that took."""
    began, count = time.monotonic(), 0
    _, people, database, keys, judge = filled
    with database.transaction() as connection:
        connection.execute(text(f"DROP INDEX {_BY_KEY.name}"))
    for at in range(0, len(people), _PAGE):
        page = list(enumerate(people[at : at + _PAGE], at))
        under = [(key, _reference(n)) for n, one in page for key in hashed_person(one, keys, judge)]
        count += len(under)
        with database.transaction() as connection:
            _insert(connection, "match_keys", ("key", "reference"), under)
            _insert(connection, "referrals", _COLUMNS, [_row(n, one, keys) for n, one in page])
    with database.transaction() as connection:
        _BY_KEY.create(connection)
    _settle(database)
    took = time.monotonic() - began
    kind = database.url.get_backend_name()
    return f"{kind}: {len(people):,} people, {count:,} keys, filled in {took:.0f} s"


def _settle(database: Database) -> None:
    """Leave the files as they are once the database has had time to tidy up, and not in the middle of it."""
    if database.is_file:
        with database.reading() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def _reference(number: int) -> str:
    return f"R-{number:08}"


def _account(number: int, one: Mention) -> Account:
    return nothing_told(_reference(number), "vcas")._replace(people=(one,))


_COLUMNS = (
    "reference", "agency", "source_record_id", "version", "case_id", "people", "sealed", "heard_at",
    "updated_at", "account",
)  # fmt: skip


def _row(number: int, one: Mention, keys: Keys) -> tuple[object, ...]:
    reference = _reference(number)
    account = pack_account(keys.rest, reference, 1, _account(number, one))
    person = f'["{UUID(int=number)}"]'
    return (reference, "vcas", reference, 1, UUID(int=number), person, b"", str(_NOW), str(_NOW), account)


def _insert(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    driver = connection.connection.driver_connection
    names = ", ".join(columns)
    if isinstance(driver, psycopg.Connection):
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)
        return
    assert driver is not None
    marks = ", ".join("?" * len(columns))
    driver.executemany(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - our own names
        [tuple(v.hex if isinstance(v, UUID) else v for v in row) for row in rows],
    )
