"""Who is found in conflict while another worker triages the same person anew has neither of the cases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from services.triage.cases.api import table_of
from services.triage.cases.hold_case import Who
from services.triage.cases.record_fact import record_fact
from services.triage.cases.store import Sees
from services.triage.lives.tables import case_conflicts
from services.triage.matching.desk import desk_of
from services.triage.service import TRIAGE
from services.triage.tables import cases, referrals
from services.triage.triage_referral import prepare_batch, triage_referral
from shared.contracts import MESSAGES, ReferralReceived
from shared.contracts.envelope import open_envelope, read_envelope
from shared.sealing import make_keys_file
from shared.settings import Settings
from tests.faults.people import a_story, an_invented_person, as_said_by_intake
from tests.faults.test_two_workers_keep_one_thing import waits_for_the_first
from tests.support.hub_processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.messaging.unit import Unit
    from shared.service import Room

pytestmark = [pytest.mark.faults, pytest.mark.production]

SECONDS = 60
NUMBER = 7
ANOTHER = {"type": "theft", "started_on": "2025-06-01", "ended_on": "2025-06-01"}
COORDINATOR = "coordinator@referral-hub.example"
SUPERVISOR = Who("supervisor@referral-hub.example", "supervisor", "duty_desk", Sees(everything=True))


def heard(room: Room, record: str, number: int, **event: object) -> ReferralReceived:
    """A referral of the one person that there is in this test."""
    story = a_story(number, source_record_id=record, parties=[an_invented_person(NUMBER)])
    story["event"] |= event
    _, row = as_said_by_intake(story, room.keys)
    message = open_envelope(read_envelope(row["body"]), MESSAGES, room.keys.messages)
    assert isinstance(message, ReferralReceived)
    return message


def triage(room: Room, message: ReferralReceived) -> Callable[[Unit], object]:
    def work(unit: Unit) -> object:
        prepare_batch([message], unit, room.database, desk_of(room))
        return triage_referral(message, unit, table_of(room), desk_of(room))

    return work


def declare(room: Room, case: str) -> Callable[[Unit], object]:
    def work(unit: Unit) -> object:
        says = {"staff": COORDINATOR}
        return record_fact(case, "conflict", says, None, SUPERVISOR, unit, room.database, table_of(room))

    return work


@pytest.mark.parametrize("declared_first", [True, False])
def test_a_conflict_is_found_whichever_of_the_two_comes_first(
    declared_first: bool,  # noqa: FBT001
    database_urls: dict[str, str],
    tmp_path: Path,
) -> None:
    make_keys_file(tmp_path)
    given = {"HUB_HOME": str(tmp_path), "HUB_TRIAGE_DATABASE_URL": database_urls["triage"]}
    room = TRIAGE.furnish(Settings.read(given))
    with room.unit() as unit:
        triage(room, heard(room, "ONE", NUMBER))(unit)
    with room.database.reading() as connection:
        case = connection.execute(select(cases.c.reference)).scalar_one()
    pair = [declare(room, case), triage(room, heard(room, "TWO", NUMBER + 500_000, **ANOTHER))]
    one, other = pair if declared_first else reversed(pair)

    def second() -> None:
        with room.unit() as unit:
            other(unit)

    with ThreadPoolExecutor(1) as worker:
        with room.unit() as unit:
            one(unit)
            unit.flush()
            seconds = worker.submit(second)
            wait_until(lambda: waits_for_the_first(room) or seconds.done(), SECONDS, "the second waits")
            assert not seconds.done()
        seconds.result(SECONDS)
    with room.database.reading() as connection:
        found = connection.execute(select(referrals.c.case_id, referrals.c.people)).all()
        barred = set(connection.execute(select(case_conflicts.c.case_id)).scalars())
    room.close()
    assert len({row.people[0] for row in found}) == 1
    assert len({row.case_id for row in found}) == len(found)
    assert barred == {row.case_id for row in found}
