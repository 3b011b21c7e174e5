"""Finds and keeps imports, the rows of theirs that wait, and what became of each."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import msgspec
from sqlalchemy import and_, case, delete, func, or_, select

from services.intake.imports.domain.file_import import (
    OUTCOMES,
    UNFINISHED,
    Batch,
    FileImport,
    Head,
    Mend,
    Outcome,
    RowOutcome,
    Told,
    WaitingRow,
)
from services.intake.imports.tables import (
    import_batches,
    import_rows,
    imports,
    rejected_cells,
    tried_records,
)
from services.intake.tables import referrals
from shared.resealing import SealedColumn
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from sqlalchemy import Connection, Row

    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

_Cells = tuple[str | None, ...]


# ------------------------------------------------------------------------------------------- the import


def begin(unit: Unit, one: FileImport, fingerprint: bytes) -> None:
    """Keep an import whose rows are about to be put away."""
    unit.insert(
        imports,
        {
            "id": one.id,
            "agency": one.agency,
            "mapping": one.mapping,
            "dry_run": one.dry_run,
            "state": one.state,
            "made_at": one.made_at,
            "changed_at": one.changed_at,
            "finished_at": None,
            "forgotten_at": None,
            "retry_at": None,
            "failures": 0,
            "fingerprint": fingerprint,
            "rows": one.rows,
            **dict.fromkeys(OUTCOMES, 0),
            "warnings": [],
            "refusal": "",
            "correlation_id": one.correlation_id,
            "sealed": unit.keys.rest.seal(msgspec.json.encode(one.head), _place(one.id)),
        },
    )


def release(unit: Unit, import_id: UUID, rows: int) -> None:
    """All rows are put away: from now on they may be taken."""
    unit.change(imports, {"id": import_id}, state="waiting", rows=rows, changed_at=unit.now)


def drop(unit: Unit, import_id: UUID) -> None:
    """Take an import away with all that is kept of it."""
    forget_rows(unit, import_id)
    for table, column in ((import_rows, import_rows.c.import_id), (imports, imports.c.id)):
        unit.connection.execute(delete(table).where(column == import_id))


def find(connection: Connection, keys: KeyRing, import_id: UUID, agency: str | None) -> FileImport | None:
    """The import with this id, of this agency or (None) of any."""
    query = select(imports).where(imports.c.id == import_id, imports.c.state != "reading")
    if agency is not None:
        query = query.where(imports.c.agency == agency)
    row = connection.execute(query).first()
    return None if row is None else _import(row, keys)


def find_unfinished(
    connection: Connection, keys: KeyRing, fingerprint: bytes, *, dry_run: bool
) -> FileImport | None:
    """The import of this very file that still has rows to take."""
    row = connection.execute(
        select(imports).where(
            imports.c.fingerprint == fingerprint,
            imports.c.dry_run.is_(dry_run),
            imports.c.state.in_(UNFINISHED),
        )
    ).first()
    return None if row is None else _import(row, keys)


def first_came_at(connection: Connection, fingerprint: bytes) -> dt.datetime | None:
    """When this very file came for the first time."""
    query = select(imports.c.made_at).where(imports.c.fingerprint == fingerprint)
    return connection.execute(query.order_by(imports.c.id).limit(1)).scalar()


def list_imports(
    connection: Connection, keys: KeyRing, agency: str, *, before: UUID | None, limit: int
) -> list[FileImport]:
    """The agency's own imports, the newest first, after the one that the cursor names."""
    query = (
        select(imports)
        .where(imports.c.agency == agency, imports.c.state != "reading")
        .order_by(imports.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(imports.c.id < before)
    return [_import(row, keys) for row in connection.execute(query)]


def find_due(connection: Connection, now: dt.datetime) -> UUID | None:
    """The unfinished import that has waited longest for a turn."""
    return connection.execute(
        select(imports.c.id)
        .where(imports.c.state.in_(UNFINISHED), or_(imports.c.retry_at.is_(None), imports.c.retry_at <= now))
        .order_by(imports.c.changed_at)
        .limit(1)
    ).scalar()


def hold(unit: Unit, import_id: UUID, *, wait: bool = False) -> FileImport | None:
    """The import, ours until the unit ends; None if it is finished.

    While it is somebody else's it is waited for, or None as well.
    """
    row = unit.connection.execute(
        select(imports)
        .where(imports.c.id == import_id, imports.c.state.in_(UNFINISHED))
        .with_for_update(skip_locked=not wait)
    ).first()
    return None if row is None else _import(row, unit.keys.rest)


def keep_progress(unit: Unit, one: FileImport) -> None:
    """How far the import has come now."""
    unit.change(
        imports,
        {"id": one.id},
        state=one.state,
        changed_at=unit.now,
        finished_at=one.finished_at,
        failures=0,
        retry_at=None,
        warnings=[asdict(told) for told in one.warnings],
        **{str(outcome): one.counts[outcome] for outcome in OUTCOMES},
    )


def keep_failure(unit: Unit, import_id: UUID, failures: int, retry_at: dt.datetime) -> None:
    """Note how often in a row the import's next rows could not be taken, and when to try again."""
    unit.change(imports, {"id": import_id}, failures=failures, retry_at=retry_at, changed_at=unit.now)


def refuse(unit: Unit, import_id: UUID, why: str) -> None:
    """Nothing more of this import is taken."""
    unit.change(imports, {"id": import_id}, state="refused", refusal=why, finished_at=unit.now)


# --------------------------------------------------------------------------------------------- the rows


def add_batch(unit: Unit, import_id: UUID, batch: Batch) -> None:
    """Put rows away, sealed, until their turn comes."""
    sealed = unit.keys.rest.seal(msgspec.json.encode(batch.rows), _place_of_batch(import_id, batch.place))
    unit.insert(import_batches, {"import_id": import_id, "place": batch.place, "sealed": sealed})


def next_batch(connection: Connection, keys: KeyRing, import_id: UUID) -> Batch | None:
    """The rows whose turn it is."""
    row = connection.execute(
        select(import_batches.c.place, import_batches.c.sealed)
        .where(import_batches.c.import_id == import_id)
        .order_by(import_batches.c.place)
        .limit(1)
    ).first()
    if row is None:
        return None
    content = keys.open(row.sealed, _place_of_batch(import_id, row.place))
    return Batch(row.place, msgspec.json.decode(content, type=tuple[WaitingRow, ...]))


def take_batch(unit: Unit, import_id: UUID, place: int) -> bool:
    """Take these rows away from those that wait; False if somebody else has."""
    gone = unit.connection.execute(
        delete(import_batches).where(import_batches.c.import_id == import_id, import_batches.c.place == place)
    )
    return gone.rowcount == 1


def add_outcomes(unit: Unit, import_id: UUID, outcomes: Iterable[RowOutcome]) -> None:
    """Keep what became of these rows."""
    for one in outcomes:
        unit.insert(
            import_rows,
            {
                "import_id": import_id,
                "number": one.number,
                "outcome": one.outcome,
                "reference": one.reference,
                "version": one.version,
                "faults": [asdict(fault) for fault in one.faults],
            },
        )


def keep_cells(unit: Unit, import_id: UUID, number: int, cells: _Cells) -> None:
    """Keep a rejected row's cells, sealed, so that it can be fetched back and mended."""
    sealed = unit.keys.rest.seal(msgspec.json.encode(cells), _place_of_row(import_id, number))
    unit.insert(rejected_cells, {"import_id": import_id, "number": number, "sealed": sealed})


def list_rows(
    connection: Connection, import_id: UUID, *, outcome: Outcome | None, after: int, limit: int
) -> list[RowOutcome]:
    """What became of the rows after this one, in the order of the file."""
    query = (
        select(import_rows)
        .where(import_rows.c.import_id == import_id, import_rows.c.number > after)
        .order_by(import_rows.c.number)
        .limit(limit)
    )
    if outcome is not None:
        query = query.where(import_rows.c.outcome == outcome)
    return [_row(row) for row in connection.execute(query)]


def list_cells(
    connection: Connection, keys: KeyRing, import_id: UUID, *, after: int, limit: int
) -> list[tuple[RowOutcome, _Cells]]:
    """The rejected rows after this one, each with what stood in it."""
    query = (
        select(import_rows, rejected_cells.c.sealed)
        .join(
            rejected_cells,
            and_(
                rejected_cells.c.import_id == import_rows.c.import_id,
                rejected_cells.c.number == import_rows.c.number,
            ),
        )
        .where(rejected_cells.c.import_id == import_id, rejected_cells.c.number > after)
        .order_by(rejected_cells.c.number)
        .limit(limit)
    )
    return [
        (
            _row(row),
            msgspec.json.decode(keys.open(row.sealed, _place_of_row(import_id, row.number)), type=_Cells),
        )
        for row in connection.execute(query)
    ]


def find_tried(unit: Unit, import_id: UUID, records: Collection[bytes]) -> set[tuple[bytes, bytes]]:
    """Which of these records earlier rows of a trial would have taken, and with which contents."""
    rows = unit.connection.execute(
        select(tried_records.c.record, tried_records.c.content).where(
            tried_records.c.import_id == import_id, tried_records.c.record.in_(records)
        )
    )
    return {(row.record, row.content) for row in rows}


def keep_tried(unit: Unit, import_id: UUID, tried: Collection[tuple[bytes, bytes]]) -> None:
    """Remember what these rows of a trial would have taken."""
    rows = [{"import_id": import_id, "record": record, "content": content} for record, content in tried]
    if rows:
        insert_unless_known(unit.connection, tried_records, rows, tried_records.c.record)


def progress_of_all(connection: Connection) -> tuple[int, int, dt.datetime | None]:
    """How many imports are unfinished, how many of them fail, and since when the slowest has not moved."""
    unfinished, failing, since = connection.execute(
        select(
            func.count(),
            func.count(case((imports.c.failures > 0, 1))),
            func.min(imports.c.changed_at),
        ).where(imports.c.state.in_(UNFINISHED))
    ).one()
    return int(unfinished), int(failing), since


# ------------------------------------------------------------------------------------------- forgetting


def list_to_forget(
    connection: Connection, *, trials_of: dt.datetime, cells_of: dt.datetime, limit: int
) -> list[tuple[UUID, bool]]:
    """Imports of which something is kept for longer than needed: each its id, and whether it is a trial.

    Trials made before the one instant; others at which nothing has happened since the other. One whose rows
    are gone, and that was never brought to its end, is among them again.
    """
    late = or_(
        and_(imports.c.dry_run, imports.c.made_at < trials_of),
        and_(~imports.c.dry_run, imports.c.changed_at < cells_of),
    )
    rows = connection.execute(
        select(imports.c.id, imports.c.dry_run)
        .where(
            late,
            or_(imports.c.forgotten_at.is_(None), imports.c.state.in_(UNFINISHED)),
            imports.c.state != "reading",
        )
        .order_by(imports.c.id)
        .limit(limit)
    )
    return [(row.id, row.dry_run) for row in rows]


def list_abandoned(connection: Connection, before: dt.datetime, limit: int) -> list[UUID]:
    """Files whose reading began before this and never came to its end."""
    query = select(imports.c.id).where(imports.c.state == "reading", imports.c.made_at < before)
    return list(connection.execute(query.limit(limit)).scalars())


def forget_rows(unit: Unit, import_id: UUID) -> None:
    """Take away whatever is kept of the content of an import's rows."""
    for table in (import_batches, rejected_cells, tried_records):
        unit.connection.execute(delete(table).where(table.c.import_id == import_id))


def forget_outcomes(unit: Unit, import_id: UUID) -> None:
    """Take away what became of each row."""
    unit.connection.execute(delete(import_rows).where(import_rows.c.import_id == import_id))


def mark_forgotten(unit: Unit, import_id: UUID) -> None:
    """Note that the rows are gone."""
    unit.change(imports, {"id": import_id}, forgotten_at=unit.now)


def newest_sealed(connection: Connection) -> bytes | None:
    """Some sealed document of intake's, to see whether a key ring fits."""
    return connection.execute(select(referrals.c.sealed).order_by(referrals.c.id.desc()).limit(1)).scalar()


# ---------------------------------------------------------------------------------------------- reading


def _import(row: Row[Any], keys: KeyRing) -> FileImport:
    return FileImport(
        id=row.id,
        agency=row.agency,
        mapping=row.mapping,
        dry_run=row.dry_run,
        state=row.state,
        made_at=row.made_at,
        changed_at=row.changed_at,
        finished_at=row.finished_at,
        rows=row.rows,
        counts={outcome: getattr(row, outcome) for outcome in OUTCOMES},
        head=msgspec.json.decode(keys.open(row.sealed, _place(row.id)), type=Head),
        warnings=tuple(Told(**told) for told in row.warnings),
        refusal=row.refusal,
        forgotten=row.forgotten_at is not None,
        failures=row.failures,
        correlation_id=row.correlation_id,
    )


def _row(row: Row[Any]) -> RowOutcome:
    faults = tuple(Mend(**cast("Mapping[str, str]", fault)) for fault in row.faults)
    return RowOutcome(row.number, row.outcome, row.reference, row.version, faults)


def _place(import_id: UUID) -> str:
    return f"intake/import/{import_id}"


def _place_of_batch(import_id: UUID, place: int) -> str:
    return f"intake/import/{import_id}/batch/{place}"


def _place_of_row(import_id: UUID, number: int) -> str:
    return f"intake/import/{import_id}/row/{number}"


SEALED = (
    SealedColumn(imports.c.sealed, lambda row: _place(row.id)),
    SealedColumn(import_batches.c.sealed, lambda row: _place_of_batch(row.import_id, row.place)),
    SealedColumn(rejected_cells.c.sealed, lambda row: _place_of_row(row.import_id, row.number)),
)
