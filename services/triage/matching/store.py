"""Finds and keeps snapshots of how common names and words are, and what they are counted from."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select

from services.triage.domain.matching.frequencies import Frequencies
from services.triage.store import COMMONEST, unpack_account
from services.triage.tables import frequencies, match_keys, referrals
from shared.resealing import SealedColumn
from shared.rows import Wanted, find_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from services.triage.domain.matching.accounts import Account
    from shared.database import Database
    from shared.sealing import KeyRing

_pack = msgspec.msgpack.Encoder()


class _Counted(msgspec.Struct):
    people: int
    given: dict[str, int]
    family: dict[str, int]
    words: dict[str, int]
    shared: list[str]


_unpack = msgspec.msgpack.Decoder(_Counted)


def newest_version(connection: Connection) -> int:
    """The number of the newest snapshot; 0 when nothing was counted yet."""
    found: int = connection.execute(select(func.coalesce(func.max(frequencies.c.version), 0))).scalar_one()
    return found


def read_frequencies(connection: Connection, ring: KeyRing, version: int) -> Frequencies | None:
    """The snapshot of that number."""
    row = connection.execute(select(frequencies).where(frequencies.c.version == version)).first()
    if row is None:
        return None
    counted = _unpack.decode(ring.open(row.sealed, _place(row)))
    return Frequencies(
        str(row.version),
        row.accounts,
        counted.people,
        counted.given,
        counted.family,
        counted.words,
        frozenset(counted.shared),
    )


def keep_frequencies(connection: Connection, ring: KeyRing, snapshot: Frequencies, now: dt.datetime) -> None:
    """Keep a snapshot under its number."""
    counted = _Counted(
        snapshot.people,
        dict(snapshot.given),
        dict(snapshot.family),
        dict(snapshot.words),
        sorted(snapshot.shared),
    )
    version = int(snapshot.version)
    connection.execute(
        insert(frequencies),
        {
            "version": version,
            "accounts": snapshot.accounts,
            "counted_at": now,
            "sealed": ring.seal(_pack.encode(counted), f"triage/frequencies/{version}"),
        },
    )


def count_accounts(connection: Connection) -> int:
    """How many referrals triage knows."""
    return connection.execute(select(func.count()).select_from(referrals)).scalar_one()


def all_accounts(connection: Connection, ring: KeyRing) -> Iterator[Account]:
    """Every account, one after the other."""
    query = select(referrals.c.reference, referrals.c.version, referrals.c.account)
    for reference, version, account in connection.execution_options(yield_per=500).execute(query):
        if account is not None:
            yield unpack_account(ring, reference, version, account)


def accounts_under(
    connection: Connection, database: Database, ring: KeyRing, keys: Sequence[bytes]
) -> list[tuple[Account, list[UUID]]]:
    """The accounts under keys that are not too common, each once, with who their people are."""
    (under,) = database.lock_and_find(
        connection,
        (),
        Wanted((match_keys.c.key, match_keys.c.reference), match_keys.c.key, keys, COMMONEST + 1),
    )
    many = Counter(key for key, _ in under)
    references = {reference for key, reference in under if many[key] <= COMMONEST}
    columns = (referrals.c.reference, referrals.c.version, referrals.c.people, referrals.c.account)
    rows: Sequence[Sequence[Any]] = find_rows(connection, columns, referrals.c.reference, references)
    return [
        (unpack_account(ring, reference, version, account), [UUID(one) for one in people])
        for reference, version, people, account in rows
        if account is not None
    ]


def _place(row: Row[tuple[int]]) -> str:
    return f"triage/frequencies/{row.version}"


SEALED = (SealedColumn(frequencies.c.sealed, _place),)
