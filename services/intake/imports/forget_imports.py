"""Forget what is kept of the content of files for no longer than it is needed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from services.intake.imports import store
from services.intake.imports.domain.file_import import READING_KEPT, TRIAL_KEPT

if TYPE_CHECKING:
    from shared.service import Room

_ROUND: Final = 20
_LATE: Final = "The file was not finished in time, and its rows are forgotten. Send it again."


def forget_imports(room: Room) -> int:
    """One round: how many imports there were of which something had to go.

    Of a trial nothing stays but its counts; of another import what became of each row stays, and the cells
    of rejected rows go when they were kept for as many days as the settings say.
    """
    now = room.clock()
    kept = dt.timedelta(days=room.settings.rejected_rows_days)
    with room.database.reading() as connection:
        late = store.list_to_forget(connection, trials_of=now - TRIAL_KEPT, cells_of=now - kept, limit=_ROUND)
        abandoned = store.list_abandoned(connection, now - READING_KEPT, _ROUND)
    for import_id, trial in late:
        with room.unit() as unit:
            # Whoever takes rows of it has them until their batch is done: it must not be left unfinished.
            if store.hold(unit, import_id, wait=True) is not None:
                store.refuse(unit, import_id, _LATE)
            store.forget_rows(unit, import_id)
            if trial:
                store.forget_outcomes(unit, import_id)
            store.mark_forgotten(unit, import_id)
    for import_id in abandoned:
        with room.unit() as unit:
            store.drop(unit, import_id)
    return len(late) + len(abandoned)
