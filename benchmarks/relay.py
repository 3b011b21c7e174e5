"""Messages a second that leave the outbox: the hub's relay beside the bare broker.

The relay reads a batch, publishes it with pipelined confirms, marks it sent and commits. Beside it pika
publishes the same bodies to the same exchange from memory, without any database: once with up to a thousand
confirms out at a time, once waiting for each.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence

from benchmarks.filled import empty_queues, fill_outbox, messages
from benchmarks.ground import Ground
from benchmarks.measuring import Aim, Contender, Outcome, Slice, compare, interleave
from benchmarks.peers import raw_rabbitmq
from benchmarks.processor import Meter, metered, own
from benchmarks.sampler import Sampler
from shared.house import relays_of
from shared.messaging.carrier import Outgoing
from shared.messaging.rabbitmq import RabbitMQ

HUB = "hub: relay, outbox to confirmed and marked"
PIPELINED = "pika, pipelined confirms, no database"
EACH = "pika, a confirm for each, no database"


def measure(ground: Ground, *, quick: bool) -> Outcome:
    """Run the rounds."""
    count, rounds = (3000, 3) if quick else (6000, 7)
    batch = messages(ground, count)
    raw = [(one.routing_key, one.body) for one in batch]
    url = ground.rabbitmq.amqp_url

    def hub() -> Slice:
        return carry(ground, batch)

    def timed(publish: Callable[[], int]) -> Slice:
        with metered(_meters(ground)) as costs:
            began = time.perf_counter()
            done = publish()
            taken = time.perf_counter() - began
        empty_queues(ground)
        return Slice(done, taken, costs)

    def pipelined() -> Slice:
        return timed(raw_rabbitmq.Pipelined(url, raw).run)

    def each() -> Slice:
        return timed(lambda: raw_rabbitmq.one_by_one(url, raw[: count // 4]))

    contenders = [Contender(HUB, hub), Contender(PIPELINED, pipelined), Contender(EACH, each)]
    outcome = Outcome("relay: messages carried", "a second")
    interleave(outcome, contenders, rounds, 22 if quick else 100)
    compare(outcome, HUB, [Aim(PIPELINED, 0.6), Aim(EACH, 4)])
    size = sum(len(body) for _, body in raw) / len(raw)
    outcome.notes.append(f"{count:,} persistent messages of {size:,.0f} bytes a slice, one quorum queue")
    return outcome


def carry(ground: Ground, batch: Sequence[Outgoing], profiler: Sampler | None = None) -> Slice:
    """Relay these from a freshly filled outbox until none is left."""
    url = fill_outbox(ground, batch)
    room = ground.room("intake", url)
    relays = relays_of(room, RabbitMQ(ground.rabbitmq.amqp_url))
    with room.database.reading():
        pass
    done = [0 for _ in relays]
    if profiler is not None:
        # The publishers' threads begin here, while the sampler's signal is held back from new threads.
        done = [relay.step(room.clock()) for relay in relays]

    def work(place: int) -> None:
        while sent := relays[place].step(room.clock()):
            done[place] += sent

    with metered(_meters(ground)) as costs, profiler or contextlib.nullcontext():
        began = time.perf_counter()
        threads = [threading.Thread(target=work, args=(place,)) for place in range(len(relays))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = time.perf_counter() - began
    assert sum(done) == len(batch), "the relays stopped before the outbox was empty"
    for relay in relays:
        relay.close()
    room.database.close()
    ground.drop(url)
    empty_queues(ground)
    return Slice(len(batch), taken, costs)


def _meters(ground: Ground) -> dict[str, Meter]:
    return {"publisher": own, "PostgreSQL": ground.postgresql_meter, "RabbitMQ": ground.rabbitmq_meter}
