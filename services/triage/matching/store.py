"""Finds and keeps snapshots of how common names and words are, and what they are counted from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update

from services.triage.domain.matching.frequencies import Frequencies
from services.triage.domain.matching.model import Line
from services.triage.store import COMMONEST, pack_account, read_content, unpack_account
from services.triage.tables import comparisons, frequencies, match_keys, referrals
from shared.resealing import SealedColumn
from shared.rows import Gathered, Wanted, insert_unless_known

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from services.triage.domain.matching.accounts import Account
    from shared.contracts.referral import Referral
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


def keep_frequencies(connection: Connection, ring: KeyRing, snapshot: Frequencies, now: dt.datetime) -> bool:
    """Keep a snapshot under its number; False if another worker has kept one under it."""
    counted = _Counted(
        snapshot.people,
        dict(snapshot.given),
        dict(snapshot.family),
        dict(snapshot.words),
        sorted(snapshot.shared),
    )
    version = int(snapshot.version)
    row = {
        "version": version,
        "accounts": snapshot.accounts,
        "counted_at": now,
        "sealed": ring.seal(_pack.encode(counted), f"triage/frequencies/{version}"),
    }
    return bool(insert_unless_known(connection, frequencies, [row], frequencies.c.version))


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
    under = references_under(connection, database, keys)
    return accounts_of(connection, database, ring, dict.fromkeys(chain.from_iterable(under.values())))


def references_under(
    connection: Connection, database: Database, keys: Collection[bytes]
) -> dict[bytes, Sequence[str]]:
    """The referrals under each of these keys, without those keys that are too common to lead anywhere."""
    (under,) = database.lock_and_find(
        connection, (), Gathered(match_keys.c.reference, match_keys.c.key, keys, COMMONEST + 1)
    )
    return {key: references for key, references in under if len(references) <= COMMONEST}


def accounts_of(
    connection: Connection, database: Database, ring: KeyRing, references: Collection[str]
) -> list[tuple[Account, list[UUID]]]:
    """The accounts of these referrals, with who their people are."""
    columns = (referrals.c.reference, referrals.c.version, referrals.c.people, referrals.c.account)
    (rows,) = database.lock_and_find(connection, (), Wanted(columns, referrals.c.reference, references))
    return [
        (unpack_account(ring, reference, version, account), [UUID(one) for one in people])
        for reference, version, people, account in rows
        if account is not None
    ]


class _Side(msgspec.Struct):
    one: int
    other: int
    bits: float
    lines: list[tuple[str, str, float]]


class _Evidence(msgspec.Struct):
    weights: str
    model: str
    frequencies: str
    versions: list[int]
    lines: list[tuple[str, str, float]]
    people: list[_Side] = []


class KeptSide(NamedTuple):
    """What was kept of two parties: their places in both referrals, their weight and its lines."""

    one: int
    other: int
    bits: float
    lines: tuple[Line, ...]


class KeptEvidence(NamedTuple):
    """What was kept of two referrals, `one` before `other`: their weight in bits and why."""

    one: str
    other: str
    bits: float
    at: dt.datetime
    # Which weights of the model: `crime` or `dispute`.
    weights: str
    model: str
    frequencies: str
    versions: Sequence[int]
    lines: tuple[Line, ...]
    people: tuple[KeptSide, ...]


def find_evidence(one: str, other: str, connection: Connection) -> KeptEvidence | None:
    """What was kept of these two, given in the order of their references."""
    query = select(comparisons).where(comparisons.c.one == one, comparisons.c.other == other)
    row = connection.execute(query).first()
    return None if row is None else _kept(row)


def all_evidence(connection: Connection) -> Iterator[KeptEvidence]:
    """Everything that was kept."""
    for row in connection.execution_options(yield_per=500).execute(select(comparisons)):
        yield _kept(row)


def _kept(row: Row[tuple[str]]) -> KeptEvidence:
    told = msgspec.convert(row.evidence, _Evidence)
    sides = (KeptSide(s.one, s.other, s.bits, _lines(s.lines)) for s in told.people)
    return KeptEvidence(
        row.one,
        row.other,
        row.millibits / 1000,
        row.at,
        told.weights,
        told.model,
        told.frequencies,
        told.versions,
        _lines(told.lines),
        tuple(sides),
    )


def _lines(lines: Sequence[tuple[str, str, float]]) -> tuple[Line, ...]:
    return tuple(Line(*line) for line in lines)


def is_known(reference: str, connection: Connection) -> bool:
    """Whether triage has seen this referral."""
    query = select(referrals.c.reference).where(referrals.c.reference == reference)
    return connection.execute(query).first() is not None


class Sealed(NamedTuple):
    """A referral's row, as far as its account can be read from it again."""

    reference: str
    agency: str
    version: int
    sealed: bytes


def count_to_read(connection: Connection, *, unread_only: bool) -> int:
    """How many referrals there are whose account is to be read."""
    query = select(func.count()).select_from(referrals)
    return connection.execute(
        query.where(referrals.c.account.is_(None)) if unread_only else query
    ).scalar_one()


def page_to_read(connection: Connection, after: str, most: int, *, unread_only: bool) -> list[Sealed]:
    """The next referrals in the order of their references."""
    query = select(referrals.c.reference, referrals.c.agency, referrals.c.version, referrals.c.sealed)
    query = query.where(referrals.c.reference > after).order_by(referrals.c.reference).limit(most)
    if unread_only:
        query = query.where(referrals.c.account.is_(None))
    return [Sealed._make(row) for row in connection.execute(query)]


def content_of(row: Sealed, ring: KeyRing) -> Referral:
    """What the agency sent."""
    return read_content(ring, row.reference, row.version, row.sealed)


def keep_account(row: Sealed, account: Account, ring: KeyRing, connection: Connection) -> bool:
    """Keep the account of a referral, unless a newer version of it came meanwhile; whether it was kept."""
    where = (referrals.c.reference == row.reference, referrals.c.version == row.version)
    packed = pack_account(ring, row.reference, row.version, account)
    return connection.execute(update(referrals).where(*where).values(account=packed)).rowcount > 0


def add_missing_keys(reference: str, keys: Collection[bytes], connection: Connection) -> int:
    """Have these keys lead to the referral; how many did not yet."""
    query = select(match_keys.c.key).where(match_keys.c.key.in_(keys), match_keys.c.reference == reference)
    missing = sorted(set(keys) - set(connection.execute(query).scalars()))
    if missing:
        connection.execute(insert(match_keys), [{"key": key, "reference": reference} for key in missing])
    return len(missing)


def _place(row: Row[tuple[int]]) -> str:
    return f"triage/frequencies/{row.version}"


SEALED = (SealedColumn(frequencies.c.sealed, _place),)
