"""RabbitMQ through pika: publishing with pipelined confirms, declaring the topology, looking at queues.

The publisher keeps its own book of delivery tags on a `SelectConnection` that lives in its own thread, so
heartbeats are answered while the relay waits and a whole batch is in flight at once. Every message is
persistent and mandatory. After any time-out the connection is thrown away with its tags: a late confirm must
never be taken for another message's.
"""

from __future__ import annotations

import contextlib
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pika
import pika.exceptions

from shared.messaging.carrier import BrokerAway, Hearing, Outgoing, Published, Publisher
from shared.messaging.hearing import RabbitMQHearing
from shared.messaging.topology import DEAD_EXCHANGE, EXCHANGE, Queue, arguments_of
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pika.adapters.blocking_connection import BlockingChannel

CONFIRM_SECONDS = 10
# A quorum queue that is younger than about a second when its broker is killed can be lost for good with all
# that was confirmed into it; so the topology is declared at deployment and left to settle.
SETTLE_SECONDS = 2.0
_OPEN_SECONDS = 10
_GOODBYE_SECONDS = 1
_NOT_FOUND, _PRECONDITION_FAILED = 404, 406  # reply codes of AMQP 0-9-1


def _parameters(url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = 10
    parameters.blocked_connection_timeout = CONFIRM_SECONDS
    parameters.socket_timeout = 5
    parameters.stack_timeout = _OPEN_SECONDS
    return parameters


class TopologyDiffers(Problem):
    """The broker has a queue of that name that was declared otherwise."""

    status = 500
    code = "topology_differs"


class RabbitMQ:
    """A RabbitMQ server and virtual host."""

    volatile = False

    def __init__(self, url: str) -> None:
        """Take an `amqp://` URL; nothing is connected yet."""
        self._url = url

    @contextlib.contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        try:
            connection = pika.BlockingConnection(_parameters(self._url))
        except (pika.exceptions.AMQPError, OSError) as error:
            raise BrokerAway(type(error).__name__) from error
        try:
            yield connection.channel()
        except pika.exceptions.AMQPConnectionError as error:
            raise BrokerAway(type(error).__name__) from error
        finally:
            with contextlib.suppress(pika.exceptions.AMQPError, OSError):
                connection.close()

    def prepare(self, queues: Iterable[Queue]) -> None:
        """Declare exchanges, quorum queues and bindings, then let what is new settle before it is trusted."""
        made = False
        for queue in queues:
            made |= self.depth(queue) is None
            with self._channel() as channel:
                channel.exchange_declare(EXCHANGE, "topic", durable=True)
                channel.exchange_declare(DEAD_EXCHANGE, "direct", durable=True)
                self._declare(channel, queue)
                for key in queue.bindings:
                    channel.queue_bind(queue.name, EXCHANGE, key)
                if queue.is_dead:
                    channel.queue_bind(queue.name, DEAD_EXCHANGE, queue.name)
        if made:
            time.sleep(SETTLE_SECONDS)

    def _declare(self, channel: BlockingChannel, queue: Queue) -> None:
        try:
            channel.queue_declare(queue.name, durable=True, arguments=arguments_of(queue))
        except pika.exceptions.ChannelClosedByBroker as error:
            if error.reply_code != _PRECONDITION_FAILED:
                raise BrokerAway(error.reply_text) from error
            message = (
                f"{queue.name} was declared otherwise before ({error.reply_text}). "
                "Let it run empty, delete it (rabbitmqctl delete_queue), and run `hub prepare` again."
            )
            raise TopologyDiffers(message) from error

    def publisher(self) -> Publisher:
        """A publisher with pipelined confirms."""
        return PipelinedPublisher(self._url)

    def hearing(self, queues: Sequence[Queue]) -> Hearing:
        """A hearing through kombu."""
        return RabbitMQHearing(self._url, queues)

    def depth(self, queue: Queue) -> int | None:
        """How many messages are ready; None if there is no such queue."""
        with self._channel() as channel:
            try:
                return int(channel.queue_declare(queue.name, passive=True).method.message_count)
            except pika.exceptions.ChannelClosedByBroker as error:
                if error.reply_code == _NOT_FOUND:
                    return None
                raise BrokerAway(error.reply_text) from error

    def hearers(self, queue: Queue) -> int | None:
        """How many consumers the queue has; None if there is no such queue."""
        with self._channel() as channel:
            try:
                return int(channel.queue_declare(queue.name, passive=True).method.consumer_count)
            except pika.exceptions.ChannelClosedByBroker as error:
                if error.reply_code == _NOT_FOUND:
                    return None
                raise BrokerAway(error.reply_text) from error

    def has_leader(self, queue: Queue) -> bool:
        """Whether the queue can give out messages at all.

        A quorum queue without a leader answers a passive declare with zero messages and a get with an
        internal error after a time-out. A queue that says it holds messages, or that gives one, is alive.
        """
        if self.depth(queue):
            return True
        with self._channel() as channel:
            try:
                frame, _, _ = channel.basic_get(queue.name)
                if frame is not None:
                    channel.basic_nack(frame.delivery_tag or 0, requeue=True)
            except pika.exceptions.AMQPError:
                return False
        return True

    def check(self) -> None:
        """Raise `BrokerAway` unless the broker lets us in."""
        with self._channel():
            pass


class _Job:
    """One batch on its way, and what the broker has said of it so far."""

    def __init__(self, batch: Sequence[Outgoing]) -> None:
        self.batch = batch
        self.waiting: dict[int, UUID] = {}
        self.result = Published()
        self.done = threading.Event()
        self.failure = ""

    def fail(self, why: str) -> None:
        self.failure = why
        self.done.set()


class _Line:
    """One connection with its own thread, its channel in confirm mode and its book of delivery tags."""

    def __init__(self, url: str, patience: float) -> None:
        self._channel: Any = None
        self._tag = 0
        self._job: _Job | None = None
        self._opened = threading.Event()
        self._closing = False
        self._why = ""
        self._connection = pika.SelectConnection(
            _parameters(url),
            on_open_callback=self._on_open,
            on_open_error_callback=lambda _c, error: self._lost(error),
            on_close_callback=self._on_close,
        )
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()
        if not self._opened.wait(patience) or self._why:
            self.close()
            raise BrokerAway(self._why or "the connection did not open in time")

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as error:  # noqa: BLE001 - whatever ends this thread must reach the relay
            self._lost(error)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        # pika closes the socket when the broker says goodbye; a broker that says nothing leaves it to us,
        # and pika has no public word for that.
        transport: Any = getattr(self._connection, "_transport", None)
        with contextlib.suppress(Exception):
            if transport is not None:
                transport.abort()
                # This only asks the loop to close the socket, and the loop has ended.
                transport._close_and_finalize()  # noqa: SLF001
            self._connection.ioloop.close()

    def _on_open(self, connection: Any) -> None:  # noqa: ANN401 - pika's own object
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:  # noqa: ANN401
        self._channel = channel
        channel.add_on_close_callback(lambda _c, error: self._lost(error))
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._opened.set())

    def _on_close(self, connection: Any, error: object) -> None:  # noqa: ANN401
        self._lost(error)
        if self._closing:
            connection.ioloop.stop()

    def _lost(self, error: object) -> None:
        self._why = self._why or type(error).__name__
        self._opened.set()
        if self._job is not None:
            self._job.fail(self._why)

    def send(self, job: _Job) -> None:
        """Hand the batch to the connection's thread."""
        self._connection.ioloop.add_callback_threadsafe(partial(self._send, job))

    def _send(self, job: _Job) -> None:
        self._job = job
        if self._why:
            job.fail(self._why)
            return
        for outgoing in job.batch:
            self._tag += 1
            job.waiting[self._tag] = outgoing.id
            self._channel.basic_publish(
                EXCHANGE,
                outgoing.routing_key,
                outgoing.body,
                pika.BasicProperties(
                    content_type="application/cloudevents+json",
                    content_encoding="binary",
                    delivery_mode=2,
                    message_id=str(outgoing.id),
                    type=outgoing.type,
                    app_id="referral-hub",
                ),
                mandatory=True,
            )

    def _on_return(self, _channel: object, _method: object, properties: Any, _body: bytes) -> None:  # noqa: ANN401
        # The broker sends the message back before it confirms it (RabbitMQ: publisher confirms).
        if self._job is not None:
            self._job.result.unroutable.add(UUID(properties.message_id))

    def _on_confirm(self, frame: Any) -> None:  # noqa: ANN401
        job, method = self._job, frame.method
        if job is None:
            return
        if method.multiple:
            tags = [tag for tag in job.waiting if tag <= method.delivery_tag]
        else:
            tags = [method.delivery_tag] if method.delivery_tag in job.waiting else []
        for tag in tags:
            message_id = job.waiting.pop(tag)
            if method.NAME == "Basic.Ack" and message_id not in job.result.unroutable:
                job.result.confirmed.add(message_id)
        if not job.waiting:
            self._job = None
            job.done.set()

    @property
    def dead(self) -> bool:
        return bool(self._why) or not self._thread.is_alive()

    def close(self) -> None:
        loop = self._connection.ioloop

        def say_goodbye() -> None:
            self._closing = True
            if self._connection.is_open:
                self._connection.close()
            else:
                loop.stop()

        # First with the broker's goodbye, then without: it may be the broker that does not answer.
        for end in (say_goodbye, loop.stop):
            with contextlib.suppress(Exception):
                loop.add_callback_threadsafe(end)
            self._thread.join(_GOODBYE_SECONDS)
            if not self._thread.is_alive():
                return


class PipelinedPublisher:
    """Publishes whole batches and returns when the broker has spoken about each message."""

    def __init__(self, url: str, patience: float = CONFIRM_SECONDS) -> None:
        """Take the URL; the connection is opened by the first batch.

        `patience` is how many seconds the broker has to open a connection, and to speak about a batch.
        """
        self._url = url
        self._patience = patience
        self._line: _Line | None = None

    def publish(self, batch: Sequence[Outgoing]) -> Published:
        """Send all, wait for all; `BrokerAway` when the word does not come, and then nothing is believed."""
        if self._line is None or self._line.dead:
            self.close()
            self._line = _Line(self._url, self._patience)
        job = _Job(batch)
        self._line.send(job)
        in_time = job.done.wait(self._patience)
        if not in_time or job.failure:
            self.close()
            raise BrokerAway(job.failure or "no confirm in time")
        return job.result

    def close(self) -> None:
        """Throw the connection away."""
        line, self._line = self._line, None
        if line is not None:
            line.close()
