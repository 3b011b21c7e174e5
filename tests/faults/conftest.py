"""What fault tests ask for: whole hubs, and databases that have their tables."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from services.every import SERVICES
from shared.database import Database, migrate
from shared.house import topology_for
from tests.support.houses import declare, infrastructure, make_hub
from tests.support.hub_processes import HubProcesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import FreshDatabase
    from tests.support.smtp_server import SMTPServer

__all__ = ["infrastructure", "make_hub"]


def _migrate(name: str, url: str) -> None:
    database = Database(url)
    migrate(database, SERVICES[name].migrations)
    database.close()


# The same three objects throughout the run, so that each service's tables are made once and copied.
PREPARE: dict[str, Callable[[str], object]] = {name: functools.partial(_migrate, name) for name in SERVICES}


@pytest.fixture
def database_urls(fresh_database: FreshDatabase) -> dict[str, str]:
    """A PostgreSQL database with its tables for each service."""
    return {name: fresh_database(PREPARE[name]) for name in SERVICES}


@pytest.fixture
def processes(
    tmp_path: Path, vhost: str, database_urls: dict[str, str], smtp: SMTPServer
) -> Iterator[HubProcesses]:
    """A hub of real processes on servers of their own, prepared; the test says what runs."""
    with HubProcesses(tmp_path, broker_url=vhost, database_urls=database_urls, mail_url=smtp.url) as hub:
        # What is there already need not settle: only what a test kills the broker for waits for that.
        declare(vhost, topology_for(()))
        hub.prepare()
        yield hub
