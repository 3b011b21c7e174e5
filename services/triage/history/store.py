"""Writes lines into the histories of cases, and reads them again."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select

from services.triage.history.domain.chain import Head, Line, Sealed, breaks_of, seal_of
from services.triage.history.tables import case_history, history_heads
from services.triage.tables import cases
from shared.identity import new_id
from shared.rows import Wanted, find_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from services.triage.history.domain.chain import Break, Seal
    from shared.messaging.unit import Unit
    from shared.sealing import Lookup

SYSTEM = "triage"
_HEAD = (history_heads.c.case_id, history_heads.c.length, history_heads.c.seal)


class History:
    """One unit's pen: it knows where the histories end that the unit writes into."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing no history."""
        self._unit = unit
        self._heads: dict[UUID, Head] = {}
        self._new: set[UUID] = set()

    @classmethod
    def of(cls, unit: Unit) -> History:
        """The one pen of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    @staticmethod
    def wanted(case_ids: Collection[UUID]) -> Wanted:
        """What `know` must be told, for whoever looks cases up with other things; after their locks."""
        return Wanted(_HEAD, history_heads.c.case_id, case_ids)

    def know(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in where these histories end."""
        for case_id, length, seal in rows:
            # What this unit has written itself is not in the database yet.
            self._heads.setdefault(case_id, Head(length, bytes(seal)))

    def begin(self, case_id: UUID) -> None:
        """The history of a case that this unit opens."""
        self._heads[case_id] = Head()
        self._new.add(case_id)

    def write(self, case_id: UUID, what: str, who: str, detail: Mapping[str, object]) -> None:
        """Add a line; `detail` is kept unsealed, so it holds codes and references and no person."""
        head = self._heads.get(case_id) or self._find(case_id)
        # As it will be read again.
        told = msgspec.json.decode(msgspec.json.encode(detail))
        line = Line(case_id, head.length + 1, new_id(), self._unit.now, what, who, told)
        seal = seal_of(head.seal, line, _seal(self._unit.keys.lookup))
        self._heads[case_id] = Head(line.place, seal)
        self._unit.insert(case_history, {**line._asdict(), "seal": seal})
        if case_id in self._new:
            self._new.discard(case_id)
            self._unit.insert(history_heads, {"case_id": case_id, "length": line.place, "seal": seal})
        else:
            self._unit.change(history_heads, {"case_id": case_id}, length=line.place, seal=seal)

    def _find(self, case_id: UUID) -> Head:
        query = select(*_HEAD).where(history_heads.c.case_id == case_id).with_for_update()
        found = self._unit.connection.execute(query).first()
        if found is None:
            self.begin(case_id)
        else:
            self.know([found])
        return self._heads[case_id]


def read_history(connection: Connection, case_id: UUID) -> list[Line]:
    """What happened to a case, in the order in which it was written."""
    query = select(case_history).where(case_history.c.case_id == case_id).order_by(case_history.c.place)
    return [Line._make(row[:-1]) for row in connection.execute(query)]


def find_case_id(connection: Connection, reference: str) -> UUID | None:
    """The case with this reference."""
    return connection.execute(select(cases.c.id).where(cases.c.reference == reference)).scalar()


def references_of(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these cases are called."""
    rows = find_rows(connection, (cases.c.id, cases.c.reference), cases.c.id, case_ids)
    return {row.id: row.reference for row in rows}


def count_histories(connection: Connection) -> int:
    """How many cases have a history."""
    return connection.execute(select(func.count()).select_from(history_heads)).scalar_one()


def check_histories(
    connection: Connection, lookup: Lookup, case_id: UUID | None = None
) -> Iterator[list[Break]]:
    """What is wrong with each history, case by case; an empty list where nothing is.

    Read it within one snapshot: a line and its head are written together.
    """
    lines = select(case_history).order_by(case_history.c.case_id, case_history.c.place)
    ends = select(*_HEAD).order_by(history_heads.c.case_id)
    if case_id is not None:
        lines = lines.where(case_history.c.case_id == case_id)
        ends = ends.where(history_heads.c.case_id == case_id)
    seal = _seal(lookup)
    heads = {row.case_id: Head(row.length, bytes(row.seal)) for row in connection.execute(ends)}
    rows = connection.execution_options(yield_per=2000).execute(lines)
    for found, kept in groupby(rows, key=lambda row: row.case_id):
        chain = [Sealed(Line._make(row[:-1]), row.seal) for row in kept]
        yield list(breaks_of(found, chain, heads.pop(found, Head()), seal))
    # What is left has an end and no line.
    for gone, head in heads.items():
        yield list(breaks_of(gone, (), head, seal))


def _seal(lookup: Lookup) -> Seal:
    return lambda before, said: lookup.hash("history", before, said)
