"""The servers that a test can ask for; each starts when the first test of the run wants it."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from shared.house import spare_the_search_for_circles
from tests.support.houses import place
from tests.support.in_memory import held_in_memory
from tests.support.postgresql_server import PostgreSQLServer
from tests.support.rabbitmq_server import RabbitMQServer
from tests.support.routes import compile_each_route_once
from tests.support.smtp_server import SMTPServer

# One for the whole run, whichever modules use it.
__all__ = ["place"]

# The same examples in each run, however long one takes: what a change did not break stays green. Others are
# looked for with ARGS=--hypothesis-profile=default.
settings.register_profile(
    "hub", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("hub")


def pytest_configure(config: pytest.Config) -> None:
    """Hold what the run writes in memory, until pytest has tidied up."""
    run = contextlib.ExitStack()
    config.add_cleanup(run.close)
    run.enter_context(held_in_memory())


def pytest_collection_finish() -> None:
    """Search what the tests make for circles as seldom as a worker does, and make no route ready twice."""
    spare_the_search_for_circles()
    compile_each_route_once()


class FreshDatabase(Protocol):
    """Makes an empty PostgreSQL database for one test and gives its SQLAlchemy URL.

    With `prepare`, a function of a module that builds the tables at the URL it is given, it runs once in the
    whole run, and every database is a copy of what it made.
    """

    def __call__(self, prepare: Callable[[str], object] | None = None) -> str:
        """Make one more database."""
        ...


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQServer]:
    """One broker for the whole run. Tests that only send messages ask for `vhost` instead."""
    with RabbitMQServer(management=True) as server:
        yield server


@pytest.fixture
def vhost(rabbitmq: RabbitMQServer) -> Iterator[str]:
    """The URL of a virtual host of this test's own."""
    rabbitmq.mend()
    name = f"test-{secrets.token_hex(4)}"
    yield rabbitmq.add_vhost(name)
    rabbitmq.mend()
    rabbitmq.delete_vhost(name)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLServer]:
    """One database server for the whole run. Tests ask `fresh_database` for a database on it."""
    with PostgreSQLServer() as server:
        yield server


@pytest.fixture(scope="session")
def _prepared_databases() -> dict[Callable[[str], object], str]:
    """Which database to copy, for each function that prepares one."""
    return {}


@pytest.fixture
def fresh_database(
    postgresql: PostgreSQLServer,
    _prepared_databases: dict[Callable[[str], object], str],
) -> Iterator[FreshDatabase]:
    """Give databases of this test's own, dropped after it."""
    postgresql.mend()
    made: list[str] = []

    def prepared(prepare: Callable[[str], object]) -> str:
        if prepare not in _prepared_databases:
            name = f"prepared_{secrets.token_hex(4)}"
            prepare(postgresql.create_database(name))
            # Nobody may be connected to a database while it is copied, an idle pool included.
            postgresql.disconnect(name)
            _prepared_databases[prepare] = name
        return _prepared_databases[prepare]

    def make(prepare: Callable[[str], object] | None = None) -> str:
        name = f"test_{secrets.token_hex(4)}"
        made.append(name)
        return postgresql.create_database(name, template=prepared(prepare) if prepare else "template1")

    yield make
    postgresql.mend()
    for name in made:
        postgresql.drop_database(name)


@pytest.fixture
def smtp() -> Iterator[SMTPServer]:
    """A mail server of this test's own."""
    with SMTPServer() as server:
        yield server
