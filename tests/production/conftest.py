"""Secrets made for one run of the tests, and a PostgreSQL as production has it."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.production.stack import DEPLOY, make_secrets, read_secrets
from tests.support.ports import LOOPBACK
from tests.support.postgresql_server import PostgreSQLServer, find_programs


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the secrets of a hub have been made."""
    folder = tmp_path_factory.mktemp("hub")
    make_secrets(folder)
    return folder


@pytest.fixture(scope="session")
def hub_secrets(secrets_folder: Path) -> dict[str, str]:
    """What `.env` holds there."""
    return read_secrets(secrets_folder)


def settings_of_production() -> dict[str, str]:
    """What postgresql.conf says, but for where the server listens: the tests choose that themselves."""
    text = (DEPLOY / "postgres" / "postgresql.conf").read_text(encoding="utf-8")
    settings = dict(re.findall(r"(?m)^(\w+) = '?([^'\n]*)'?$", text))
    return {
        name: value
        for name, value in settings.items()
        if name not in ("listen_addresses", "unix_socket_directories")
    }


@pytest.fixture(scope="module")
def server(hub_secrets: dict[str, str]) -> Iterator[PostgreSQLServer]:
    """A server with production's settings, on which the databases have been made as the image makes them."""
    with PostgreSQLServer(settings=settings_of_production()) as started:
        subprocess.run(
            [str(DEPLOY / "postgres" / "make-databases.sh")],
            env=hub_secrets
            | {
                "PATH": f"{find_programs()}:{os.environ['PATH']}",
                "POSTGRES_USER": "postgres",
                "PGHOST": LOOPBACK,
                "PGPORT": str(started.port),
            },
            check=True,
            capture_output=True,
            timeout=60,
        )
        yield started
