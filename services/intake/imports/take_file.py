"""Take an agency's file: put its rows away, sealed, so that they can be taken in one batch after another.

The file is read once, row by row, and nothing of it is kept but its rows. A few batches are a transaction, so
that a long file is in nobody's way. The import is released when the last row is put away: a reader
that dies before leaves nothing that anybody sees.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from services.intake.imports import store
from services.intake.imports.domain.file_import import OUTCOMES, Batch, FileImport, Head, WaitingRow
from services.intake.imports.domain.spreadsheet_cell import WHAT_TO_MEND, unguarded
from services.intake.imports.reading import open_table
from services.intake.imports.unreadable import UnreadableFile
from shared.identity import new_id
from shared.problems import Fault, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import BytesIO
    from typing import BinaryIO

    from services.intake.imports.choose_mapping import Chosen
    from services.intake.imports.domain.row import Row
    from services.intake.imports.mapping import Mapping
    from shared.contracts.envelope import Trace
    from shared.service import Room

# So many rows are taken in one transaction: enough that its fixed cost is small, and few enough that whoever
# waits for the database meanwhile waits for a fraction of a second.
BATCH_ROWS: Final = 50
# So many batches are put away in one transaction: they only have to be written.
_PUT_AWAY: Final = 10
# Long cells make a smaller batch.
_BATCH_CHARACTERS: Final = 2**20
# Each row keeps its outcome; a file of a million one-letter rows would keep a million refusals.
MOST_ROWS: Final = 200_000


class MissingColumns(Problem):
    """The file lacks columns without which no row can be taken."""

    status = 422
    code = "missing_columns"
    advice = "Add the columns that errors names, or choose the mapping that fits the file."


def take_file(
    file: BinaryIO,
    filename: str,
    chosen: Chosen,
    *,
    agency: str,
    dry_run: bool,
    room: Room,
    trace: Trace,
    put_away: Callable[[int], object] = lambda _rows: None,
) -> FileImport:
    """The import of this file: the unfinished one where there is one, otherwise a new one.

    `put_away` is told how many rows were put away, again and again. Raises `UnreadableFile` and
    `MissingColumns`, with nothing kept.
    """
    fingerprint = _fingerprint(file, chosen, agency, room)
    with room.database.reading() as connection:
        going = store.find_unfinished(connection, room.keys.rest, fingerprint, dry_run=dry_run)
        first_came_at = store.first_came_at(connection, fingerprint) or room.clock()
    if going is not None:
        return going
    file.seek(0)
    with open_table(file, filename, known=chosen.mapping.columns) as table:
        columns = tuple(name for name in table.columns if name != WHAT_TO_MEND)
        _check(columns, chosen.mapping)
        one = FileImport(
            id=new_id(),
            agency=agency,
            mapping=chosen.name,
            dry_run=dry_run,
            state="reading",
            made_at=room.clock(),
            changed_at=room.clock(),
            finished_at=None,
            rows=0,
            counts=dict.fromkeys(OUTCOMES, 0),
            head=Head(columns, first_came_at, table.form, chosen.mapping.unknown(columns), chosen.own),
            correlation_id=trace.correlation_id,
        )
        with room.unit(trace) as unit:
            store.begin(unit, one, fingerprint)
        try:
            rows = 0
            batches = _batches(table.rows, columns, set(one.head.unknown))
            while some := list(islice(batches, _PUT_AWAY)):
                with room.unit(trace) as unit:
                    for batch in some:
                        store.add_batch(unit, one.id, batch)
                rows += sum(len(batch.rows) for batch in some)
                put_away(rows)
            return _release(one, rows, fingerprint, room, trace)
        except BaseException:
            with room.unit(trace) as unit:
                store.drop(unit, one.id)
            raise


def _fingerprint(file: BinaryIO, chosen: Chosen, agency: str, room: Room) -> bytes:
    file.seek(0)
    content = hashlib.file_digest(cast("BytesIO", file), "sha256").hexdigest()
    return room.keys.lookup.hash("import", agency, chosen.name, chosen.own, content)


def _check(columns: tuple[str, ...], mapping: Mapping) -> None:
    missing = mapping.missing(columns)
    if missing:
        message = (
            "Nothing was kept. Check that this is the right export for this mapping, and that the column "
            "names stand in one line above the rows; then send it again."
        )
        raise MissingColumns(
            message,
            errors=[Fault("/file", "missing_column", f"Add the column {name}.") for name in missing],
        )


def _batches(rows: Iterable[Row], columns: tuple[str, ...], unknown: set[str]) -> Iterator[Batch]:
    place, characters, waiting = 0, 0, list[WaitingRow]()
    for count, row in enumerate(rows, 1):
        if count > MOST_ROWS:
            raise UnreadableFile(
                f"The file has more than {MOST_ROWS:,} rows, the most that is taken. "
                "Divide it into several files, each with the column names on top."
            )
        cells = tuple(unguarded(row.cells[name]) if name in row.cells else None for name in columns)
        faults = tuple(
            (fault.column, fault.code, fault.detail)
            for fault in row.faults
            if fault.column not in unknown and fault.column != WHAT_TO_MEND
        )
        waiting.append(WaitingRow(row.number, cells, faults, row.hidden))
        characters += sum(len(cell) for cell in cells if cell is not None)
        if len(waiting) == BATCH_ROWS or characters > _BATCH_CHARACTERS:
            yield Batch(place, tuple(waiting))
            place, characters, waiting = place + 1, 0, []
    if waiting:
        yield Batch(place, tuple(waiting))


def _release(one: FileImport, rows: int, fingerprint: bytes, room: Room, trace: Trace) -> FileImport:
    """Let the rows be taken; if somebody sent the same file at the same time, theirs are."""
    with room.unit(trace) as unit:
        room.database.lock(unit.connection, [fingerprint])
        going = store.find_unfinished(unit.connection, unit.keys.rest, fingerprint, dry_run=one.dry_run)
        if going is not None:
            store.drop(unit, one.id)
            return going
        store.release(unit, one.id, rows)
    with room.database.reading() as connection:
        released = store.find(connection, room.keys.rest, one.id, one.agency)
    assert released is not None  # noqa: S101 - it was released just now, and nothing takes it away so soon
    return released
