"""A change of notify's tables keeps what is in them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from services.notify.service import NOTIFY
from services.notify.tables import alerts, case_teams
from shared.database import Database, migrate
from tests.support.houses import BOTH
from tests.support.migrating import an_empty_database, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SINCE = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    with an_empty_database(request.param, request, tmp_path) as database:
        yield database


def test_a_case_is_with_the_team_that_was_told_of_it_last(database: Database) -> None:
    upgrade(database, NOTIFY, "0009")
    told = [
        ("C-ONE", "opening", "restorative_hub"),
        ("C-ONE", "released", "vcas"),
        # Whoever is asked, or had another case that goes on in this one, does not have it.
        ("C-ONE", "due", "vip"),
        ("C-TWO", "opening", "duty_desk"),
        ("C-TWO", "merged", "vip"),
        ("C-THREE", "due", "vip"),
    ]
    rows = [
        {"id": UUID(int=number), "case": case, "kind": kind, "team": team, "raised_at": SINCE}
        | {"urgent": False, "state": "open", "occasion": str(number)}
        for number, (case, kind, team) in enumerate(told, 1)
    ]
    with database.transaction() as connection:
        connection.execute(insert(alerts), rows)
    migrate(database, NOTIFY.migrations)
    with database.reading() as connection:
        found = connection.execute(select(case_teams.c.case, case_teams.c.team).order_by(case_teams.c.case))
        assert [tuple(row) for row in found] == [("C-ONE", "vcas"), ("C-TWO", "duty_desk")]
