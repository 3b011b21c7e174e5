"""From a referral's POST to the mail that its coordinator gets, at twenty referrals a second.

The clock of each referral starts at the moment at which it was due to be posted, whether or not the ones
before it were answered, so that a hub that stalls cannot hide it. It ends when the mail is there: the file
in the folder, or the SMTP server's acceptance. Every referral opens a case of its own and so makes one mail.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from benchmarks.arrivals import Arrivals, Letterbox, WatchedFolder
from benchmarks.ground import AGENCY, Ground
from benchmarks.invented import bodies
from benchmarks.measuring import Latency, Outcome, percentile, say
from services.every import SERVICES
from services.intake.tables import messaging as intake_messaging
from services.notify.tables import alerts, deliveries
from services.triage.tables import cases, referrals
from services.triage.tables import messaging as triage_messaging
from shared.contracts.envelope import read_envelope
from shared.database import Database

PER_SECOND = 20
AIM_P50, AIM_P99 = 40.0, 120.0
_LATEST_SECONDS = 30
_WARM = 40


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
    delivery: UUID
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
            ways = travel(hub, seconds)
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
    arrivals = Arrivals()
    with WatchedFolder(mail, arrivals):
        port, process = ground.serve(
            "-m",
            "services.cli",
            "up",
            "--home",
            str(home),
            "--port",
            "PORT",
            environment={"HUB_LOG_LEVEL": "INFO"},
        )
        credentials = json.loads((home / "credentials.json").read_text(encoding="utf-8"))
        urls = {name: f"sqlite:///{home}/{name}.db" for name in SERVICES}
        yield Hub(port, credentials["agencies"][AGENCY]["api_key"], arrivals, urls)
        process.stop()


@contextlib.contextmanager
def production(ground: Ground) -> Iterator[Hub]:
    """Gunicorn and a worker process for each service, on RabbitMQ, PostgreSQL and an SMTP server."""
    arrivals = Arrivals()
    urls = {name: ground.database(name) for name in SERVICES}
    with Letterbox(arrivals) as letterbox:
        environment = {
            "HUB_BROKER_URL": ground.rabbitmq.amqp_url,
            "HUB_MAIL_URL": letterbox.url,
            **{f"HUB_{name.upper()}_DATABASE_URL": url for name, url in urls.items()},
        }
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


def travel(hub: Hub, seconds: float) -> list[Way]:
    """Post at the steady rate for so long, and follow each referral to its mail."""
    _post_steadily(hub, _WARM)
    hub.arrivals.wait_for(_WARM, _LATEST_SECONDS)
    hub.arrivals.forget()
    posted = _post_steadily(hub, int(PER_SECOND * seconds))
    arrived = hub.arrivals.wait_for(len(posted), _LATEST_SECONDS)
    delivery_of = _deliveries(hub)
    return [
        Way(due, answered, reference, delivery_of[reference], arrived[delivery_of[reference]])
        for due, answered, reference in posted
    ]


def _post_steadily(hub: Hub, count: int) -> list[tuple[float, float, str]]:
    began = time.time() + 0.1

    def post(place: int, body: bytes) -> tuple[float, float, str]:
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
        return due, answered, str(json.loads(content)["reference"])

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(post, range(count), list(bodies(count))))


def _deliveries(hub: Hub) -> dict[str, UUID]:
    """The mail of each referral, by the case that it opened."""
    with _reading(hub, "triage") as connection:
        joined = select(referrals.c.reference, cases.c.reference).join(
            cases, cases.c.id == referrals.c.case_id
        )
        case_of = {row[0]: row[1] for row in connection.execute(joined)}
    with _reading(hub, "notify") as connection:
        mails = select(deliveries.c.case, deliveries.c.id).where(deliveries.c.channel == "mail")
        mail_of = {row.case: row.id for row in connection.execute(mails)}
    return {reference: mail_of[case] for reference, case in case_of.items()}


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
        for row in connection.execute(select(intake_messaging.outbox)):
            reference = read_envelope(row.body).subject
            received[reference], sent[reference] = row.said_at.timestamp(), row.sent_at.timestamp()
    with _reading(hub, "triage") as connection:
        joined = select(
            referrals.c.reference, referrals.c.heard_at, cases.c.reference.label("case_reference")
        )
        for row in connection.execute(joined.join(cases, cases.c.id == referrals.c.case_id)):
            heard[row.reference], routed[row.reference] = row.heard_at.timestamp(), row.case_reference
        for row in connection.execute(select(triage_messaging.outbox)):
            told[read_envelope(row.body).subject] = row.sent_at.timestamp()
    with _reading(hub, "notify") as connection:
        for row in connection.execute(select(alerts.c.case, alerts.c.raised_at)):
            alerted[row.case] = row.raised_at.timestamp()
    return received, sent, heard, routed, told, alerted


@contextlib.contextmanager
def _reading(hub: Hub, service: str) -> Iterator[Connection]:
    database = Database(hub.database_urls[service])
    with database.reading() as connection:
        yield connection
    database.close()
