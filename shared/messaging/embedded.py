"""The broker inside the process: kombu's in-memory transport, for publishing and for hearing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kombu.connection import Connection
from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue
from kombu.transport import memory, virtual

from shared.messaging.carrier import Hearing, Outgoing, Published, Publisher
from shared.messaging.hearing import EmbeddedHearing
from shared.messaging.topology import DEAD_EXCHANGE, EXCHANGE, Queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class EmbeddedBroker:
    """kombu's in-process transport, with a state of its own for each hub in the process.

    It forgets everything when the process ends. That is safe, because the outbox is the truth: at the start
    the hub says again whatever was not heard. (No embedded kombu transport is durable: the file and database
    ones lose or keep messages in ways that the outbox would have to repair anyway.)
    """

    volatile = True

    def __init__(self) -> None:
        """An empty broker."""
        channel = type("HubChannel", (memory.Channel,), {"queues": {}, "events": {}, "do_restore": True})
        self._transport = type(
            "HubTransport",
            (memory.Transport,),
            {"Channel": channel, "global_state": virtual.BrokerState(), "polling_interval": None},
        )
        self._arrived = threading.Condition()
        self._opening = threading.Lock()

    def _connection(self) -> Connection:
        return Connection(transport=self._transport)

    def prepare(self, queues: Iterable[Queue]) -> None:
        """Declare and bind every queue before the first message: what has no queue yet would be dropped."""
        with self._opening, self._connection() as connection:
            channel = connection.channel()
            exchange = Exchange(EXCHANGE, "topic", channel=channel)
            dead = Exchange(DEAD_EXCHANGE, "direct", channel=channel)
            exchange.declare()
            dead.declare()
            for queue in queues:
                declared = KombuQueue(queue.name, channel=channel)
                declared.queue_declare()
                for key in queue.bindings:
                    declared.bind_to(exchange, key)

    def publisher(self) -> Publisher:
        """A publisher into this process."""
        return _EmbeddedPublisher(self._connection(), self._arrived)

    def hearing(self, queues: Sequence[Queue]) -> Hearing:
        """A hearing in this process, woken the moment something is published."""
        return EmbeddedHearing(self._connection(), queues, self._arrived)

    def depth(self, queue: Queue) -> int | None:
        """How many messages wait."""
        with self._connection() as connection:
            channel: Any = connection.channel()
            return int(channel._size(queue.name)) if queue.name in channel.queues else None  # noqa: SLF001

    def hearers(self, queue: Queue) -> None:
        """All is one process."""

    def check(self) -> None:
        """The process's own memory is always there."""


class _EmbeddedPublisher:
    def __init__(self, connection: Connection, arrived: threading.Condition) -> None:
        self._channel: Any = connection.channel()
        self._connection = connection
        self._arrived = arrived

    def publish(self, batch: Sequence[Outgoing]) -> Published:
        result = Published()
        for outgoing in batch:
            # This transport drops what has no queue without a word, so the table is asked first.
            if not self._channel.typeof(EXCHANGE).lookup(
                self._channel.get_table(EXCHANGE), EXCHANGE, outgoing.routing_key, None
            ):
                result.unroutable.add(outgoing.id)
                continue
            message = self._channel.prepare_message(
                outgoing.body,
                content_type="application/cloudevents+json",
                content_encoding="binary",
                properties={"message_id": str(outgoing.id), "type": outgoing.type},
            )
            self._channel.basic_publish(message, EXCHANGE, outgoing.routing_key)
            result.confirmed.add(outgoing.id)
        with self._arrived:
            self._arrived.notify_all()
        return result

    def close(self) -> None:
        self._connection.close()
