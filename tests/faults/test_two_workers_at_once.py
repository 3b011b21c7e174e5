"""Two workers that get two referrals of one event at the same instant make one case of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from services.triage.service import TRIAGE
from services.triage.tables import cases, messaging, referrals
from shared.database import Database, migrate
from shared.sealing import make_keys_file
from shared.settings import Settings
from tests.faults.people import a_crime_number, a_story, an_invented_person, as_said_by_intake
from tests.faults.racing import race_two_processes, race_two_threads
from tests.support.builders import Wire, a_reference, an_event

pytestmark = pytest.mark.faults

PAIRS = 200
TwoAccounts = Callable[[int], tuple[Wire, Wire]]


def same_reference(number: int) -> tuple[Wire, Wire]:
    """Two people, each with an account of the event with this crime reference."""
    event = an_event(references=[a_reference(value=a_crime_number(number))])
    return (
        a_story(number, source_record_id=f"INVENTED-{number}-A", event=event),
        a_story(number + 500_000, source_record_id=f"INVENTED-{number}-B", event=event),
    )


def same_person(number: int) -> tuple[Wire, Wire]:
    """One person's event, referred twice under different references."""
    return (
        a_story(number, source_record_id=f"INVENTED-{number}-A"),
        a_story(
            number + 500_000, source_record_id=f"INVENTED-{number}-B", parties=[an_invented_person(number)]
        ),
    )


RULES = pytest.mark.parametrize("two_accounts", [same_reference, same_person])


def race_and_check(
    settings: dict[str, str],
    two_accounts: TwoAccounts,
    race: Callable[[dict[str, str], list[tuple[bytes, bytes]]], None],
) -> None:
    make_keys_file(Path(settings["HUB_HOME"]))
    room = TRIAGE.furnish(Settings.read(settings))
    said = [
        tuple(as_said_by_intake(story, room.keys) for story in two_accounts(number))
        for number in range(1, PAIRS + 1)
    ]
    race(settings, [(one["body"], other["body"]) for (_, one), (_, other) in said])
    with room.database.reading() as connection:
        rows = connection.execute(select(referrals.c.reference, referrals.c.case_id)).all()
        case_of = {row.reference: row.case_id for row in rows}
        count = len(connection.execute(select(cases.c.id)).all())
        told = Counter(connection.execute(select(messaging.outbox.c.type)).scalars())
        rows = connection.execute(select(referrals.c.reference, referrals.c.people)).all()
        people_of = {row.reference: row.people for row in rows}
    room.database.close()
    apart = [(one, other) for (one, _), (other, _) in said if case_of[one] != case_of[other]]
    assert apart == [], f"{len(apart)} of {PAIRS} pairs became two cases"
    assert count == PAIRS
    assert told == {"case.routed": PAIRS, "case.joined": PAIRS, "case.telltales": 2 * PAIRS}
    if two_accounts is same_person:
        assert [one for (one, _), (other, _) in said if people_of[one] != people_of[other]] == []


@pytest.mark.production
@RULES
def test_two_processes_given_one_event_at_the_same_instant_make_one_case_on_postgresql(
    two_accounts: TwoAccounts, database_urls: dict[str, str], tmp_path: Path
) -> None:
    settings = {"HUB_HOME": str(tmp_path), "HUB_TRIAGE_DATABASE_URL": database_urls["triage"]}
    race_and_check(settings, two_accounts, race_two_processes)


@RULES
def test_two_threads_given_one_event_at_the_same_instant_make_one_case_on_sqlite(
    two_accounts: TwoAccounts, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path}/triage.db")
    migrate(database, TRIAGE.migrations)
    database.close()
    race_and_check({"HUB_HOME": str(tmp_path)}, two_accounts, race_two_threads)
