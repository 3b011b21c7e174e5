"""Finds and keeps where cases stand and what was recorded in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, or_, select

from services.triage.domain.life.moving import Life
from services.triage.domain.life.situation import Record, Situation, in_turn, what_stops, with_records
from services.triage.domain.routing.facts import Facts
from services.triage.history.store import History
from services.triage.lives.schema import begin_situation, with_refusals
from services.triage.lives.tables import case_records, lives, routing_tables
from services.triage.tables import cases
from shared.identity import new_id
from shared.resealing import SealedColumn
from shared.rows import Wanted, find_rows, insert_unless_known
from shared.working_time import LONDON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Row

    from shared.database import Database
    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

_COLUMNS = tuple(lives.c)
_encoder = msgspec.json.Encoder()
_facts = msgspec.json.Decoder(Facts)


@dataclass(frozen=True)
class Kept:
    """Where a case stands, and what routing knows and has decided of it."""

    life: Life
    facts: Facts
    gates: tuple[str, ...] = ()
    urgent: bool = False
    lead: str = ""
    left: int | None = None
    warned_for: dt.date | None = None
    breached_for: dt.date | None = None
    # Why nobody of the team may have it, in codes (domain/teams/assigning.py), while that is so.
    nobody_fits: tuple[str, ...] = ()


class Lives:
    """One unit's view of where its cases stand."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing none."""
        self._unit = unit
        self._kept: dict[UUID, Kept] = {}
        self._recorded: dict[UUID, list[Record]] = {}
        self._sealed: dict[UUID, list[Row[Any]]] = {}  # of records that were read and not opened yet

    @classmethod
    def of(cls, unit: Unit) -> Lives:
        """The one of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    @staticmethod
    def wanted(case_ids: Collection[UUID]) -> Wanted:
        """What `know` must be told, for whoever looks cases up with other things; after their locks."""
        return Wanted(_COLUMNS, lives.c.case_id, case_ids)

    def know(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in where these cases stand."""
        for row in rows:
            case_id, kept = read_life(row, self._unit.keys.rest)
            self._kept.setdefault(case_id, kept)  # what this unit has changed is not written yet

    def find(self, case_id: UUID) -> Kept | None:
        """Where a case stands; None in cases from before that was kept."""
        if case_id not in self._kept:
            query = select(*_COLUMNS).where(lives.c.case_id == case_id).with_for_update()
            self.know(self._unit.connection.execute(query).all())
        return self._kept.get(case_id)

    def begin(self, case_id: UUID, kept: Kept) -> None:
        """A case was opened."""
        self._kept[case_id] = kept
        self._recorded[case_id] = []
        self._unit.insert(lives, {"case_id": case_id, **self._values(case_id, kept)})

    def change(self, case_id: UUID, kept: Kept) -> None:
        """Something has happened to it."""
        before = self._kept[case_id]
        self._kept[case_id] = kept
        values = self._values(case_id, kept, facts=kept.facts != before.facts)
        self._unit.change(lives, {"case_id": case_id}, **values)

    def _values(self, case_id: UUID, kept: Kept, *, facts: bool = True) -> dict[str, Any]:
        values = {
            **vars(kept.life),
            "left": kept.left,
            "warned_for": kept.warned_for,
            "breached_for": kept.breached_for,
            "lead": kept.lead,
            "urgent": kept.urgent,
            "gates": kept.gates,
            "nobody_fits": kept.nobody_fits or None,
        }
        if facts:
            values["facts"] = self._unit.keys.rest.seal(_encoder.encode(kept.facts), _place(case_id))
        return values

    def record(self, case_id: UUID, record: Record) -> UUID:
        """Add a record; its content is sealed."""
        record_id = new_id()
        self.records(case_id).append(record)
        self._unit.insert(
            case_records,
            {
                "case_id": case_id,
                "id": record_id,
                "kind": record.kind,
                "on": record.on,
                "at": self._unit.now,
                "who": record.who,
                "sealed": self._unit.keys.rest.seal(
                    _encoder.encode(record.says), _place_of_record(case_id, record_id)
                ),
            },
        )
        return record_id

    def records(self, case_id: UUID) -> list[Record]:
        """What was recorded in a case, in its order."""
        if case_id not in self._recorded:
            if case_id not in self._sealed:
                self._read_records({case_id, *self._kept} - self._recorded.keys() - self._sealed.keys())
            rows = sorted(self._sealed.pop(case_id), key=lambda row: row.id)
            self._recorded[case_id] = [_record(row, self._unit.keys.rest) for row in rows]
        return self._recorded[case_id]

    def _read_records(self, case_ids: set[UUID]) -> None:
        """Of all cases that were looked up at once: the next case of the batch has no need to ask."""
        self._sealed |= {case_id: [] for case_id in case_ids}
        by = case_records.c.case_id
        for row in find_rows(self._unit.connection, tuple(case_records.c), by, case_ids):
            self._sealed[row.case_id].append(row)

    def situation(self, case_id: UUID, kept: Kept, lacks: Sequence[str] | None, today: dt.date) -> Situation:
        """What is known of a case now."""
        begun = begin_situation(kept.facts, lacks, kept.gates, today)
        begun = replace(begun, nobody_fits=bool(kept.nobody_fits))
        return with_refusals(with_records(begun, self.records_that_count(case_id)), begun)

    def records_that_count(self, case_id: UUID) -> list[Record]:
        """By their days: its records, and what was recorded to stop something in a case that was merged in.

        That leaves with that case when the two are set apart; what is recorded here since is newer, and
        nothing else: here it is known from the day of the merge.
        """
        return in_turn(self._with_what_stops(case_id))

    def _with_what_stops(self, case_id: UUID) -> Iterator[Record]:
        for record in self.records(case_id):
            yield record
            if record.kind == "merged_in":
                for stop in what_stops(in_turn(self.records(UUID(record.says["id"]))), record.says):
                    yield stop._replace(on=max(stop.on, record.on))


def _record(row: Row[Any], keys: KeyRing) -> Record:
    says = msgspec.json.decode(keys.open(row.sealed, _place_of_record(row.case_id, row.id)))
    return Record(row.kind, says, row.on, row.who)


def find_life(connection: Connection, keys: KeyRing, case_id: UUID) -> Kept | None:
    """Where a case stands."""
    row = connection.execute(select(*_COLUMNS).where(lives.c.case_id == case_id)).first()
    return None if row is None else read_life(row, keys)[1]


def loads_of(connection: Connection, owners: Collection[str]) -> dict[str, int]:
    """How many open cases each of these has."""
    query = (
        select(lives.c.owner, func.count())
        .where(lives.c.owner.in_(owners), lives.c.next_on.is_not(None))
        .group_by(lives.c.owner)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def due_lives(
    unit: Unit, horizon: dt.date, today: dt.date, most: int, *, working: bool
) -> list[tuple[UUID, str, str]]:
    """Cases of whose day nobody was told, up to this horizon: their ids, references and teams.

    On a day off only who was promised a call is looked for. Hold the cases, then look again.
    """
    day = lives.c.next_on
    near = and_(
        day <= horizon,
        or_(lives.c.warned_for.is_(None), lives.c.warned_for != day),
        or_(lives.c.task != "call_back", day <= today),
        lives.c.since < dt.datetime.combine(today, dt.time(), LONDON),
    )
    late = and_(day < today, or_(lives.c.breached_for.is_(None), lives.c.breached_for != day))
    query = (
        select(lives.c.case_id, cases.c.reference, cases.c.team)
        .join(cases, cases.c.id == lives.c.case_id)
        .where(or_(near, late) if working else and_(near, lives.c.task == "call_back"))
        .order_by(day, lives.c.case_id)
        .limit(most)
    )
    return [(row.case_id, row.reference, row.team) for row in unit.connection.execute(query)]


def stopped_until_before(unit: Unit, today: dt.date, most: int) -> list[UUID]:
    """Cases in which an order stops what is next, and its last day has passed. Hold them, then look again."""
    query = (
        select(lives.c.case_id)
        .where(lives.c.stopped_until < today)
        .order_by(lives.c.stopped_until, lives.c.case_id)
        .limit(most)
    )
    return list(unit.connection.execute(query).scalars())


def hold_cases(unit: Unit, database: Database, case_ids: Collection[UUID]) -> None:
    """Hold these cases until the unit ends, as triage does, and read where they stand then."""
    locks = (case_id.bytes[::-1] for case_id in case_ids)
    found, ends = database.lock_and_find(
        unit.connection, locks, Lives.wanted(case_ids), History.wanted(case_ids)
    )
    Lives.of(unit).know(found)
    History.of(unit).know(ends)


def keep_routing_table(unit: Unit, version: str, text: bytes) -> bool:
    """Keep the text of a table under its version; False if it was kept before, or by another worker now."""
    row = {"version": version, "text": text, "since": unit.now}
    return bool(insert_unless_known(unit.connection, routing_tables, [row], routing_tables.c.version))


def read_life(row: Sequence[Any], keys: KeyRing) -> tuple[UUID, Kept]:
    """A row of the table of lives."""
    of = dict(zip((column.name for column in _COLUMNS), row, strict=True))
    names = Life.__dataclass_fields__
    hold = tuple(of["hold"]) if of["hold"] else None
    life = Life(**{name: of[name] for name in names} | {"enabling": tuple(of["enabling"]), "hold": hold})
    case_id: UUID = of["case_id"]
    return case_id, Kept(
        life,
        _facts.decode(keys.open(of["facts"], _place(case_id))),
        tuple(of["gates"]),
        of["urgent"],
        of["lead"],
        of["left"],
        of["warned_for"],
        of["breached_for"],
        tuple(of["nobody_fits"] or ()),
    )


def with_life(kept: Kept, life: Life, **changes: Any) -> Kept:  # noqa: ANN401 - fields of `Kept`
    """The same case somewhere else."""
    return replace(kept, life=life, **changes)


def _place(case_id: UUID) -> str:
    return f"triage/facts/{case_id}"


def _place_of_record(case_id: UUID, record_id: UUID) -> str:
    return f"triage/record/{case_id}/{record_id}"


SEALED = (
    SealedColumn(lives.c.facts, lambda row: _place(row.case_id)),
    SealedColumn(case_records.c.sealed, lambda row: _place_of_record(row.case_id, row.id)),
)
