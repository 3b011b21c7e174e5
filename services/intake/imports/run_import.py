"""Take the next rows of an import: each becomes a version of a referral or is told what to mend.

A batch of rows, what becomes of each and the import's counts are one transaction, so that a process which
dies at any moment loses nothing and doubles nothing; whoever comes next goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from services.intake import store as intake_store
from services.intake.domain.warning import Remark
from services.intake.imports import store
from services.intake.imports.choose_mapping import choose_mapping
from services.intake.imports.domain.file_import import (
    MOST_FAILURES,
    FileImport,
    Mend,
    Outcome,
    RowOutcome,
    Told,
    WaitingRow,
    pause_after,
)
from services.intake.imports.keep_dates import dated_bodies
from services.intake.receive_referral import Taken
from services.intake.receive_referrals import receive_referrals
from services.intake.schema import read_referral
from shared.contracts.envelope import Trace
from shared.database import what_failed
from shared.problems import Problem, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from services.intake.imports.mapping import MappedRow, Mapping
    from shared.messaging.unit import Unit
    from shared.service import Room

log = logging.getLogger(__name__)

# Some systems export a line for each person of a case: only the last of them would stay.
TWICE_IN_FILE: Final = Remark(
    "record_twice_in_file",
    "Another row of this file has the same record number and says something else: the later one counts. "
    "Where a record has a row for each person, put all of its people into one row.",
)
# A filter hides rows from whoever looks at the file, and takes none out of it.
HIDDEN_ROW: Final = Remark(
    "hidden_row",
    "The spreadsheet hides this row, as a filter does, and it was taken all the same. Delete the rows that "
    "are not to be sent.",
)
_STOPPED: Final = (
    "The hub failed on this file several times and stopped. What was taken is kept; sent again, the file "
    "makes nothing of it twice. Tell whoever runs the hub the id of this import."
)


@dataclass(frozen=True)
class _Read:
    """A row as the mapping reads it: a referral's body, or faults that keep it out."""

    row: WaitingRow
    mapped: MappedRow
    faults: tuple[Mend, ...]


class _OnlyTried(Exception):  # noqa: N818 - it ends a trial, and is no error
    """What was taken for a trial is not kept."""


def run_due_import(room: Room) -> int:
    """Take the next rows of the import that has waited longest for a turn; how many, 0 when none waits."""
    with room.database.reading() as connection:
        due = store.find_due(connection, room.clock())
    return 0 if due is None else run_import(due, room)


def run_import(import_id: UUID, room: Room) -> int:
    """Take the next rows of this import; how many, 0 when there are none or another worker has them."""
    try:
        return _run(import_id, room)
    except Exception as error:
        # A database that is away is no fault of the file's.
        if what_failed(error) == "wrong" and not isinstance(error, Unavailable):
            _note_failure(import_id, room)
        raise


def _run(import_id: UUID, room: Room) -> int:
    # What can be done before the rows are ours is: the mapping costs more time than the database may be held.
    with room.database.reading() as connection:
        one = store.find(connection, room.keys.rest, import_id, None)
        batch = store.next_batch(connection, room.keys.rest, import_id)
    if one is None or not one.unfinished or batch is None:
        return 0
    mapping = choose_mapping(one.mapping, one.head.own_mapping).mapping
    self_referral = room.directory.agencies[one.agency].self_referral
    read = [_read(row, one, mapping, self_referral=self_referral) for row in batch.rows]
    good = [one_row.mapped for one_row in read if not one_row.faults]
    trace = Trace.begin(one.correlation_id)
    tried: list[Taken | Problem] = []
    if one.dry_run:
        with contextlib.suppress(_OnlyTried), room.unit(trace) as unit:
            bodies = dated_bodies(good, one.agency, unit)
            tried = receive_referrals(bodies, one.agency, unit, self_referral=self_referral, in_bulk=True)
            raise _OnlyTried
    with room.unit(trace) as unit:
        held = store.hold(unit, import_id)
        if held is None or not store.take_batch(unit, import_id, batch.place):
            return 0
        if held.dry_run:
            answers, brought = _in_their_order(tried, import_id, unit)
        else:
            bodies = dated_bodies(good, held.agency, unit)
            answers = receive_referrals(bodies, held.agency, unit, self_referral=self_referral, in_bulk=True)
            brought = _brought_by_this_file(answers, held, unit)
        done = _keep(read, answers, brought, held, unit)
    if done:
        log.info("import done", extra={"import_id": str(import_id), "rows": held.rows})
    return len(batch.rows)


def _read(row: WaitingRow, one: FileImport, mapping: Mapping, *, self_referral: bool) -> _Read:
    mapped = mapping.read_row(row.named(one.head.columns), one.head.first_came_at)
    faults = [Mend(column, "", code, detail) for column, code, detail in row.faults]
    faults += [Mend(fault.column, "", fault.code, fault.detail) for fault in mapped.faults]
    if faults:
        # What the mapping could read goes through the door all the same, so that the row comes back once
        # and not once for each fault; what the door misses in a column told of already is told already.
        try:
            read_referral(mapped.body, self_referral=self_referral)
        except Problem as problem:
            told = {fault.column for fault in faults}
            found = _faults_of(problem, mapped)
            faults += [fault for fault in found if fault.column and fault.column not in told]
    return _Read(row, mapped, tuple(faults))


def _faults_of(problem: Problem, mapped: MappedRow) -> list[Mend]:
    """The faults of a body, each with the column that its place was read from."""
    if not problem.errors:
        return [Mend("", "", problem.code, problem.detail or problem.title)]
    return [
        Mend(mapped.column_for(fault.pointer), fault.pointer, fault.code, fault.detail)
        for fault in problem.errors
    ]


def _keep(
    read: Sequence[_Read], answers: Sequence[Taken | Problem], brought: set[str], one: FileImport, unit: Unit
) -> bool:
    """Note what became of each row, and how far the import has come; whether that is its end.

    `brought` are the numbers of records that earlier rows of the file have brought.
    """
    answered = iter(answers)
    outcomes: list[RowOutcome] = []
    warnings = {told.code: told for told in one.warnings}
    for row in read:
        answer = None if row.faults else next(answered)
        if isinstance(answer, Unavailable):
            raise answer  # another request takes the same record at this moment: the batch is tried again
        if isinstance(answer, Taken):
            kept = None if one.dry_run else answer.kept
            outcomes.append(
                RowOutcome(
                    row.row.number,
                    answer.outcome,
                    kept.reference if kept else None,
                    kept.version if kept else None,
                )
            )
            told = {warning.code: warning.detail for warning in answer.kept.warnings}
            if row.row.hidden:
                told |= {HIDDEN_ROW.code: HIDDEN_ROW.detail}
            if answer.outcome == "amended" and answer.kept.source_record_id in brought:
                told |= {TWICE_IN_FILE.code: TWICE_IN_FILE.detail}
            brought.add(answer.kept.source_record_id)
            for code, detail in told.items():
                before = warnings.get(code)
                warnings[code] = Told(code, detail, 1 + (before.rows if before else 0))
        else:
            faults = row.faults if answer is None else tuple(_faults_of(answer, row.mapped))
            outcomes.append(RowOutcome(row.row.number, "rejected", faults=faults))
            store.keep_cells(unit, one.id, row.row.number, row.row.cells)
    store.add_outcomes(unit, one.id, outcomes)
    here = Counter[Outcome](outcome.outcome for outcome in outcomes)
    counts = {outcome: count + here[outcome] for outcome, count in one.counts.items()}
    done = sum(counts.values()) == one.rows
    store.keep_progress(
        unit,
        replace(
            one,
            state="done" if done else "running",
            finished_at=unit.now if done else None,
            counts=counts,
            warnings=tuple(warnings.values()),
        ),
    )
    return done


def _brought_by_this_file(answers: Sequence[Taken | Problem], one: FileImport, unit: Unit) -> set[str]:
    """The records of which an earlier batch has brought the version that is amended here."""
    amended = [answer.kept for answer in answers if isinstance(answer, Taken) and answer.outcome == "amended"]
    before = intake_store.find_versions(
        unit.connection, {(kept.reference, kept.version - 1) for kept in amended}
    )
    return {
        kept.source_record_id
        for kept in amended
        if (earlier := before.get((kept.reference, kept.version - 1))) and earlier.received_at >= one.made_at
    }


def _in_their_order(
    answers: Sequence[Taken | Problem], import_id: UUID, unit: Unit
) -> tuple[list[Taken | Problem], set[str]]:
    """What would have become of these rows after the earlier ones, of which a trial has kept nothing.

    With the numbers of the records that those would have brought.
    """
    key_of = {
        index: (unit.keys.lookup.hash("tried record", answer.kept.source_record_id), answer.kept.content_hash)
        for index, answer in enumerate(answers)
        if isinstance(answer, Taken)
    }
    before = store.find_tried(unit, import_id, {record for record, _ in key_of.values()})
    known = {record for record, _ in before}
    told = list(answers)
    brought = set[str]()
    for index, key in key_of.items():
        answer = answers[index]
        if isinstance(answer, Taken) and key[0] in known:
            brought.add(answer.kept.source_record_id)
            if answer.outcome != "repeat":
                told[index] = Taken("repeat" if key in before else "amended", answer.kept)
    store.keep_tried(unit, import_id, set(key_of.values()))
    return told, brought


def _note_failure(import_id: UUID, room: Room) -> None:
    with room.unit() as unit:
        one = store.hold(unit, import_id)
        if one is None:
            return
        failures = one.failures + 1
        store.keep_failure(unit, import_id, failures, unit.now + pause_after(failures))
        if failures >= MOST_FAILURES:
            store.refuse(unit, import_id, _STOPPED)
