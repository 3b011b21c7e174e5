"""Publish the figures of a quarter that is over, once: as they are told then they stay.

What was published is never counted again. Whoever read a quarter before and after a case of it was merged,
closed or moved could otherwise take one from the other, and would know what that one case is about.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from services.triage.cases.words import TOLD
from services.triage.domain.figures import Quarter
from services.triage.read_tables import read_areas
from services.triage.reports import store
from services.triage.reports.count_quarter import count_quarter
from shared.working_time import LONDON

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from shared.directory import Directory
    from shared.service import Room

# What began before the end is committed a little after it, and clocks of machines differ: what came too late
# to be counted would be told in no quarter.
_SETTLED_AFTER: Final = dt.timedelta(minutes=15)


def publish_quarter(room: Room) -> int:
    """The oldest quarter that is over and not published yet, if there is one; how many were published."""
    now, fewest = room.clock(), room.settings.reports_fewest
    with room.database.snapshot() as connection:
        quarter = _next_to_publish(connection)
        if quarter is None or quarter >= Quarter.of((now - _SETTLED_AFTER).astimezone(LONDON).date()):
            return 0
        figures = count_quarter(connection, quarter, _names(room.directory), fewest)
    with room.database.transaction() as connection:
        return store.publish(connection, store.Published(quarter, now, fewest, figures))


def _next_to_publish(connection: Connection) -> Quarter | None:
    last = store.last_published(connection)
    if last is not None:
        return last.next
    first = store.first_day(connection)
    return Quarter.of(first.astimezone(LONDON).date()) if first else None


def _names(directory: Directory) -> dict[str, Callable[[str], str]]:
    authorities = read_areas().authorities

    def area(code: str) -> str:
        known = authorities.get(code)
        return known.name if known else code or "Not known"

    return {
        "agency": directory.name_of,
        "team": directory.name_of,
        "area": area,
        "strand": str.capitalize,
        "kind": lambda code: code.replace("_", " ").capitalize(),
        "outcome": lambda code: TOLD.get(code, code) or "Not recorded",
    }
