"""Two workers, each handling what it is given at the very moment when the other does."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from services.triage.service import TRIAGE
from shared.database import what_failed
from shared.messaging.carrier import Delivery
from shared.messaging.consumer import Consumer
from shared.messaging.topology import QUEUES
from shared.settings import Settings
from tests.faults import copies

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

_TURN_SECONDS = 60


def a_worker(settings: Mapping[str, str], bodies: Sequence[bytes], line: Barrier | threading.Barrier) -> None:
    """Handle one message after the other, each when the other worker is ready for its own."""
    work_through(settings, [[body] for body in bodies], line)


def work_through(
    settings: Mapping[str, str],
    batches: Sequence[Sequence[bytes]],
    line: Barrier | threading.Barrier,
    *,
    redelivered: bool = False,
) -> None:
    """Handle one batch after the other, each when all other workers are ready for theirs."""
    room = TRIAGE.furnish(Settings.read(settings))
    consumer = Consumer(
        room.service.name,
        database=room.database,
        tables=room.service.tables,
        keys=room.keys,
        clock=room.clock,
        hears=room.service.hears(room),
    )
    queue = next(queue for queue in QUEUES if queue.name == "triage.normal")
    for batch in batches:
        deliveries = [Delivery(body, queue, redelivered, None) for body in batch]
        line.wait(_TURN_SECONDS)
        while True:
            try:
                consumer.handle(deliveries)
                break
            except DBAPIError as error:
                # The other one has it at this moment; `finish` would rest and try again.
                if what_failed(error) != "busy":
                    raise
    room.database.close()


def race_two_processes(settings: Mapping[str, str], pairs: Sequence[tuple[bytes, bytes]]) -> None:
    """Give the two messages of each pair to two processes at the same instant."""
    work_in_processes(settings, [[[pair[side]] for pair in pairs] for side in (0, 1)])


def work_in_processes(
    settings: Mapping[str, str], piles: Sequence[Sequence[Sequence[bytes]]], *, redelivered: bool = False
) -> None:
    """Give each pile of equally many batches to a process of its own, batch by batch at once."""
    line = copies.processes.Barrier(len(piles))
    workers = [
        copies.processes.Process(
            target=work_through, args=(settings, pile, line), kwargs={"redelivered": redelivered}, daemon=True
        )
        for pile in piles
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * len(piles)


def race_two_threads(settings: Mapping[str, str], pairs: Sequence[tuple[bytes, bytes]]) -> None:
    """Give the two messages of each pair to two threads, each with an equipment of its own."""
    line = threading.Barrier(2)
    failures: list[BaseException] = []

    def work(bodies: list[bytes]) -> None:
        try:
            a_worker(settings, bodies, line)
        except BaseException as error:  # noqa: BLE001 - whatever ends a thread is the test's to tell
            failures.append(error)
            line.abort()

    threads = [threading.Thread(target=work, args=([pair[side] for pair in pairs],)) for side in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
