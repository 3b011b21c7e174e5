"""What docs/production.md says of backups holds: a copy comes back whole, also one of an older version."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from services.every import SERVICES
from shared.database import Database, migrate
from shared.service import Service
from tests.production.stack import ROOT
from tests.support.migrating import upgrade
from tests.support.ports import LOOPBACK
from tests.support.postgresql_server import PostgreSQLServer, find_programs

pytestmark = pytest.mark.production

TEXT = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
COPIES, COMES_BACK = re.findall(r"(?ms)^for database in .*?^done$", TEXT)
# On the operator's machine the programs of PostgreSQL are in a container.
WITHOUT_DOCKER = 'set -e; docker() { shift 4; "$@"; }\n'


def run(commands: str, server: PostgreSQLServer, folder: Path) -> None:
    """Do what the page says, in this folder."""
    assert commands.count("docker compose exec -T postgres") == 1
    subprocess.run(
        ["/bin/sh", "-c", WITHOUT_DOCKER + commands],
        cwd=folder,
        env={
            "PATH": f"{find_programs()}:{os.environ['PATH']}",
            "PGHOST": LOOPBACK,
            "PGPORT": str(server.port),
        },
        check=True,
        capture_output=True,
        timeout=120,
    )


def database_of(service: Service, server: PostgreSQLServer) -> Database:
    """A service's database, by the service's own role."""
    return Database(f"postgresql+psycopg://hub_{service.name}@{LOOPBACK}:{server.port}/{service.name}")


def version_of(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def test_a_copy_from_before_an_upgrade_comes_back_and_is_brought_to_the_new_version_again(
    server: PostgreSQLServer, tmp_path: Path
) -> None:
    before = {}
    for name, service in SERVICES.items():
        newest, before[name], *_ = (
            step.revision for step in ScriptDirectory(str(service.migrations)).walk_revisions()
        )
        assert newest > before[name]
        database = database_of(service, server)
        upgrade(database, service, before[name])
        database.close()
    run(COPIES, server, tmp_path)
    for service in SERVICES.values():
        database = database_of(service, server)
        migrate(database, service.migrations)
        database.close()
    run(COMES_BACK, server, tmp_path)
    for name, service in SERVICES.items():
        database = database_of(service, server)
        assert version_of(database) == before[name]
        migrate(database, service.migrations)
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, service.tables.outbox.metadata) == []
            for other in SERVICES:
                asked = f"SELECT has_database_privilege('hub_{name}', '{other}', 'CONNECT')"
                assert connection.exec_driver_sql(asked).scalar() is (other == name)
        database.close()
