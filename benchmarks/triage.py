"""Messages a second that one triage process takes from its queue: opened, matched, routed, committed.

The hub's consumer does the whole of triage: it opens seals, takes locks, looks people and cases up, writes
eight tables and says what it decided. It begins each slice with a register that knows thousands of referrals;
the messages in the queue are all about other people. Its peers are one process each, and do two things.
**The same work**: workers of two task queues do all of triage by the hub's own use cases, a referral a task.
**One row**: the same workers, and a bare batch loop, insert one row for each message into an empty table.
Beside these stands what the same consumer costs without weighing. With **the exact rule** it joins accounts
that share a reference or a person, some of them with cases of a register of thousands; with **one row** it
keeps one for each message, as they do.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Column, MetaData, create_engine, func, select

from benchmarks.filled import fill_queue, messages
from benchmarks.ground import Ground, Process
from benchmarks.joining import Account, Known, check_joined, fellows, strangers
from benchmarks.measuring import Aim, Contender, Outcome, Slice, compare, interleave
from benchmarks.peers import exact_rule, raw_triage, rows
from benchmarks.processor import Meter, metered, own
from benchmarks.sampler import Sampler
from shared.contracts import ReferralReceived
from shared.contracts.envelope import Message
from shared.house import House
from shared.identity import new_id
from shared.messaging.carrier import Outgoing
from shared.messaging.consumer import Consumer, Hearer
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import queues_of
from shared.messaging.unit import Unit
from shared.service import Room

HUB = "hub: triage with weighed matching"
EXACT = "hub: its consumer, the exact rule"
EAR = "hub: its consumer, one row a message"
RAW = "bare loop: batches of 50, one statement"
DRAMATIQ = "Dramatiq worker, one row a task"
CELERY = "Celery worker, one row a task"
DRAMATIQ_TRIAGES = "Dramatiq worker, all of triage a task"
CELERY_TRIAGES = "Celery worker, all of triage a task"
_QUEUE = "triage.normal"
_WORKER_SECONDS = 60


def measure(ground: Ground, *, quick: bool) -> Outcome:
    """Run the rounds."""
    ours, raws, tasks, same = (800, 2000, 500, 200) if quick else (2000, 6000, 1200, 500)
    batch = messages(ground, max(ours, raws, tasks, same))
    register = known_register(ground, 1500 if quick else 5000)
    by_rule = exact_register(ground, 1500 if quick else 5000)
    told = fellows(ground, raws, by_rule.known)

    def hub() -> Slice:
        return consume(ground, register, batch[:ours])

    def raw() -> Slice:
        fill_queue(ground, batch[:raws])
        url = _new_database(ground)
        with metered(_meters(ground)) as costs:
            done = raw_triage.consume(ground.rabbitmq.amqp_url, url, _QUEUE, raws)
        ground.drop(url)
        return replace(done, costs=costs)

    def one_row(peer: Peer) -> Slice:
        url = _new_database(ground)
        engine = create_engine(url)
        rows.metadata.create_all(engine)
        engine.dispose()
        done = _worker(ground, peer, Task("keep_row", url, rows.rows.c.id, rows.rows.c.at), batch[:tasks])
        ground.drop(url)
        return done

    def same_work(peer: Peer) -> Slice:
        url = ground.copy(register)
        inbox, before = ground.room("triage", url).service.tables.inbox, _heard(ground, url)
        task = Task("triage_referral", url, inbox.c.message_id, inbox.c.heard_at)
        done = _worker(ground, peer, task, batch[:same])
        assert _heard(ground, url) == before + same, "not all was heard"
        ground.drop(url)
        return done

    all_of_triage = [
        Contender(HUB, hub),
        Contender(DRAMATIQ_TRIAGES, lambda: same_work(_DRAMATIQ)),
        Contender(CELERY_TRIAGES, lambda: same_work(_CELERY)),
    ]
    # What one worker of theirs does differs by a third from its next start: more rounds of these, and who is
    # compared stands beside one another, because the machine is not the same a minute later.
    one_row_each = [
        Contender(CELERY, lambda: one_row(_CELERY)),
        Contender(EXACT, lambda: join_exactly(ground, by_rule, told)),
        Contender(DRAMATIQ, lambda: one_row(_DRAMATIQ)),
        Contender(EAR, lambda: _one_row_each(ground, batch[:raws])),
        Contender(RAW, raw),
    ]
    outcome = Outcome("triage: messages heard by one process", "a second")
    interleave(outcome, all_of_triage, 3, 30 if quick else 100)
    interleave(outcome, one_row_each, 3 if quick else 9, 45 if quick else 200)
    compare(outcome, HUB, [Aim(DRAMATIQ_TRIAGES), Aim(CELERY_TRIAGES)], told="hub, the same work")
    compare(
        outcome, EXACT, [Aim(RAW, 0.5), Aim(DRAMATIQ, 5), Aim(CELERY, 10)], told="its consumer, exact rule"
    )
    compare(outcome, EAR, [Aim(RAW, 0.5), Aim(DRAMATIQ, 5), Aim(CELERY, 10)], told="its consumer, one row")
    compare(outcome, HUB, [Aim(RAW), Aim(DRAMATIQ), Aim(CELERY)], told="all of triage, to one row")
    sizes = ", ".join(f"{size:,}" for size in (ours, same, same, tasks, raws, tasks, raws))
    outcome.notes.append(f"slices of {sizes} and {raws:,} messages")
    return outcome


def known_register(ground: Ground, count: int) -> str:
    """The URL of a triage database that knows so many referrals, and knows that it does.

    In an empty one PostgreSQL has no statistics yet and reads whole tables, which it never does later.
    """
    url = ground.database("triage")
    _hear(ground, url, messages(ground, count), _consumer(ground, url))
    _analyse(url)
    return url


class ExactRegister(NamedTuple):
    """A database in which the exact rule has joined what is known."""

    url: str
    known: Known


def exact_register(ground: Ground, count: int) -> ExactRegister:
    """One that knows so many referrals, and knows that it does."""
    url, known = _database_with(ground, exact_rule.metadata), strangers(ground, count)
    _hear(ground, url, [one.message for one in known.accounts], _exact_consumer(ground, url))
    _analyse(url)
    return ExactRegister(url, known)


def _database_with(ground: Ground, metadata: MetaData) -> str:
    """The URL of a new triage database that has these tables as well."""
    url = ground.database("triage")
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    return url


def _analyse(url: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()


def consume(
    ground: Ground, register: str, batch: Sequence[Outgoing], profiler: Sampler | None = None
) -> Slice:
    """Have triage hear these, in this thread, on a copy of the register."""
    url = ground.copy(register)
    done = _hear(ground, url, batch, _consumer(ground, url), profiler)
    ground.drop(url)
    return done


def join_exactly(
    ground: Ground, register: ExactRegister, told: Sequence[Account], profiler: Sampler | None = None
) -> Slice:
    """Have the consumer join these by the exact rule, on a copy of the register, and look at what it did."""
    url = ground.copy(register.url)
    done = _hear(ground, url, [one.message for one in told], _exact_consumer(ground, url), profiler)
    check_joined(url, [*register.known.accounts, *told])
    ground.drop(url)
    return done


def _exact_consumer(ground: Ground, url: str) -> Consumer:
    def hears(room: Room) -> Mapping[type[Message], Hearer]:
        return {ReferralReceived: exact_rule.hearer(room.database, room.keys)}

    return _consumer(ground, url, hears=hears)


def _one_row_each(ground: Ground, batch: Sequence[Outgoing]) -> Slice:
    """Have the consumer hear these and keep a row of each, which holds what was sealed."""
    url = _database_with(ground, rows.metadata)

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


class Peer(NamedTuple):
    """A task queue: what its tasks' module is called by `enqueue`, and how its worker starts."""

    name: str
    command: Sequence[str]


_DRAMATIQ = Peer(
    "dramatiq", ("-m", "dramatiq", "benchmarks.peers.dramatiq_tasks", "--processes", "1", "--threads", "8")
)
_CELERY = Peer(
    "celery",
    (
        *("-m", "celery", "-A", "benchmarks.peers.celery_tasks", "worker", "--concurrency", "1"),
        *("--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    ),
)


class Task(NamedTuple):
    """What a worker does with a message, on which database, and where it leaves the message's id and when."""

    name: str
    database_url: str
    id: Column[UUID]
    at: Column[dt.datetime]


def _worker(ground: Ground, peer: Peer, task: Task, batch: Sequence[Outgoing]) -> Slice:
    """The rate between the first and the last that a worker did, its start left out."""
    environment = {"PEER_DATABASE_URL": task.database_url, "PEER_BROKER_URL": ground.rabbitmq.amqp_url}
    file = ground.folder / "tasks"
    file.write_text("".join(f"{one.id} {one.body.decode()}\n" for one in batch), encoding="utf-8")
    arguments = ("-m", "benchmarks.peers.enqueue", peer.name, task.name, str(file))
    ground.python(*arguments, environment=environment).wait(_WORKER_SECONDS)
    worker = ground.python(*peer.command, environment=environment)
    first, last = _wait_for(task, worker, [one.id for one in batch])
    worker.stop()
    return Slice(len(batch) - 1, (last - first).total_seconds())


def _wait_for(task: Task, worker: Process, ids: Sequence[UUID]) -> tuple[dt.datetime, dt.datetime]:
    """When the first and the last of these were done, as soon as all are."""
    engine = create_engine(task.database_url, isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + _WORKER_SECONDS
    asked = select(func.count(), func.min(task.at), func.max(task.at)).where(task.id.in_(ids))
    with engine.connect() as connection:
        while True:
            found, first, last = connection.execute(asked).one()
            if found >= len(ids):
                break
            worker.check(deadline)
            time.sleep(0.25)
    engine.dispose()
    return first, last


def _new_database(ground: Ground) -> str:
    return ground.postgresql.create_database(f"peer_{time.monotonic_ns()}")
