"""A change of triage's tables keeps what is in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from services.triage.service import TRIAGE
from shared.database import Database, migrate
from tests.support.houses import BOTH

CASE = UUID(int=3)
SINCE = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database of each kind as it was when cases were joined on exact evidence."""
    fresh = f"sqlite:///{tmp_path}/triage.db"
    if request.param == "production":
        fresh = str(request.getfixturevalue("fresh_database")())
    database = Database(fresh)
    config = Config()
    config.set_main_option("script_location", str(TRIAGE.migrations))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.commit()
    return database


def test_cases_and_referrals_survive_the_way_to_weighed_evidence(database: Database) -> None:
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
    database.close()
