"""A change of triage's tables keeps what is in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Date, LargeBinary, MetaData, String, Table, Uuid, insert, select

from services.triage.service import TRIAGE
from services.triage.tables import evidence
from shared.database import Database, Instant, migrate
from tests.support.houses import BOTH

_then = MetaData()
PEOPLE = Table(
    "people",
    _then,
    Column("key", LargeBinary, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("known_since", Instant),
)
CASE_KEYS = Table(
    "case_keys",
    _then,
    Column("key", LargeBinary, primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    Column("event_type", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
)
FIRST, SECOND, CASE, OTHER_CASE = (UUID(int=number) for number in range(1, 5))
DAY = dt.date(2026, 3, 1)
SINCE = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database of each kind as the first version left it."""
    fresh = f"sqlite:///{tmp_path}/triage.db"
    if request.param == "production":
        fresh = str(request.getfixturevalue("fresh_database")())
    database = Database(fresh)
    config = Config()
    config.set_main_option("script_location", str(TRIAGE.migrations))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    return database


def test_people_and_what_leads_to_cases_survive_becoming_one_table(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(
            insert(PEOPLE),
            [
                {"key": b"person", "person_id": SECOND, "known_since": SINCE},
                {"key": b"person", "person_id": FIRST, "known_since": SINCE},
            ],
        )
        connection.execute(
            insert(CASE_KEYS),
            [
                {"key": b"person", "case_id": CASE, "event_type": "burglary", "day": DAY},
                {"key": b"person", "case_id": OTHER_CASE, "event_type": "noise", "day": DAY},
                {"key": b"reference", "case_id": CASE, "event_type": "burglary", "day": DAY},
            ],
        )
    migrate(database, TRIAGE.migrations)
    with database.reading() as connection:
        rows = connection.execute(select(evidence).order_by(evidence.c.key, evidence.c.case_id)).all()
    assert [tuple(row) for row in rows] == [
        (b"person", CASE, "burglary", DAY, FIRST),
        (b"person", OTHER_CASE, "noise", DAY, FIRST),
        (b"reference", CASE, "burglary", DAY, None),
    ]
    database.close()
