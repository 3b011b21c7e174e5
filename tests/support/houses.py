"""Whole hubs for tests, on both infrastructures: in one process with files, or on RabbitMQ and PostgreSQL.

A hub made here runs no thread of its own: `settle` does by hand what relays, consumers and senders would do,
until nothing moves any more, and its clock stands still until a test moves it on. So a test needs no sleep,
and what it says of one infrastructure it can say of the other.
"""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import functools
import json
import secrets
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika
import pytest
from sqlalchemy import delete, insert, select
from werkzeug.test import Client

from services.embedded import CREDENTIALS, build
from services.every import SERVICES
from services.export_links import export_links
from services.intake.tables import agency_keys
from services.notify.tables import staff
from services.triage.reviews.tables import agency_keys as triage_agency_keys
from services.wsgi import Front
from shared.clock import utc_now
from shared.database import Database, migrate
from shared.house import House, topology_for
from shared.messaging.broker import open_broker
from shared.messaging.topology import DEAD_EXCHANGE, EXCHANGE, Queue, arguments_of
from shared.settings import PREFIX, Settings
from shared.web import Caller, sign_token

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from email.message import EmailMessage

    from sqlalchemy import Dialect
    from werkzeug.test import TestResponse

    from shared.messaging.reconcile import Books
    from shared.service import Room, Service
    from tests.support.postgresql_server import PostgreSQLServer
    from tests.support.rabbitmq_server import RabbitMQServer

Infrastructure = str
BOTH = ("embedded", pytest.param("production", marks=pytest.mark.production))


# A test that moves its clock on by an hour or two would otherwise be another one every evening.
_HOUR, _LATE = dt.timedelta(hours=1), dt.timedelta(hours=7)


class StoppedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: dt.datetime | None = None) -> None:
        """Stop at this instant, or at the present one; not late in a day, which hours later would end."""
        self._now = now or _not_late(utc_now())

    def __call__(self) -> dt.datetime:
        """What time it is."""
        return self._now

    def move(self, **by: float) -> None:
        """Move on (`move(seconds=5)`)."""
        self._now += dt.timedelta(**by)


def _not_late(now: dt.datetime) -> dt.datetime:
    return now - _LATE if now.hour >= 24 - _LATE // _HOUR else now


@dataclass
class Hub:
    """A hub at rest, and what agencies, staff and ops do with it."""

    house: House
    settings: Settings
    clock: StoppedClock
    environment: Mapping[str, str]

    @property
    def rooms(self) -> dict[str, Room]:
        """The furnished services."""
        return self.house.rooms

    @property
    def books(self) -> dict[str, Books]:
        """Each service's outbox and inbox."""
        return {name: room.books for name, room in self.rooms.items()}

    @functools.cached_property
    def credentials(self) -> dict[str, Any]:
        """What the first start wrote: keys of the agencies, passwords of the staff."""
        read: dict[str, Any] = json.loads((self.settings.home / CREDENTIALS).read_text(encoding="utf-8"))
        return read

    @functools.cached_property
    def front(self) -> Client:
        """The one HTTP origin."""
        return Client(Front(self.rooms, self.house.broker))

    def settle(self) -> None:
        """Let everything that was said be heard, and everything that is due be sent."""
        self.house.settle()

    def key_of(self, agency: str) -> str:
        """An agency's API key."""
        return str(self.credentials["agencies"][agency]["api_key"])

    def token_of(self, role: str, team: str | None = None) -> str:
        """A token as a member of staff has it after signing in; of their own team unless told otherwise."""
        account = self.credentials["staff"][role]
        caller = Caller(role, account["email"], account["team"] if team is None else team, account["agency"])
        return sign_token(self.rooms["notify"].keys, caller)

    def changed_token_of(self, role: str) -> str:
        """That of somebody with this role, with one letter of its signature changed.

        Not the last one: of that some bits say nothing, and a changed token could be a good one.
        """
        said, _, signature = self.token_of(role).rpartition(".")
        return f"{said}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"

    def post(self, referral: object, agency: str = "vcas", **headers: str) -> TestResponse:
        """Send a referral as that agency's system."""
        return self.front.post(
            "/v1/referrals",
            json=referral,
            headers={"Authorization": f"Bearer {self.key_of(agency)}", **headers},
        )

    def take(self, referral: object, agency: str = "vcas", **headers: str) -> dict[str, Any]:
        """Send a referral that must be taken; its receipt."""
        answer = self.post(referral, agency, **headers)
        assert answer.status_code in (200, 201), answer.text
        receipt: dict[str, Any] = answer.get_json()
        return receipt

    def ask(self, path: str, bearer: str) -> TestResponse:
        """Get something as whoever has this key or token."""
        return self.front.get(path, headers={"Authorization": f"Bearer {bearer}"})

    def status_of(self, receipt: dict[str, Any], agency: str = "vcas") -> str:
        """How far the agency is told that its referral has come."""
        answer = self.ask(f"/v1/referrals/{receipt['reference']}", self.key_of(agency))
        return str(answer.get_json()["status"])

    def alerts(self, role: str = "supervisor") -> list[dict[str, Any]]:
        """The alerts that this role sees."""
        answer = self.ask("/v1/alerts?limit=200", self.token_of(role)).get_json()
        found: list[dict[str, Any]] = answer["alerts"]
        return found

    def links(self) -> dict[str, dict[str, Any]]:
        """Which case and people each record is thought to belong to, by `agency:source_record_id`."""
        lines = export_links(self.rooms["intake"], self.rooms["triage"])
        return {f"{line['agency']}:{line['source_record_id']}": line for line in lines}

    def mails(self) -> list[EmailMessage]:
        """What was written to the mail folder, in the order of the deliveries' ids."""
        folder = Path(self.settings.mail_url.removeprefix("file:"))
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(folder.glob("*.eml"))
        ]

    def close(self) -> None:
        """Let go of broker and databases."""
        self.house.stop()


def embedded_hub(
    home: Path,
    clock: StoppedClock | None = None,
    services: Iterable[Service] = tuple(SERVICES.values()),
    **settings: str,
) -> Hub:
    """A hub in this process with its files in `home`, prepared as at its first start."""
    if not home.exists():
        shutil.copytree(_prepared_home(), home)
    return _hub(services, clock, {"home": str(home)} | settings)


@dataclass(frozen=True)
class Place:
    """A virtual host and three databases, used by one hub after another and cleared in between.

    Their statements are compiled once: every hub has the same `Database`, which connects anew after `close`.
    """

    broker: RabbitMQServer
    vhost: str
    databases: dict[str, Database]

    def clear(self) -> str:
        """Make sure that queues and tables are there, and empty; the virtual host's URL."""
        self.broker.mend()
        url = self.broker.add_vhost(self.vhost)
        declare(url, topology_for(()), purge=True)
        for name, database in self.databases.items():
            with database.transaction() as connection:
                connection.exec_driver_sql(_emptying(name))
            database.close()
        return url

    def url_of(self, service: str) -> str:
        """Where a service's database is."""
        return self.databases[service].url.render_as_string(hide_password=False)

    def lend(self, room: Room) -> Room:
        """The room with the database that is kept here, if it is that one."""
        kept = self.databases[room.service.name]
        return replace(room, database=kept) if room.database.url == kept.url else room


@functools.cache
def _emptying(name: str) -> str:
    """The statements that delete every row but of what is kept, in one text: one journey to the server."""
    tables = reversed(SERVICES[name].tables.outbox.metadata.sorted_tables)
    return ";".join(f'DELETE FROM "{t.name}"' for t in tables if t not in _KEPT.get(name, ()))  # noqa: S608 - names of our own


def production_hub(
    home: Path,
    place: Place,
    clock: StoppedClock | None = None,
    services: Iterable[Service] = tuple(SERVICES.values()),
    **settings: str,
) -> Hub:
    """A hub on RabbitMQ and PostgreSQL; `home` holds its keys and its mail folder."""
    shutil.copytree(_prepared_home(), home, ignore=shutil.ignore_patterns("*.db*"))
    urls = {f"{name}_database_url": place.url_of(name) for name in place.databases}
    url = place.clear()
    given = {"home": str(home), "broker_url": url} | urls | settings
    return _hub(services, clock, given, place, there=topology_for(()) if given["broker_url"] == url else ())


def _hub(
    services: Iterable[Service],
    clock: StoppedClock | None,
    given: Mapping[str, str],
    place: Place | None = None,
    there: Collection[Queue] = (),
) -> Hub:
    settings = Settings.read({}, **given)
    clock = clock or StoppedClock()
    broker = open_broker(settings.broker_url)
    rooms = [service.furnish(settings, clock) for service in services]
    for room in rooms:
        if room.database.is_file:
            _compile_each_statement_once(room)
    house = House([place.lend(room) for room in rooms] if place else rooms, broker)
    queues = topology_for(house.rooms.values())
    if broker.volatile:
        broker.prepare(queues)
    else:
        declare(settings.broker_url, [queue for queue in queues if queue not in there])
    return Hub(house, settings, clock, {PREFIX + name.upper(): value for name, value in given.items()})


def declare(vhost: str, queues: Iterable[Queue], *, purge: bool = False) -> None:
    """Make exchanges, queues and bindings as `hub prepare` does, without its time to settle."""
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        channel.exchange_declare(DEAD_EXCHANGE, "direct", durable=True)
        for queue in queues:
            channel.queue_declare(queue.name, durable=True, arguments=arguments_of(queue))
            for key in queue.bindings:
                channel.queue_bind(queue.name, EXCHANGE, key)
            if queue.is_dead:
                channel.queue_bind(queue.name, DEAD_EXCHANGE, queue.name)
            if purge:
                channel.queue_purge(queue.name)


def prepare_database(name: str, url: str) -> None:
    """Make a service's tables at this URL, with the keys and accounts of the first start."""
    database = Database(url)
    migrate(database, SERVICES[name].migrations)
    kept = Database(f"sqlite:///{_prepared_home()}/{name}.db")
    for table in _KEPT.get(name, ()):
        with kept.reading() as reading, database.transaction() as writing:
            rows = [dict(row._mapping) for row in reading.execute(select(table))]
            writing.execute(insert(table), rows)
    kept.close()
    database.close()


# Keys and accounts are slow to make, on purpose: each hub begins with the same ones.
_KEPT = {"intake": (agency_keys,), "notify": (staff,), "triage": (triage_agency_keys,)}


@functools.cache
def _prepared_home() -> Path:
    """A home after its first start, made once in a run and copied by each test."""
    home = Path(tempfile.mkdtemp(prefix="hub-home-"))
    house = build(Settings.read({}, home=str(home)))
    # Triage hears of the keys; what was said of them is nothing that a test has to do with.
    house.settle()
    for room in house.rooms.values():
        with room.database.transaction() as connection:
            connection.execute(delete(room.service.tables.outbox))
            connection.execute(delete(room.service.tables.inbox))
    house.stop()
    return home


_COMPILED: dict[object, object] = {}


@functools.cache
def _dialect_of_files() -> Dialect:
    """What statements are compiled for; connected once already, for it learns something then."""
    database = Database("sqlite:///:memory:")
    with database.engine.connect():
        dialect = database.engine.dialect
    database.close()
    return dialect


def _compile_each_statement_once(room: Room) -> None:
    """Have a room with a file of its own use what was compiled for those before it."""
    # What is compiled is kept for one dialect, and each file would have its own.
    room.database.engine.dialect = _dialect_of_files()
    room.database.engine.update_execution_options(compiled_cache=_COMPILED)


@pytest.fixture(params=BOTH)
def infrastructure(request: pytest.FixtureRequest) -> Infrastructure:
    """On which infrastructure the test runs: it runs on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def place(rabbitmq: RabbitMQServer, postgresql: PostgreSQLServer) -> Iterator[Place]:
    """Where the production hubs of these tests live, one after another."""
    vhost = f"place-{secrets.token_hex(4)}"
    names = {name: f"place_{name}_{secrets.token_hex(4)}" for name in SERVICES}
    urls = {name: postgresql.create_database(database) for name, database in names.items()}
    for name, url in urls.items():
        prepare_database(name, url)
    yield Place(rabbitmq, vhost, {name: Database(url) for name, url in urls.items()})
    rabbitmq.mend()
    rabbitmq.delete_vhost(vhost)
    postgresql.mend()
    for database in names.values():
        postgresql.drop_database(database)


@pytest.fixture
def make_hub(
    infrastructure: Infrastructure, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Hub]]:
    """Make a hub with other settings, or with a clock of the test's own; one for each test."""
    made: list[Hub] = []

    def make(
        clock: StoppedClock | None = None, *, services: Iterable[Service] = SERVICES.values(), **settings: str
    ) -> Hub:
        home = tmp_path / f"home{len(made)}"
        if infrastructure == "embedded":
            made.append(embedded_hub(home, clock, services, **settings))
        else:
            made.append(production_hub(home, request.getfixturevalue("place"), clock, services, **settings))
        return made[-1]

    yield make
    for hub in made:
        hub.close()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub of the test's own, at rest."""
    return make_hub()
