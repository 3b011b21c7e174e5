"""A service's tables as they were at some revision, on an empty database of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from shared.database import Database
from shared.service import Service


@contextmanager
def an_empty_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    """A file, or for `production` a database of the server."""
    url = f"sqlite:///{folder}/fresh.db"
    if kind == "production":
        url = str(request.getfixturevalue("fresh_database")())
    database = Database(url)
    yield database
    database.close()


def upgrade(database: Database, service: Service, revision: str) -> None:
    """The tables as they were then."""
    config = Config()
    config.set_main_option("script_location", str(service.migrations))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
