"""Runs a whole hub, in a process of its own, that kills itself at one exact point.

Nothing of the hub is replaced. What it is handed anyway (the broker, the mail, the database's engine, the web
server around its app) is wrapped, and the wrapping sends SIGKILL to its own process the first time that the
point is reached. After that nothing in this process runs any more: no `finally`, no goodbye to any server.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import waitress
from sqlalchemy import event

from services.every import SERVICES
from services.notify.channels.mail import MailChannel
from services.wsgi import Front
from shared.calling import Line, Outcome
from shared.house import House, topology_for
from shared.mail import Mail, Sender, open_mail
from shared.messaging.broker import open_broker
from shared.messaging.carrier import Broker, BrokerAway, Delivery, Hearing, Outgoing, Published, Publisher
from shared.messaging.topology import QUEUES, Queue
from shared.settings import Settings
from shared.target import Target
from tests.faults import copies
from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from email.message import Message
    from uuid import UUID

    from sqlalchemy import Engine

RELAY_BEFORE_CONFIRM = "relay after publish, before the confirm"
RELAY_BEFORE_MARK = "relay after the confirm, before the mark"
RELAY_IN_TRANSACTION = "relay after the mark, before its commit"
CONSUMER_BEFORE_TRANSACTION = "consumer after taking, before the transaction"
CONSUMER_IN_TRANSACTION = "consumer in the transaction, before its commit"
CONSUMER_BEFORE_ACKNOWLEDGEMENT = "consumer after the commit, before the acknowledgement"
CONSUMER_AFTER_ACKNOWLEDGEMENT = "consumer after the acknowledgement"
SENDER_BEFORE_SENDING = "sender after the claim, before sending"
SENDER_BEFORE_RECORDING = "sender after sending, before recording"
WEBHOOK_BEFORE_RECORDING = "webhook after the endpoint answered, before recording"
INTAKE_BEFORE_RESPONSE = "intake after the commit, before the response"

RELAY = (RELAY_BEFORE_CONFIRM, RELAY_BEFORE_MARK, RELAY_IN_TRANSACTION)
CONSUMER = (
    CONSUMER_BEFORE_TRANSACTION,
    CONSUMER_IN_TRANSACTION,
    CONSUMER_BEFORE_ACKNOWLEDGEMENT,
    CONSUMER_AFTER_ACKNOWLEDGEMENT,
)
SENDER = (SENDER_BEFORE_SENDING, SENDER_BEFORE_RECORDING)

_LIFE_SECONDS = 60
_GLANCE_SECONDS = 0.01


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(_LIFE_SECONDS)  # the signal is on its way; nothing more is done


class DyingBroker:
    """A broker whose publishers and hearings of one service die at the point."""

    def __init__(self, inner: Broker, service: str, point: str) -> None:
        """Wrap a broker."""
        self.volatile = inner.volatile
        self._inner, self._service, self._point = inner, service, point

    def prepare(self, queues: Iterable[Queue]) -> None:
        self._inner.prepare(queues)

    def publisher(self) -> Publisher:
        inner = self._inner.publisher()
        # The house gives each service's relay a thread of this name.
        if self._point in RELAY and threading.current_thread().name == f"{self._service}-relay":
            return _DyingPublisher(inner, self._inner, self._point)
        return inner

    def hearing(self, queues: Sequence[Queue]) -> Hearing:
        hearer = queues[0].hearer
        if self._point == RELAY_BEFORE_CONFIRM and hearer != self._service:
            raise BrokerAway  # so that what the relay has published is still there to be seen
        inner = self._inner.hearing(queues)
        return (
            _DyingHearing(inner, self._point)
            if self._point in CONSUMER and hearer == self._service
            else inner
        )

    def depth(self, queue: Queue) -> int | None:
        return self._inner.depth(queue)

    def hearers(self, queue: Queue) -> int | None:
        return self._inner.hearers(queue)

    def check(self) -> None:
        self._inner.check()


class _DyingPublisher:
    def __init__(self, inner: Publisher, broker: Broker, point: str) -> None:
        self._inner, self._broker, self._point = inner, broker, point

    def publish(self, batch: Sequence[Outgoing]) -> Published:
        if self._point == RELAY_BEFORE_CONFIRM:
            # The relay never learns what the broker says: it dies when the messages are seen to be there.
            threading.Thread(target=self._inner.publish, args=(batch,), daemon=True).start()
            while not any(self._broker.depth(queue) for queue in QUEUES):
                time.sleep(_GLANCE_SECONDS)
            die()
        result = self._inner.publish(batch)
        if self._point == RELAY_BEFORE_MARK:
            die()
        return result

    def close(self) -> None:
        self._inner.close()


class _DyingHearing:
    def __init__(self, inner: Hearing, point: str) -> None:
        self._inner, self._point = inner, point

    def take(self, limit: int, wait: float) -> list[Delivery]:
        taken = self._inner.take(limit, wait)
        if taken and self._point == CONSUMER_BEFORE_TRANSACTION:
            die()
        return taken

    def look_ahead(self, limit: int) -> Iterator[Delivery]:
        return self._inner.look_ahead(limit)

    def catch_up(self) -> bool:
        return self._inner.catch_up()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        if self._point == CONSUMER_BEFORE_ACKNOWLEDGEMENT:
            die()
        self._inner.acknowledge(deliveries)
        if self._point == CONSUMER_AFTER_ACKNOWLEDGEMENT:
            die()

    def rest(self, seconds: float) -> None:
        self._inner.rest(seconds)

    def close(self) -> None:
        self._inner.close()


class DyingMail:
    """A way out that dies at its second letter: the first has left, and nothing was recorded."""

    def __init__(self, inner: Mail, point: str) -> None:
        """Wrap a channel."""
        self._inner, self._point = inner, point
        self.sent = 0

    @contextmanager
    def open(self) -> Iterator[Sender]:
        with self._inner.open() as sender:
            yield _DyingSender(sender, self, self._point)

    def holds(self, delivery_id: UUID) -> bool | None:
        return self._inner.holds(delivery_id)

    def close(self) -> None:
        self._inner.close()


class _DyingSender:
    def __init__(self, inner: Sender, mail: DyingMail, point: str) -> None:
        self._inner, self._mail, self._point = inner, mail, point

    def send(self, message: Message, delivery_id: UUID) -> None:
        second = self._mail.sent == 1
        if second and self._point == SENDER_BEFORE_SENDING:
            die()
        self._inner.send(message, delivery_id)
        self._mail.sent += 1
        if second and self._point == SENDER_BEFORE_RECORDING:
            die()


class DyingLine(Line):
    """A way out to endpoints that dies when one has answered."""

    def call(self, target: Target, headers: Mapping[str, str], body: bytes) -> Outcome:
        super().call(target, headers, body)
        die()
        raise RuntimeError


def dies_at(point: str, service: str, settings: Mapping[str, str], port: int = 0) -> None:
    """Run a hub with these settings in a process of its own, which must die by its own hand."""
    process = copies.processes.Process(target=_live, args=(point, service, dict(settings), port), daemon=True)
    process.start()
    process.join(_LIFE_SECONDS)
    assert process.exitcode == -signal.SIGKILL, f"{service} did not come to this point: {point}"


def begin_dying_at(
    point: str, service: str, settings: Mapping[str, str], port: int
) -> Callable[[], int | None]:
    """The same without waiting; what is returned waits for the end and gives the exit code."""
    process = copies.processes.Process(target=_live, args=(point, service, dict(settings), port), daemon=True)
    process.start()

    def end() -> int | None:
        process.join(_LIFE_SECONDS)
        return process.exitcode

    return end


def _live(point: str, service: str, settings: Mapping[str, str], port: int) -> None:
    read = Settings.read(settings)
    if point == INTAKE_BEFORE_RESPONSE:
        _serve(read, port)
    else:
        _work(read, service, point)
        time.sleep(_LIFE_SECONDS)


def _work(settings: Settings, service: str, point: str) -> None:
    """Run every service of the hub, and die at the point of this service."""
    rooms = {name: one.furnish(settings) for name, one in SERVICES.items()}
    if point in SENDER:
        mail = DyingMail(open_mail(settings.mail_url), point)
        rooms["notify"].kept["channels"] = {
            "mail": MailChannel(mail, settings.mail_from, rooms["notify"].keys.lookup)
        }
    house = House(list(rooms.values()), DyingBroker(open_broker(settings.broker_url), service, point))
    if house.broker.volatile:
        house.broker.prepare(topology_for(rooms.values()))
    if point == WEBHOOK_BEFORE_RECORDING:
        rooms["intake"].kept["webhook_line"] = DyingLine.of(settings)
    if point in (CONSUMER_IN_TRANSACTION, RELAY_IN_TRANSACTION):
        worker = "consumer" if point == CONSUMER_IN_TRANSACTION else "relay"
        _die_before_commit(rooms[service].database.engine, f"{service}-{worker}")
    house.start()


def _die_before_commit(engine: Engine, thread: str) -> None:
    wrote = threading.local()

    @event.listens_for(engine, "before_cursor_execute")
    def _notice(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("WITH", "INSERT", "UPDATE")):
            wrote.something = True

    @event.listens_for(engine, "commit")
    def _die(_connection: object) -> None:
        if threading.current_thread().name == thread and getattr(wrote, "something", False):
            die()


def _serve(settings: Settings, port: int) -> None:
    """Serve the hub's HTTP until the first answer is ready; it is never sent."""
    front = Front({name: one.furnish(settings) for name, one in SERVICES.items()})

    def app(environ: dict[str, Any], _start: Callable[..., object]) -> Iterable[bytes]:
        def committed(*_: object) -> Callable[[bytes], object]:
            die()
            raise RuntimeError

        return front(environ, committed)

    waitress.serve(app, host=LOOPBACK, port=port, _quiet=True, clear_untrusted_proxy_headers=True)
