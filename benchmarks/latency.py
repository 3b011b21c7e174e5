"""From a referral's POST to the mail that its coordinator gets, at twenty referrals a second.

The clock of each referral starts at the moment at which it was due to be posted, whether or not the ones
before it were answered, so that a hub that stalls cannot hide it. It ends when the mail is there: the file
in the folder, or the SMTP server's acceptance. Every referral opens a case of its own, and the hub's country
has so many teams that nobody gets more than a few: each mail goes out at once and alone. None is urgent.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from benchmarks.arrivals import Arrivals, Letterbox, WatchedFolder
from benchmarks.country import POSTCODES, Country
from benchmarks.ground import AGENCY, Ground
from benchmarks.invented import bodies
from benchmarks.measuring import Latency, Outcome, percentile, say
from services.every import SERVICES
from services.intake.tables import messaging as intake_messaging
from services.notify.tables import alerts, deliveries
from services.triage.tables import cases, referrals
from services.triage.tables import messaging as triage_messaging
from shared.contracts import CaseRouted, ReferralReceived
from shared.contracts.envelope import read_envelope
from shared.database import Database

PER_SECOND = 20
AIM_P50, AIM_P99 = 40.0, 120.0
_LATEST_SECONDS = 30
_LOOK_SECONDS = 0.5
_WARM = 40

_CASES = select(referrals.c.reference, referrals.c.heard_at, cases.c.reference.label("case")).join(
    cases, cases.c.id == referrals.c.case_id
)


@dataclass(frozen=True)
class Hub:
    """A hub that runs: where to post, with which key, where its mail arrives, and its databases."""

    port: int
    key: str
    arrivals: Arrivals
    database_urls: Mapping[str, str]


@dataclass(frozen=True)
class Way:
    """One referral's way: the seconds at which it was due, answered and handed over, and its reference."""

    due: float
    answered: float
    reference: str
    handed_over: float

    @property
    def milliseconds(self) -> float:
        """From the moment it was due to be posted to its mail."""
        return (self.handed_over - self.due) * 1000


def measure(ground: Ground, *, quick: bool) -> Outcome:
    """Run both modes, one after the other."""
    seconds = 4 if quick else 20
    outcome = Outcome("latency: from the POST to the coordinator's mail")
    for name, running in (
        ("embedded: hub up, SQLite, .eml file", embedded),
        ("production: RabbitMQ, PostgreSQL, SMTP", production),
    ):
        say(f"  {name}")
        with running(ground) as hub:
            ways = travel(hub, PER_SECOND * seconds)
        outcome.latencies.append(_latency(name, ways))
        answers = [(way.answered - way.due) * 1000 for way in ways]
        outcome.notes.append(
            f"{name.partition(':')[0]}: the agency had its receipt after {percentile(answers, 0.5):.1f} ms"
            f" (p99 {percentile(answers, 0.99):.1f} ms)"
        )
    return outcome


def _latency(name: str, ways: list[Way]) -> Latency:
    taken = [way.milliseconds for way in ways]
    return Latency(
        name, percentile(taken, 0.5), percentile(taken, 0.99), max(taken), len(taken), AIM_P50, AIM_P99
    )


@contextlib.contextmanager
def embedded(ground: Ground) -> Iterator[Hub]:
    """`hub up` in a process of its own, with a new home."""
    home = ground.folder / "home"
    mail = home / "mail"
    mail.mkdir(parents=True, mode=0o700)
    country = Country.written_in(ground.folder)
    environment = {"HUB_HOME": str(home), "HUB_LOG_LEVEL": "INFO", **country.environment}
    urls = {name: f"sqlite:///{home}/{name}.db" for name in SERVICES}
    arrivals = Arrivals()
    with WatchedFolder(mail, arrivals):
        port, process = ground.serve("-m", "services.cli", "up", "--port", "PORT", environment=environment)
        country.load(ground.room("triage", urls["triage"]))
        credentials = json.loads((home / "credentials.json").read_text(encoding="utf-8"))
        yield Hub(port, credentials["agencies"][AGENCY]["api_key"], arrivals, urls)
        process.stop()


@contextlib.contextmanager
def production(ground: Ground) -> Iterator[Hub]:
    """Gunicorn and a worker process for each service, on RabbitMQ, PostgreSQL and an SMTP server."""
    country = Country.written_in(ground.folder)
    arrivals = Arrivals()
    urls = {name: ground.database(name) for name in SERVICES}
    with Letterbox(arrivals) as letterbox:
        environment = {
            "HUB_BROKER_URL": ground.rabbitmq.amqp_url,
            "HUB_MAIL_URL": letterbox.url,
            **{f"HUB_{name.upper()}_DATABASE_URL": url for name, url in urls.items()},
            **country.environment,
        }
        country.load(ground.room("triage", urls["triage"]))
        workers = [
            ground.python("-m", "services.cli", "work", name, environment=environment) for name in SERVICES
        ]
        port, server = ground.serve(
            *("-m", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:PORT", "--log-level", "warning"),
            'services.wsgi:app_of("intake")',
            environment=environment,
        )
        yield Hub(port, ground.api_key(urls["intake"]), arrivals, urls)
        for process in (server, *workers):
            process.stop()


def travel(hub: Hub, count: int, *, warm: int = _WARM) -> list[Way]:
    """Post so many at the steady rate, after some that nobody looks at, and follow each to its mail."""
    _follow(hub, _post_steadily(hub, warm))
    return _follow(hub, _post_steadily(hub, count))


@dataclass(frozen=True)
class _Posted:
    due: float
    answered: float
    reference: str


def _post_steadily(hub: Hub, count: int) -> list[_Posted]:
    began = time.time() + 0.1

    def post(place: int, body: bytes) -> _Posted:
        due = began + place / PER_SECOND
        time.sleep(max(0.0, due - time.time()))
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=_LATEST_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {hub.key}"}
        connection.request("POST", "/v1/referrals", body, headers)
        response = connection.getresponse()
        content = response.read()
        answered = time.time()
        connection.close()
        assert response.status == 201, content
        return _Posted(due, answered, str(json.loads(content)["reference"]))

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(post, range(count), list(bodies(count, POSTCODES))))


def _follow(hub: Hub, posted: Sequence[_Posted]) -> list[Way]:
    """Each with its own mail, as soon as all are there; the tables are seldom asked, which costs the hub."""
    deadline = time.monotonic() + _LATEST_SECONDS
    mail_of: dict[str, UUID] = {}
    while len(mail_of) < len(posted):
        assert time.monotonic() < deadline, f"{len(posted) - len(mail_of)} referrals have no mail"
        time.sleep(_LOOK_SECONDS)
        mail_of = _mails(hub, [one.reference for one in posted])
    assert len(set(mail_of.values())) == len(posted), "mails were gathered: there are too few people"
    arrived = hub.arrivals.wait_for(mail_of.values(), _LATEST_SECONDS)
    return [Way(one.due, one.answered, one.reference, arrived[mail_of[one.reference]]) for one in posted]


def _mails(hub: Hub, references: Collection[str]) -> dict[str, UUID]:
    """The ordinary mail about the case that each referral opened, of those that have one."""
    with _reading(hub, "triage") as connection:
        case_of = {row.reference: row.case for row in connection.execute(_CASES)}
    with _reading(hub, "notify") as connection:
        mails = select(deliveries.c.case, deliveries.c.dispatch_id).where(
            deliveries.c.channel == "mail",
            deliveries.c.kind == "opening",
            deliveries.c.urgent.is_(False),
            deliveries.c.dispatch_id.is_not(None),
        )
        mail_of = {row.case: row.dispatch_id for row in connection.execute(mails)}
    return {one: mail_of[case_of[one]] for one in references if case_of.get(one) in mail_of}


@dataclass(frozen=True)
class Stage:
    """One part of the way, in milliseconds."""

    name: str
    p50: float
    p99: float


def stages(hub: Hub, ways: list[Way]) -> list[Stage]:
    """Where the time of these ways went, by the times that the services keep in their own tables.

    A unit's time is when its transaction began; what is sent is marked with the time at which the relay's
    batch began. So each stage begins where a transaction begins, and holds the commit of the one before.
    """
    received, sent, heard, routed, told, alerted = _times(hub)
    spans: dict[str, list[float]] = {}

    def add(name: str, begin: float, end: float) -> None:
        spans.setdefault(name, []).append((end - begin) * 1000)

    for way in ways:
        case = routed[way.reference]
        add("POST due -> intake begins its transaction", way.due, received[way.reference])
        add("-> intake's relay takes it", received[way.reference], sent[way.reference])
        add("-> triage begins its transaction", sent[way.reference], heard[way.reference])
        add("-> triage's relay takes the routed case", heard[way.reference], told[case])
        add("-> notify begins its transaction", told[case], alerted[case])
        add("-> the mail is there", alerted[case], way.handed_over)
        add("(POST due -> receipt at the agency)", way.due, way.answered)
        add("(all of it)", way.due, way.handed_over)
    return [Stage(name, percentile(each, 0.5), percentile(each, 0.99)) for name, each in spans.items()]


def _times(hub: Hub) -> tuple[dict[str, Any], ...]:
    received: dict[str, float] = {}
    sent: dict[str, float] = {}
    heard: dict[str, float] = {}
    routed: dict[str, str] = {}
    told: dict[str, float] = {}
    alerted: dict[str, float] = {}
    with _reading(hub, "intake") as connection:
        outbox = intake_messaging.outbox
        for row in connection.execute(select(outbox).where(outbox.c.type == ReferralReceived.TYPE)):
            reference = read_envelope(row.body).subject
            received[reference], sent[reference] = row.said_at.timestamp(), row.sent_at.timestamp()
    with _reading(hub, "triage") as connection:
        for row in connection.execute(_CASES):
            heard[row.reference], routed[row.reference] = row.heard_at.timestamp(), row.case
        outbox = triage_messaging.outbox
        for row in connection.execute(select(outbox).where(outbox.c.type == CaseRouted.TYPE)):
            told[read_envelope(row.body).subject] = row.sent_at.timestamp()
    with _reading(hub, "notify") as connection:
        opening = select(alerts.c.case, alerts.c.raised_at).where(alerts.c.kind == "opening")
        for row in connection.execute(opening):
            alerted[row.case] = row.raised_at.timestamp()
    return received, sent, heard, routed, told, alerted


@contextlib.contextmanager
def _reading(hub: Hub, service: str) -> Iterator[Connection]:
    database = Database(hub.database_urls[service])
    with database.reading() as connection:
        yield connection
    database.close()
