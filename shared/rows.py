"""Writes and finds many rows with few statements, the same way on both databases.

PostgreSQL gets all values of a column, or all that are looked for, as one array in one parameter: a bind for
each value, or an execution for each row, costs the client several times as much, and the statement's text
never changes, so it is prepared once. SQLite is in the process, and takes the plain way.
"""

from __future__ import annotations

import hashlib
import select as sockets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import psycopg
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    TextualSelect,
    TypeDecorator,
    Update,
    Uuid,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from shared import arrays
from shared.arrays import Array, Kind, array

if TYPE_CHECKING:
    from sqlalchemy import Connection

Rows = Sequence[Mapping[str, object]]
# What is done until the answer is there, which it is given to ask: many short things, or nothing at all.
Meanwhile = Callable[[Callable[[], bool]], object]

_meanwhile: ContextVar[Meanwhile | None] = ContextVar("meanwhile", default=None)

_TOGETHER = 256  # values that one statement of SQLite looks for
_IN_FILE = sqlite.dialect(json_deserializer=msgspec.json.decode)
_BETWEEN = "\x1f"  # stands between texts that come as one
# The keys come in the array's order, which is sorted, and are locked one after the other.
_LOCK = b"SELECT count(pg_advisory_xact_lock(k)) FROM unnest(%s::bigint[]) AS k"


def insert_rows(connection: Connection, rows: Mapping[Table, Rows]) -> None:
    """Insert rows that have every column of their table; on PostgreSQL in one statement for all tables."""
    if connection.dialect.name == "sqlite":
        for table in sorted(rows, key=_parents_first(next(iter(rows)).metadata).__getitem__):
            connection.execute(_insert_into(table), rows[table])
        return
    tables = tuple(sorted(rows, key=attrgetter("name")))
    given = tuple(column for table in tables for column in _columns(table, rows[table]))
    connection.exec_driver_sql(_insert_arrays(tables), given)


def insert_unless_known(connection: Connection, table: Table, rows: Rows, key: Column[Any]) -> list[Any]:
    """Insert the rows whose primary key is not there yet; the values of `key` of those that were not."""
    if connection.dialect.name == "sqlite":
        plainly = sqlite.insert(table).on_conflict_do_nothing().returning(key)
        return list(connection.execute(plainly, rows).scalars())
    statement, given = _insert_unless_known(table, key.name), tuple(_columns(table, rows))
    with pipelined(connection) as driver:  # so that a BEGIN travels with it
        inserted = driver.execute(statement.encode(), given)
    return [value for (value,) in inserted.fetchall()]


def update_rows(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    names: tuple[str, ...],
    rows: Rows,
) -> None:
    """Set the columns `names` in the rows found by the columns `keys`.

    Each of `rows` holds `key_<column>` and `new_<column>` values; later ones win over earlier ones.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(_update_by(table, keys, names), rows)
        return
    last = {tuple(row[f"key_{name}"] for name in keys): row for row in rows}.values()
    given = [array(kind_of(table.c[name]), [row[f"key_{name}"] for row in last]) for name in keys]
    given += [array(kind_of(table.c[name]), [row[f"new_{name}"] for row in last]) for name in names]
    connection.exec_driver_sql(_update_arrays(table, keys, names), tuple(given))


def hold_rows(
    connection: Connection,
    columns: tuple[Column[Any], ...],
    by: tuple[Column[Any], Column[Any]],
    first: object,
    seconds: Collection[object],
) -> Sequence[Row[Any]]:
    """The rows with this first and one of these second values, locked in the order of the second.

    One statement, an index search for each value. On SQLite the writing transaction itself is the lock.
    """
    if not seconds:
        return ()
    both, ordered = {"first": first}, sorted(set(seconds))  # type: ignore[type-var]  # of one type, which has an order
    if connection.dialect.name == "sqlite":
        query = _find_by(columns, by[1]).where(by[0] == bindparam("first"))
        return connection.execute(query, both | {"values": ordered}).all()
    return connection.execute(_hold_typed(columns, by), both | {"values": _values(by[1], ordered)}).all()


def find_rows(
    connection: Connection, columns: tuple[Column[Any], ...], by: Column[Any], values: Collection[object]
) -> Sequence[Row[Any]]:
    """The rows whose column `by` has one of these values: one statement, an index search for each value."""
    if not values:
        return ()
    if connection.dialect.name == "sqlite":
        return connection.execute(_find_by(columns, by), {"values": list(values)}).all()
    return connection.execute(_find_typed(columns, by), {"values": _values(by, values)}).all()


def _values(by: Column[Any], values: Collection[object]) -> Array:
    return array(kind_of(by), list(dict.fromkeys(values)))


class Wanted(NamedTuple):
    """The rows whose column `by` has one of these values, and which of their columns."""

    columns: tuple[Column[Any], ...]
    by: Column[Any]
    values: Collection[object]


class Gathered(NamedTuple):
    """The texts of a column in the rows whose column `by` has one of these values, so many at most for each.

    What is found of one value comes as one row, the value and its texts: a row for each text costs several
    times what it takes to find it.
    """

    column: Column[Any]
    by: Column[Any]
    values: Collection[object]
    most: int


def lock_and_find(
    connection: Connection, locks: Collection[int], wanted: Sequence[Wanted | Gathered]
) -> list[Sequence[Sequence[Any]]]:
    """Take the locks, then find the rows, as plain tuples: on PostgreSQL in one round trip.

    Each statement sees what had been committed when it began, so none looks before the locks are ours. On
    SQLite the writing transaction itself is the lock.
    """
    if connection.dialect.name == "sqlite":
        return [_in_file(connection, one) for one in wanted]
    with pipelined(connection) as driver:
        if locks:
            driver.execute(_LOCK, (array(arrays.BIGINT, sorted(locks)),))
        found = [driver.execute(_on_server(one).encode(), (_values(one.by, one.values),)) for one in wanted]
    return [_apart(one, cursor.fetchall()) for one, cursor in zip(wanted, found, strict=True)]


def locks_of(kind: str, names: Iterable[str]) -> set[int]:
    """The numbers to lock for things that have a name: the same in every process."""
    digests = (hashlib.sha256(f"{kind}/{name}".encode()).digest() for name in names)
    return {int.from_bytes(digest[:8], "big", signed=True) for digest in digests}


def _apart(wanted: Wanted | Gathered, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    if isinstance(wanted, Wanted):
        return rows
    return [(value, texts.split(_BETWEEN)) for value, texts in rows if texts is not None]


def _in_file(connection: Connection, wanted: Wanted | Gathered) -> Sequence[Sequence[Any]]:
    """As the driver finds it: SQLAlchemy's way of giving it a dozen values costs more than the searches."""
    values = list(dict.fromkeys(wanted.values))
    columns = wanted.columns if isinstance(wanted, Wanted) else (wanted.by,)
    write, readers = _written(wanted.by), _read(columns)
    found: list[Sequence[Any]] = []
    for at in range(0, len(values), _TOGETHER):
        some = values[at : at + _TOGETHER]
        given = tuple(map(write, some) if write else some)
        found += connection.exec_driver_sql(_of_file(wanted, len(some)), given).all()
    if readers:
        found = [
            tuple([read(value) if read else value for read, value in zip(readers, row, strict=True)])
            for row in found
        ]
    return _apart(wanted, found)


@contextmanager
def pipelined(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """The driver's own connection, which sends statements one behind the other without waiting for answers.

    They are there at the end. What the server refuses is raised there, as SQLAlchemy would raise it.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - no other driver speaks to a server here
    try:
        with driver.pipeline():
            yield driver
            meanwhile = _meanwhile.get()
            if meanwhile is not None:
                # The server keeps what it answers until it is asked for it, or for everything.
                driver.pgconn.send_flush_request()
                driver.pgconn.flush()
                meanwhile(_answered(driver))
    except psycopg.Error as error:
        gone = driver.broken
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(None, None, error, psycopg.Error, True, gone) from error


@contextmanager
def while_waiting(meanwhile: Meanwhile) -> Iterator[None]:
    """Do this in here whenever a server works on statements of this thread that are sent `pipelined`."""
    before = _meanwhile.set(meanwhile)
    try:
        yield
    finally:
        _meanwhile.reset(before)


def _answered(driver: psycopg.Connection[Any]) -> Callable[[], bool]:
    readable = sockets.poll()
    readable.register(driver.fileno(), sockets.POLLIN)
    return lambda: bool(readable.poll(0))


def to_json(value: object) -> str:
    """The JSON text of a value; ids, instants and bytes (in base64) included."""
    return msgspec.json.encode(value).decode()


_KINDS: dict[type[TypeEngine[Any]], Kind] = {
    Uuid: arrays.UUID,
    LargeBinary: arrays.BYTEA,
    String: arrays.TEXT,
    Integer: arrays.INTEGER,
    Boolean: arrays.BOOLEAN,
    DateTime: arrays.TIMESTAMPTZ,
    Date: arrays.DATE,
    JSON: arrays.JSON,
}


@cache
def _written(column: Column[Any]) -> Callable[[Any], Any] | None:
    """How a value is written for SQLite's driver, where the two do not have it alike."""
    return column.type.dialect_impl(_IN_FILE).bind_processor(_IN_FILE)


@cache
def _read(columns: tuple[Column[Any], ...]) -> tuple[Callable[[Any], Any] | None, ...]:
    """How the values of these columns are read from SQLite's driver; empty if all of them are alike."""
    readers = [column.type.dialect_impl(_IN_FILE).result_processor(_IN_FILE, None) for column in columns]
    return tuple(readers) if any(readers) else ()


def _names(columns: tuple[Column[Any], ...]) -> str:
    return ", ".join(f'"{c.name}"' for c in columns)


@cache
def kind_of(column: Column[Any]) -> Kind:
    """How a column's values are written for PostgreSQL."""
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return next(_KINDS[cls] for cls in type(kind).__mro__ if cls in _KINDS)


def _columns(table: Table, rows: Rows) -> list[Array]:
    """The rows as one array for each column."""
    kinds, values_of = _reading(table)
    columns = zip(*map(values_of, rows), strict=True)
    return [array(kind, values) for kind, values in zip(kinds, columns, strict=True)]


@cache
def _reading(table: Table) -> tuple[tuple[Kind, ...], Callable[[Mapping[str, object]], tuple[object, ...]]]:
    return tuple(map(kind_of, table.c)), itemgetter(*(c.name for c in table.c))


# Statements are built once: SQLAlchemy then finds their compiled form without walking through them again.
# Those in SQL text are put together from the names of our own tables and columns only.
@cache
def _parents_first(metadata: MetaData) -> dict[Table, int]:
    return {table: place for place, table in enumerate(metadata.sorted_tables)}


@cache
def _insert_into(table: Table) -> Insert:
    return insert(table)


@cache
def _insert_arrays(tables: tuple[Table, ...]) -> str:
    """All tables in one statement: all but the last are data-modifying CTEs (PostgreSQL manual, 7.8.4)."""
    *others, last = map(_insert_columns, tables)
    parts = ", ".join(f"part_{place} AS ({other})" for place, other in enumerate(others))
    return f"WITH {parts} {last}" if parts else last


@cache
def _insert_unless_known(table: Table, key: str) -> str:
    return f'{_insert_columns(table)} ON CONFLICT DO NOTHING RETURNING "{key}"'


def _insert_columns(table: Table) -> str:
    names = ", ".join(f'"{c.name}"' for c in table.c)
    given = ", ".join(f"%s::{kind_of(c).name}[]" for c in table.c)
    return f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({given}) AS given'  # noqa: S608


@cache
def _update_by(table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> Update:
    statement = update(table).values({name: bindparam(f"new_{name}") for name in names})
    for name in keys:
        statement = statement.where(table.c[name] == bindparam(f"key_{name}"))
    return statement


@cache
def _update_arrays(table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> str:
    given = ", ".join(f"%s::{kind_of(table.c[name]).name}[]" for name in (*keys, *names))
    shape = ", ".join([f"key_{name}" for name in keys] + [f"new_{name}" for name in names])
    settings = ", ".join(f'"{name}" = v.new_{name}' for name in names)
    found_by = " AND ".join(f't."{name}" = v.key_{name}' for name in keys)
    return f'UPDATE "{table.name}" AS t SET {settings} FROM unnest({given}) AS v ({shape}) WHERE {found_by}'  # noqa: S608


@cache
def _find_by(columns: tuple[Column[Any], ...], by: Column[Any]) -> Select[Any]:
    return select(*columns).where(by.in_(bindparam("values", expanding=True)))


def _of_file(wanted: Wanted | Gathered, count: int) -> str:
    if isinstance(wanted, Wanted):
        return _find_some(wanted.columns, wanted.by, count)
    return _gather_some(wanted.column, wanted.by, wanted.most, count)


@cache
def _find_some(columns: tuple[Column[Any], ...], by: Column[Any], count: int) -> str:
    marks = ", ".join("?" * count)
    return f'SELECT {_names(columns)} FROM "{by.table.name}" WHERE "{by.name}" IN ({marks})'  # noqa: S608


@cache
def _gather_some(column: Column[Any], by: Column[Any], most: int, count: int) -> str:
    """A search for each value in one statement: a statement for each costs five times as much."""
    values = ", ".join(["(?)"] * count)
    texts = _texts_of(column, by, f"LIMIT {most}", f"group_concat(\"{column.name}\", '{_BETWEEN}')")
    return f"WITH given (x) AS (VALUES {values}) SELECT x, ({texts}) FROM given"  # noqa: S608


def _on_server(wanted: Wanted | Gathered) -> str:
    if isinstance(wanted, Wanted):
        return _find_by_array(wanted.columns, wanted.by, "%s")
    return _gather_by_array(wanted.column, wanted.by, wanted.most)


@cache
def _gather_by_array(column: Column[Any], by: Column[Any], most: int) -> str:
    texts = _texts_of(column, by, f"LIMIT {most}", f"string_agg(\"{column.name}\", '{_BETWEEN}')")
    return f"SELECT x, ({texts}) FROM unnest(CAST(%s AS {kind_of(by).name}[])) AS x"  # noqa: S608


def _texts_of(column: Column[Any], by: Column[Any], most: str, joined: str) -> str:
    under = f'SELECT "{column.name}" FROM "{by.table.name}" WHERE "{by.name}" = x {most}'  # noqa: S608
    return f"SELECT {joined} FROM ({under}) AS few"  # noqa: S608


@cache
def _find_typed(columns: tuple[Column[Any], ...], by: Column[Any]) -> TextualSelect:
    return text(_find_by_array(columns, by, ":values")).columns(*columns)


@cache
def _find_by_array(columns: tuple[Column[Any], ...], by: Column[Any], values: str) -> str:
    return _search_each(columns, by, values, "", "OFFSET 0")


@cache
def _hold_typed(columns: tuple[Column[Any], ...], by: tuple[Column[Any], Column[Any]]) -> TextualSelect:
    within = f'"{by[0].name}" = :first AND '
    return text(_search_each(columns, by[1], ":values", within, "OFFSET 0 FOR UPDATE")).columns(*columns)


def _search_each(
    columns: tuple[Column[Any], ...], by: Column[Any], values: str, within: str, ending: str
) -> str:
    # OFFSET 0 keeps PostgreSQL from making a join of it: then it reads the whole table as soon as that seems
    # cheaper than a few hundred index searches, for every batch, until the table has grown large.
    found = f'SELECT {_names(columns)} FROM "{by.table.name}" WHERE {within}"{by.name}" = x {ending}'  # noqa: S608
    wanted = f"unnest(CAST({values} AS {kind_of(by).name}[])) AS x"
    return f"SELECT found.* FROM {wanted} CROSS JOIN LATERAL ({found}) AS found"  # noqa: S608
