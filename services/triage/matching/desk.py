"""The desk at which a worker compares accounts: the model of this release and the newest frequencies."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from services.triage.domain.matching.frequencies import NOTHING_COUNTED, Frequencies
from services.triage.domain.matching.judge_events import Judge
from services.triage.matching.read_model import read_model
from services.triage.matching.short_forms import canonicals
from services.triage.matching.store import newest_version, read_frequencies

if TYPE_CHECKING:
    import datetime as dt

    from shared.database import Database
    from shared.sealing import Keys
    from shared.service import Room

_LOOK_AFTER = 20.0  # seconds


class Desk:
    """Gives the judge that is to be used now; safe to share between threads."""

    def __init__(self, database: Database, keys: Keys) -> None:
        """Begin with nothing counted."""
        self._database = database
        self._keys = keys
        self._lock = threading.Lock()
        self._looked: dt.datetime | None = None
        self._judge = Judge(read_model(), NOTHING_COUNTED, canonicals)

    def judge(self, now: dt.datetime) -> Judge:
        """The judge; whether there are newer frequencies is looked up every now and then."""
        with self._lock:
            if self._looked is None or abs((now - self._looked).total_seconds()) > _LOOK_AFTER:
                self._looked = now
                self._judge = Judge(self._judge.model, self._newest(), canonicals)
            return self._judge

    def _newest(self) -> Frequencies:
        known = self._judge.frequencies
        with self._database.reading() as connection:
            version = newest_version(connection)
            if str(version) == known.version:
                return known
            return read_frequencies(connection, self._keys.rest, version) or known


def desk_of(room: Room) -> Desk:
    """The desk at which this room compares accounts."""
    desk: Desk = room.keep("desk", lambda: Desk(room.database, room.keys))
    return desk
