"""Columns of values as PostgreSQL takes them without reading any text: arrays in its binary form.

A batch then costs the server a sixth less than as JSON documents, which it reads twice, and the client about
the same. psycopg would make the same arrays, value by value, at several times the price.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import chain
from struct import Struct
from typing import Any, NamedTuple

import msgspec
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_EPOCH, _EPOCH_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.date(2000, 1, 1).toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)

# PostgreSQL's array_recv: dimensions, whether there are NULLs, the elements' type; then length and lower
# bound of the one dimension; then each element behind its length, -1 for NULL.
_EMPTY, _HEAD, _LENGTH = Struct(">iiI"), Struct(">iiIii"), Struct(">i")
_NULL = _LENGTH.pack(-1)
_INTEGER, _BIGINT = Struct(">i"), Struct(">q")

Elements = Callable[[Sequence[Any]], bytes]


class Kind(NamedTuple):
    """A type of PostgreSQL's: its name, its number and its array's (pg_type), and how values are written."""

    name: str
    oid: int
    array_oid: int
    write: Elements


class Array(NamedTuple):
    """The values of one column, written; a parameter of a statement."""

    oid: int
    written: bytes


def array(kind: Kind, values: Sequence[Any]) -> Array:
    """These values as one parameter."""
    count = len(values)
    if not count:
        return Array(kind.array_oid, _EMPTY.pack(0, 0, kind.oid))
    # Much is the same in every row, the moment or the team's name, and need not be written again for each.
    alike = len(set(map(id, values))) == 1
    elements = kind.write(values[:1]) * count if alike else kind.write(values)
    return Array(kind.array_oid, _HEAD.pack(1, 1, kind.oid, count, 1) + elements)


def _fixed(length: int, write: Callable[[Any], bytes]) -> Elements:
    front = _LENGTH.pack(length)

    def write_all(values: Sequence[Any]) -> bytes:
        written = [write(value) for value in values if value is not None]
        if len(written) < len(values):
            return b"".join([_NULL if value is None else front + write(value) for value in values])
        return front + front.join(written)

    return write_all


def _of_any_length(write: Callable[[Any], bytes]) -> Elements:
    def write_all(values: Sequence[Any]) -> bytes:
        if None in values:
            return b"".join([_NULL if value is None else write_all((value,)) for value in values])
        written = list(map(write, values))
        lengths = list(map(len, written))
        if len(set(lengths)) == 1:  # as all keyed hashes are
            front = _LENGTH.pack(lengths[0])
            return front + front.join(written)
        fronts = map(_LENGTH.pack, lengths)
        return b"".join(chain.from_iterable(zip(fronts, written, strict=True)))

    return write_all


def _timestamptz(value: dt.datetime) -> bytes:
    if value.tzinfo is None:
        message = "a time needs an offset"
        raise ValueError(message)
    return _BIGINT.pack((value - _EPOCH) // _MICROSECOND)


UUID = Kind("uuid", 2950, 2951, _fixed(16, lambda value: value.int.to_bytes(16, "big")))
BYTEA = Kind("bytea", 17, 1001, _of_any_length(bytes))
TEXT = Kind("text", 25, 1009, _of_any_length(str.encode))
JSON = Kind("json", 114, 199, _of_any_length(msgspec.json.encode))
INTEGER = Kind("integer", 23, 1007, _fixed(4, _INTEGER.pack))
BIGINT = Kind("bigint", 20, 1016, _fixed(8, _BIGINT.pack))
BOOLEAN = Kind("boolean", 16, 1000, _fixed(1, Struct(">?").pack))
TIMESTAMPTZ = Kind("timestamptz", 1184, 1185, _fixed(8, _timestamptz))
DATE = Kind("date", 1082, 1182, _fixed(4, lambda day: _INTEGER.pack(day.toordinal() - _EPOCH_DAY)))


class ArrayDumper(Dumper):
    """Hands psycopg what is written already."""

    format = Format.BINARY

    def __init__(self, cls: type, context: AdaptContext | None = None, oid: int = 0) -> None:
        """Take the type's number, once it is known."""
        super().__init__(cls, context)
        self.oid = oid

    def get_key(self, obj: Array, format: object) -> tuple[type, int]:  # type: ignore[override]  # noqa: A002, ARG002
        """A dumper for each type."""
        return Array, obj.oid

    def upgrade(self, obj: Array, format: object) -> ArrayDumper:  # noqa: A002, ARG002
        """The dumper for this one's type."""
        return ArrayDumper(self.cls, oid=obj.oid)

    def dump(self, obj: Array) -> bytes:
        """What is written."""
        return obj.written
