"""Three databases, three roles: each service reaches its own database and no other."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.ports import LOOPBACK
from tests.support.postgresql_server import PostgreSQLServer

pytestmark = pytest.mark.production

SERVICES = ("intake", "triage", "notify")


def connect(server: PostgreSQLServer, role: str, database: str) -> psycopg.Connection:
    return psycopg.connect(host=LOOPBACK, port=server.port, user=role, dbname=database, connect_timeout=5)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_makes_and_keeps_tables_in_its_own_database(server: PostgreSQLServer, service: str) -> None:
    with connect(server, f"hub_{service}", service) as connection:
        connection.execute("CREATE TABLE invented (id int)")
        connection.execute("INSERT INTO invented VALUES (1)")
        assert connection.execute("SELECT count(*) FROM invented").fetchone() == (1,)
        connection.execute("DROP TABLE invented")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("database", [*SERVICES, "postgres", "template1"])
def test_a_service_cannot_connect_to_any_other_database(
    server: PostgreSQLServer, service: str, database: str
) -> None:
    if database == service:
        connect(server, f"hub_{service}", database).close()
        return
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(server, f"hub_{service}", database)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_not_make_databases_or_roles_or_read_files(
    server: PostgreSQLServer, service: str
) -> None:
    for attempt in ("CREATE DATABASE invented", "CREATE ROLE invented", "COPY (SELECT 1) TO '/tmp/invented'"):
        with connect(server, f"hub_{service}", service) as connection:
            connection.autocommit = True
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)


def test_passwords_are_kept_as_scram(server: PostgreSQLServer) -> None:
    with connect(server, "postgres", "postgres") as connection:
        kept = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname LIKE 'hub_%'").fetchall()
    assert len(kept) == len(SERVICES)
    assert all(password.startswith("SCRAM-SHA-256$") for (password,) in kept)


def test_the_log_does_not_repeat_what_broke_a_rule(server: PostgreSQLServer) -> None:
    with connect(server, "hub_intake", "intake") as connection:
        connection.execute("CREATE TABLE invented (name text PRIMARY KEY)")
        connection.execute("INSERT INTO invented VALUES (%s)", ["Fable Figment"])
        connection.commit()
        with pytest.raises(psycopg.errors.UniqueViolation, match="Fable Figment"):
            connection.execute("INSERT INTO invented VALUES (%s)", ["Fable Figment"])
        connection.rollback()
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT 'Fable Figment' FROM nowhere")
        connection.rollback()
        connection.execute("DROP TABLE invented")
    log = server._log.read_text(encoding="utf-8", errors="replace")
    assert "duplicate key value violates unique constraint" in log
    assert "Figment" not in log
