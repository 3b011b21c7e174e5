"""Two to four workers, given many accounts of many events at once, make the cases that one worker makes."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from services.triage.service import TRIAGE
from services.triage.tables import cases, referrals
from shared.messaging.parking import count_held
from shared.sealing import make_keys_file
from shared.settings import Settings
from tests.faults.conftest import PREPARE
from tests.faults.people import a_story, an_invented_person, as_said_by_intake
from tests.faults.racing import work_in_processes

if TYPE_CHECKING:
    from tests.conftest import FreshDatabase
    from tests.support.builders import Wire

pytestmark = [pytest.mark.faults, pytest.mark.production]

OF_ONE_EVENT = 5
Groups = set[tuple[str, ...]]


def accounts_of(number: int) -> list[Wire]:
    """Five accounts: whole, without the number, with a slip, from a co-victim, and of another day."""
    person = an_invented_person(number)
    given, family = person["name"]["given"], person["name"]["family"]
    slip = person | {"name": {"given": given, "family": family[:-2] + family[-1] + family[-2]}}
    numbered = a_story(number)["event"]
    unnumbered = numbered | {"references": []}
    beside = an_invented_person(number + 500_000)
    told: list[Wire] = [
        {},
        {"event": unnumbered, "parties": [person]},
        {"event": numbered, "parties": [slip]},
        {"event": numbered, "parties": [beside]},
        # The same person again, three weeks later: a case of its own.
        {"event": unnumbered | {"started_on": "2026-03-23", "ended_on": "2026-03-23"}, "parties": [person]},
    ]
    return [
        a_story(number, source_record_id=f"INVENTED-{number}-{place}") | changes
        for place, changes in enumerate(told)
    ]


def ended_with(url: str, home: Path, piles: list[list[list[bytes]]]) -> tuple[Groups, Groups]:
    """The cases and the people that so many workers make, each of a pile of batches."""
    settings = {"HUB_HOME": str(home), "HUB_TRIAGE_DATABASE_URL": url}
    work_in_processes(settings, piles)
    room = TRIAGE.furnish(Settings.read(settings))
    assert count_held(room.books) == (0, 0)
    in_case: dict[object, set[str]] = defaultdict(set)
    who: dict[str, set[str]] = defaultdict(set)
    with room.database.reading() as connection:
        rows = connection.execute(
            select(referrals.c.source_record_id, referrals.c.case_id, referrals.c.people)
        ).all()
        found = connection.execute(select(cases.c.id, cases.c.merged_into)).all()
    room.database.close()
    merged = {row.id: row.merged_into for row in found}
    for record, case, people in rows:
        assert merged[case] is None
        in_case[case].add(record)
        for place, person in enumerate(people):
            who[person].add(f"{record}/{place}")
    return {tuple(sorted(g)) for g in in_case.values()}, {tuple(sorted(g)) for g in who.values()}


def check(fresh_database: FreshDatabase, home: Path, events: int, workers: int) -> None:
    make_keys_file(home)
    keys = TRIAGE.furnish(
        Settings.read({"HUB_HOME": str(home), "HUB_TRIAGE_DATABASE_URL": f"sqlite:///{home}/none.db"})
    ).keys
    draw = random.Random(events * workers)
    bodies = [
        as_said_by_intake(story, keys)[1]["body"]
        for number in range(1, events + 1)
        for story in accounts_of(number)
    ]
    # All accounts of one event come within one breath, and in no order: each worker gets some of them.
    piles: list[list[list[bytes]]] = [[] for _ in range(workers)]
    for start in range(0, len(bodies), 10 * OF_ONE_EVENT):
        together = bodies[start : start + 10 * OF_ONE_EVENT]
        draw.shuffle(together)
        for worker in range(workers):
            piles[worker].append(together[worker::workers])
    draw.shuffle(bodies)
    alone = [[bodies[start : start + 20] for start in range(0, len(bodies), 20)]]
    one = ended_with(fresh_database(PREPARE["triage"]), home, alone)
    several = ended_with(fresh_database(PREPARE["triage"]), home, piles)
    assert sum(map(len, one[0])) == len(bodies)
    assert several == one


def test_three_workers_make_the_cases_of_one(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    check(fresh_database, tmp_path, events=20, workers=3)


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [2, 3, 4])
def test_several_workers_on_a_thousand_duplicates_make_the_cases_of_one(
    workers: int, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    check(fresh_database, tmp_path, events=200, workers=workers)
