"""A change of triage's tables keeps what is in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import insert, select, text

from services.triage.lives.tables import case_conflicts, case_records, declared_conflicts, lives
from services.triage.service import TRIAGE
from services.triage.tables import referrals
from shared.database import Database, migrate
from shared.sealing import BrokenSeal, KeyRing, load_keys, make_keys_file, new_key_text
from tests.support.houses import BOTH
from tests.support.migrating import an_empty_database, upgrade

CASE = UUID(int=3)
SINCE = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    with an_empty_database(request.param, request, tmp_path) as database:
        yield database


def test_cases_and_referrals_survive_the_way_to_weighed_evidence(database: Database) -> None:
    upgrade(database, TRIAGE, "0004")
    case, at = (CASE.hex, SINCE.isoformat(" ")) if database.is_file else (str(CASE), SINCE)
    with database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO cases (id, reference, strand, event_type, team, why_there, opened_at)"
                " VALUES (:id, 'C-7KQX4-M3DTW', 'crime', 'theft', 'duty_desk', '{}', :at)"
            ),
            {"id": case, "at": at},
        )
        connection.execute(
            text(
                "INSERT INTO referrals (reference, agency, source_record_id, version, case_id, people,"
                " evidence, sealed, heard_at, updated_at)"
                " VALUES ('R-7KQX4-M3DTW', 'vcas', 'V-1', 2, :case, '[]', '[]', :sealed, :at, :at)"
            ),
            {"case": case, "sealed": b"sealed", "at": at},
        )
    migrate(database, TRIAGE.migrations)
    with database.reading() as connection:
        (found,) = connection.execute(
            text("SELECT r.version, r.account, c.reference FROM referrals r JOIN cases c ON c.id = r.case_id")
        ).all()
    # Without an account it is not found by anybody until it is read again.
    assert tuple(found) == (2, None, "C-7KQX4-M3DTW")


def test_who_declared_that_they_know_somebody_is_barred_from_their_cases_as_it_was_recorded(
    database: Database, tmp_path: Path
) -> None:
    upgrade(database, TRIAGE, "0013")
    make_keys_file(tmp_path)
    keys = load_keys({"HUB_SEALING_KEYS": ""}, tmp_path)
    one, into, gone = UUID(int=1), UUID(int=2), UUID(int=3)

    def record(number: int, case_id: UUID, **says: object) -> None:
        place = f"triage/record/{case_id}/{UUID(int=number)}"
        sealed = keys.rest.seal(msgspec.json.encode(says), place)
        row = {"case_id": case_id, "id": UUID(int=number), "kind": "conflict", "on": SINCE.date()}
        connection.execute(insert(case_records), row | {"at": SINCE, "who": "", "sealed": sealed})

    with database.transaction() as connection:
        for reference, case_id, opened in (("R-1", one, one), ("R-2", into, into), ("R-3", into, gone)):
            connection.execute(
                insert(referrals),
                {"reference": reference, "agency": "vcas", "source_record_id": reference, "version": 1}
                | {"case_id": case_id, "opened_case": opened, "people": [], "sealed": b""}
                | {"heard_at": SINCE, "updated_at": SINCE},
            )
        record(1, one, staff="a@hub.example")
        record(2, one, staff="b@hub.example")
        record(3, one, staff="b@hub.example", knows=False)
        record(4, one, staff="c@hub.example", because="another_case")
        record(5, gone, staff="d@hub.example", because="own_contact")
    if not database.is_file:
        # In production whoever prepares opens no seal until they are lent the keys; nothing changes before.
        strange = replace(keys, rest=KeyRing.read(new_key_text("k1")))
        with pytest.raises(BrokenSeal):
            migrate(database, TRIAGE.migrations, keys=strange)
    migrate(database, TRIAGE.migrations, keys=keys)
    with database.reading() as connection:
        barred = {(row.email, row.case_id) for row in connection.execute(select(case_conflicts))}
        declared = {tuple(row) for row in connection.execute(select(declared_conflicts))}
    a, b, c, d = (f"{name}@hub.example" for name in "abcd")
    # Of a case that was merged it holds where its referrals are now.
    assert barred == {(a, one), (c, one), (d, gone), (d, into)}
    assert declared == {(a, "R-1", "said"), (b, "R-1", None), (d, "R-3", "own_contact")}


def begin_life(database: Database, case: UUID, **of_it: str) -> None:
    """A life as it was kept when there were not as many columns."""
    with database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO lives (case_id, state, owner, since, task, next_on, before, reason,"
                ' enabling, "left", lead, urgent, gates, facts)'
                " VALUES (:id, :state, 'somebody', :at, :task, '2026-05-05', :before, :reason,"
                " '[]', 3, 'vcas', :urgent, '[]', :facts)"
            ),
            {
                "id": case.hex if database.is_file else str(case),
                "state": "assess_prep",
                "task": "triage",
                "at": SINCE.isoformat(" ") if database.is_file else SINCE,
                "before": None,
                "reason": None,
                "urgent": False,
                "facts": b"sealed",
            }
            | of_it,
        )


def test_a_hold_from_before_holds_were_remembered_is_remembered_with_its_clock(database: Database) -> None:
    upgrade(database, TRIAGE, "0013")
    held, at_work = UUID(int=4), UUID(int=5)
    begin_life(database, held, state="on_hold", before="assess_prep", reason="H-MORE-TIME")
    begin_life(database, at_work)
    migrate(database, TRIAGE.migrations)
    with database.reading() as connection:
        found = connection.execute(select(lives.c.case_id, lives.c.hold, lives.c.left))
        kept = {row.case_id: (row.hold, row.left) for row in found}
    assert kept == {held: (["assess_prep", "H-MORE-TIME", "2026-05-05"], 3), at_work: (None, 3)}


def test_where_contact_was_stopped_before_the_ends_of_orders_were_known_it_is_looked_at_once(
    database: Database,
) -> None:
    upgrade(database, TRIAGE, "0021")
    stopped, at_work = UUID(int=4), UUID(int=5)
    begin_life(database, stopped, task="stop_contact")
    begin_life(database, at_work)
    migrate(database, TRIAGE.migrations)
    with database.reading() as connection:
        found = connection.execute(select(lives.c.case_id).where(lives.c.stopped_until < SINCE.date()))
        assert list(found.scalars()) == [stopped]
