"""Two workers of triage that keep the same thing at the same moment keep it once, and neither stumbles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from services.triage.domain.matching.frequencies import Frequencies
from services.triage.lives.store import keep_routing_table
from services.triage.matching.store import keep_frequencies
from services.triage.service import TRIAGE
from shared.messaging.unit import Unit
from shared.sealing import make_keys_file
from shared.settings import Settings
from tests.support.hub_processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from shared.service import Room

pytestmark = [pytest.mark.faults, pytest.mark.production]

SECONDS = 60


def a_table(unit: Unit) -> bool:
    return keep_routing_table(unit, "invented", b"rules: []")


def a_count(unit: Unit) -> bool:
    counted = Frequencies("1", 500, 500, {}, {}, {}, frozenset())
    return keep_frequencies(unit.connection, unit.keys.rest, counted, dt.datetime.now(dt.UTC))


@pytest.mark.parametrize("keep", [a_table, a_count])
def test_whoever_comes_second_waits_and_has_nothing_to_keep(
    keep: Callable[[Unit], bool], database_urls: dict[str, str], tmp_path: Path
) -> None:
    make_keys_file(tmp_path)
    given = {"HUB_HOME": str(tmp_path), "HUB_TRIAGE_DATABASE_URL": database_urls["triage"]}
    room = TRIAGE.furnish(Settings.read(given))

    def second() -> bool:
        with room.unit() as unit:
            return keep(unit)

    with ThreadPoolExecutor(1) as other:
        with room.unit() as unit:
            assert keep(unit)
            unit.flush()
            seconds = other.submit(second)
            wait_until(lambda: waits_for_the_first(room) or seconds.done(), SECONDS, "the second waits")
        assert seconds.result(SECONDS) is False
    room.close()


def waits_for_the_first(room: Room) -> bool:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with room.database.reading() as connection:
        return bool(connection.execute(waiting).scalar_one())
