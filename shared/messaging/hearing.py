"""Hears queues through kombu, which speaks to every broker of ours."""

from __future__ import annotations

import threading
import time
from collections import deque
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from kombu.connection import Connection
from kombu.entity import Queue as KombuQueue
from kombu.message import Message
from kombu.messaging import Consumer

from shared.messaging.carrier import BrokerAway, Delivery
from shared.messaging.frames import BodiesConnection
from shared.messaging.topology import Queue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Messages sent in advance for each queue: the batch in hand, the next one, which is opened meanwhile, and one
# that is on its way.
PREFETCH = 150
_MOMENT = 0.05  # seconds
_HEARTBEAT = 10  # seconds; kombu's own default is none, and a half-open connection is then never noticed


class KombuHearing:
    """What both hearings have in common."""

    def __init__(self, connection: Connection, queues: Sequence[Queue]) -> None:
        """Start to consume; each queue has a channel of its own, so that one acknowledgement covers many."""
        self._connection = connection
        self._away = (*connection.connection_errors, *connection.channel_errors)
        self._waiting: list[deque[Delivery]] = [deque() for _ in queues]
        self._lost = False
        try:
            for place, queue in enumerate(queues):
                self._consume(queue, self._waiting[place])
        except self._away as error:
            problem = self._gone(error)
            self.close()
            raise problem from error

    def _consume(self, queue: Queue, waiting: deque[Delivery]) -> None:
        raise NotImplementedError

    def take(self, limit: int, wait: float) -> list[Delivery]:
        """Up to `limit` messages that are ready, the most pressing first."""
        try:
            if not any(self._waiting):
                self._wait(wait)
        except self._away as error:
            raise self._gone(error) from error
        self._read_all()
        taken: list[Delivery] = []
        for waiting in self._waiting:
            while waiting and len(taken) < limit:
                taken.append(waiting.popleft())
        return taken

    def look_ahead(self, limit: int) -> Iterator[Delivery]:
        """What would be taken now, and then what would be after reading on, some of it again."""
        yield from self._first(limit)
        self._read_all()
        yield from self._first(limit)

    def _first(self, limit: int) -> list[Delivery]:
        return list(islice(chain.from_iterable(self._waiting), limit))

    def catch_up(self) -> bool:
        """Read all that has been published; whether there is something to take."""
        self._read_all()
        return any(self._waiting)

    def _read_all(self) -> None:
        # All that has arrived, though fewer are taken: something urgent may have come behind the bulk.
        try:
            while self._drain(0):
                pass
        except self._away as error:
            raise self._gone(error) from error

    def _wait(self, seconds: float) -> None:
        self._drain(seconds)

    def _drain(self, seconds: float) -> bool:
        try:
            self._connection.drain_events(timeout=seconds)
        except (TimeoutError, BlockingIOError):
            return False
        return True

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge them."""
        try:
            self._acknowledge(deliveries)
        except self._away as error:
            raise self._gone(error) from error

    def _acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        raise NotImplementedError

    def rest(self, seconds: float) -> None:
        """Wait without hearing more than was sent in advance."""
        raise NotImplementedError

    def _gone(self, error: BaseException) -> BrokerAway:
        self._lost = True
        return BrokerAway(type(error).__name__)

    def close(self) -> None:
        """Close the connection; what was not acknowledged goes back to its queue."""
        if self._lost:
            # Nobody waits for the goodbye of a broker that no longer answers: the socket is closed, no more.
            self._connection.collect(socket_timeout=1)
            return
        try:
            self._connection.close()
        except (OSError, *self._away):
            self._connection.collect(socket_timeout=1)


class EmbeddedHearing(KombuHearing):
    """Hears queues in this process, woken the moment that something is published."""

    def __init__(self, connection: Connection, queues: Sequence[Queue], arrived: threading.Condition) -> None:
        """Start to consume."""
        self._arrived = arrived
        super().__init__(connection, queues)

    def _consume(self, queue: Queue, waiting: deque[Delivery]) -> None:
        def arrived(message: Message) -> None:
            body = message.body
            waiting.append(
                Delivery(
                    body=body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogateescape"),
                    queue=queue,
                    redelivered=bool((message.delivery_info or {}).get("redelivered")),
                    receipt=message,
                )
            )

        channel = self._connection.channel()
        consumer = Consumer(
            channel,
            [KombuQueue(queue.name, no_declare=True, channel=channel)],
            on_message=arrived,
            auto_declare=False,
        )
        consumer.qos(prefetch_count=PREFETCH)
        consumer.consume()

    def _wait(self, seconds: float) -> None:
        with self._arrived:
            if not self._drain(0) and seconds:
                self._arrived.wait(seconds)

    def _acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            delivery.receipt.ack()

    def rest(self, seconds: float) -> None:
        """Wait; nobody asks for signs of life in one process."""
        time.sleep(seconds)


class RabbitMQHearing(KombuHearing):
    """Hears queues on RabbitMQ, with heartbeats."""

    def __init__(self, url: str, queues: Sequence[Queue]) -> None:
        """Connect and start to consume."""
        connection = Connection(
            url, heartbeat=_HEARTBEAT, connect_timeout=5, transport_options={"read_timeout": 30}
        )
        connection.transport.Connection = BodiesConnection
        try:
            connection.connect()
        except (OSError, *connection.connection_errors) as error:
            raise BrokerAway(type(error).__name__) from error
        self._checked = time.monotonic()
        self._channels: list[tuple[Any, str]] = []
        super().__init__(connection, queues)

    def _consume(self, queue: Queue, waiting: deque[Delivery]) -> None:
        channel: Any = self._connection.channel()

        def arrived(body: bytes, tag: int, redelivered: bool) -> None:  # noqa: FBT001 - as AMQP says it
            waiting.append(Delivery(body, queue, redelivered, (channel, tag)))

        self._bodies.deliver_to(channel.channel_id, arrived)
        channel.basic_qos(0, PREFETCH, a_global=False)
        channel.basic_consume(queue.name)
        self._channels.append((channel, queue.name))

    def catch_up(self) -> bool:
        """Ask each channel twice how its queue stands; whether there is something to take, or soon will be.

        What a queue has confirmed it has given to its channel before it answers the first question, and the
        channel sends it on before it answers the second. What waits beyond the prefetch comes after a moment.
        """
        try:
            ready = sum(
                channel.queue_declare(queue, passive=True).message_count
                for _ in range(2)
                for channel, queue in self._channels
            )
        except self._away as error:
            raise self._gone(error) from error
        if ready and not any(self._waiting):
            self._wait(_MOMENT)
        return super().catch_up() or ready > 0

    @property
    def _bodies(self) -> BodiesConnection:
        bodies = self._connection.connection
        assert isinstance(bodies, BodiesConnection)  # noqa: S101 - as was asked for above
        return bodies

    def _drain(self, seconds: float) -> bool:
        read = super()._drain(seconds)
        if time.monotonic() - self._checked > _HEARTBEAT / 4:
            self._checked = time.monotonic()
            self._connection.heartbeat_check()
        return read

    def _acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        # One word for all of a queue is a fifth of the work.
        last = {delivery.queue.name: delivery.receipt for delivery in deliveries}
        for channel, tag in last.values():
            channel.basic_ack(tag, multiple=True)

    def rest(self, seconds: float) -> None:
        """Wait, and answer the broker's heartbeats meanwhile."""
        end = time.monotonic() + seconds
        left = seconds
        while True:
            try:
                self._drain(max(0, min(left, 1)))
            except self._away as error:
                raise self._gone(error) from error
            left = end - time.monotonic()
            if left <= 0:
                return
