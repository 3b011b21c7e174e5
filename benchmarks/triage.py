"""Messages a second that one triage process takes from its queue: opened, matched, routed, committed.

The hub's consumer does the whole of triage: it opens seals, takes locks, looks people and cases up, writes
eight tables and says what it decided. Beside it a bare batch loop and the workers of two task queues, one
process each, do much less: they insert one row for each message into an empty table. The hub begins each
slice with a register that knows thousands of referrals; the messages in the queue are all about other people.
What the consumer costs without triage is told apart: the same ear, seals, inbox and commit, and one row for
each message, as the others have it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import create_engine, func, select

from benchmarks.filled import fill_queue, messages
from benchmarks.ground import Ground, Process
from benchmarks.measuring import Aim, Contender, Outcome, Slice, compare, interleave
from benchmarks.peers import raw_triage, rows
from benchmarks.processor import Meter, metered, own
from benchmarks.sampler import Sampler
from shared.contracts import ReferralReceived
from shared.house import House
from shared.identity import new_id
from shared.messaging.carrier import Outgoing
from shared.messaging.consumer import Consumer, Hearer
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import queues_of
from shared.messaging.unit import Unit

HUB = "hub: triage with weighed matching"
EAR = "hub: its consumer, one row a message"
RAW = "bare loop: batches of 50, one statement"
DRAMATIQ = "Dramatiq worker, one row a task"
CELERY = "Celery worker, one row a task"
_QUEUE = "triage.normal"
_WORKER_SECONDS = 60


def measure(ground: Ground, *, quick: bool) -> Outcome:
    """Run the rounds."""
    (ours, raws, tasks), rounds = ((800, 2000, 500), 3) if quick else ((2000, 6000, 1200), 5)
    batch = messages(ground, max(ours, raws, tasks))
    register = known_register(ground, 1500 if quick else 5000)

    def hub() -> Slice:
        return consume(ground, register, batch[:ours])

    def raw() -> Slice:
        fill_queue(ground, batch[:raws])
        url = _new_database(ground)
        with metered(_meters(ground)) as costs:
            done = raw_triage.consume(ground.rabbitmq.amqp_url, url, _QUEUE, raws)
        ground.drop(url)
        return replace(done, costs=costs)

    contenders = [
        Contender(HUB, hub),
        Contender(EAR, lambda: _one_row_each(ground, batch[:raws])),
        Contender(RAW, raw),
        Contender(DRAMATIQ, lambda: _worker(ground, "dramatiq", _DRAMATIQ, batch[:tasks])),
        Contender(CELERY, lambda: _worker(ground, "celery", _CELERY, batch[:tasks])),
    ]
    outcome = Outcome("triage: messages heard by one process", "a second")
    interleave(outcome, contenders, rounds, 45 if quick else 180)
    compare(outcome, HUB, [Aim(RAW, 0.5), Aim(DRAMATIQ, 5), Aim(CELERY, 10)])
    compare(outcome, EAR, [Aim(RAW), Aim(DRAMATIQ), Aim(CELERY)], told="its consumer")
    sizes = ", ".join(f"{size:,}" for size in (ours, raws, raws, tasks))
    outcome.notes.append(f"slices of {sizes} and {tasks:,} messages")
    return outcome


def known_register(ground: Ground, count: int) -> str:
    """The URL of a triage database that knows so many referrals, and knows that it does.

    In an empty one PostgreSQL has no statistics yet and reads whole tables, which it never does later.
    """
    url = ground.database("triage")
    _hear(ground, url, messages(ground, count), _consumer(ground, url))
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
    return url


def consume(
    ground: Ground, register: str, batch: Sequence[Outgoing], profiler: Sampler | None = None
) -> Slice:
    """Have triage hear these, in this thread, on a copy of the register."""
    url = ground.copy(register)
    done = _hear(ground, url, batch, _consumer(ground, url), profiler)
    ground.drop(url)
    return done


def _one_row_each(ground: Ground, batch: Sequence[Outgoing]) -> Slice:
    """Have the consumer hear these and keep a row of each, which holds what was sealed."""
    url = ground.database("triage")
    engine = create_engine(url)
    rows.metadata.create_all(engine)
    engine.dispose()

    def keep(message: ReferralReceived, unit: Unit) -> None:
        body = msgspec.json.encode(message.referral)
        unit.insert(rows.rows, {"id": new_id(), "body": body, "at": unit.now})

    done = _hear(ground, url, batch, _consumer(ground, url, hears=lambda _: {ReferralReceived: Hearer(keep)}))
    ground.drop(url)
    return done


def _hear(
    ground: Ground, url: str, batch: Sequence[Outgoing], consumer: Consumer, profiler: Sampler | None = None
) -> Slice:
    before = _heard(ground, url)
    fill_queue(ground, batch)
    hearing = RabbitMQ(ground.rabbitmq.amqp_url).hearing(queues_of("triage"))
    with metered(_meters(ground)) as costs, profiler or contextlib.nullcontext():
        began, done = time.perf_counter(), 0
        while done < len(batch):
            heard = consumer.step(hearing, 5)
            assert heard, "the queue was empty too early"
            done += heard
        taken = time.perf_counter() - began
    hearing.close()
    assert _heard(ground, url) == before + len(batch), "not all was heard"
    return Slice(done, taken, costs)


def _meters(ground: Ground) -> dict[str, Meter]:
    return {"worker": own, "PostgreSQL": ground.postgresql_meter, "RabbitMQ": ground.rabbitmq_meter}


def _consumer(ground: Ground, url: str, **changes: Any) -> Consumer:  # noqa: ANN401 - of the service
    room = ground.room("triage", url)
    room = replace(room, service=replace(room.service, **changes))
    house = House([room], RabbitMQ(ground.rabbitmq.amqp_url))
    consumer = house._desks[0].consumer  # noqa: SLF001 - the very consumer that `hub work triage` runs
    with room.database.reading():
        pass
    return consumer


def _heard(ground: Ground, url: str) -> int:
    """How many messages were heard and not held."""
    tables = ground.room("triage", url).service.tables
    engine = create_engine(url)
    with engine.connect() as connection:
        heard = connection.execute(select(func.count()).select_from(tables.inbox)).scalar_one()
        held = connection.execute(select(func.count()).select_from(tables.held)).scalar_one()
    engine.dispose()
    return int(heard - held)


_DRAMATIQ = ("-m", "dramatiq", "benchmarks.peers.dramatiq_tasks", "--processes", "1", "--threads", "8")
_CELERY = (
    *("-m", "celery", "-A", "benchmarks.peers.celery_tasks", "worker", "--concurrency", "1"),
    *("--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)


def _worker(ground: Ground, peer: str, command: Sequence[str], batch: Sequence[Outgoing]) -> Slice:
    """The rate between a worker's first and its last row, its start left out."""
    url = _new_database(ground)
    engine = create_engine(url)
    rows.metadata.create_all(engine)
    environment = {"PEER_DATABASE_URL": url, "PEER_BROKER_URL": ground.rabbitmq.amqp_url}
    tasks = ground.folder / "tasks"
    tasks.write_text("".join(f"{one.id} {one.body.decode()}\n" for one in batch), encoding="utf-8")
    filling = ground.python("-m", "benchmarks.peers.enqueue", peer, str(tasks), environment=environment)
    filling.wait(_WORKER_SECONDS)
    worker = ground.python(*command, environment=environment)
    _wait_for_rows(url, worker, len(batch))
    worker.stop()
    with engine.connect() as connection:
        at = rows.rows.c.at
        first, last = connection.execute(select(func.min(at), func.max(at))).one()
    engine.dispose()
    ground.drop(url)
    return Slice(len(batch) - 1, (last - first).total_seconds())


def _wait_for_rows(url: str, worker: Process, count: int) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + _WORKER_SECONDS
    with engine.connect() as connection:
        while True:
            found = connection.execute(select(func.count()).select_from(rows.rows)).scalar_one()
            if found >= count:
                break
            worker.check(deadline)
            time.sleep(0.25)
    engine.dispose()


def _new_database(ground: Ground) -> str:
    return ground.postgresql.create_database(f"peer_{time.monotonic_ns()}")
