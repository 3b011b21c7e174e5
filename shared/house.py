"""Runs services: their relays, their ears and their chores, as threads of this process.

The embedded hub is a house with all three services in it; a production worker is a house with one. For tests
`settle` does by hand, in one thread, what the threads would do, until everything is quiet.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count, repeat
from typing import TYPE_CHECKING

from shared import logs
from shared.database import migrate, told_of, what_failed
from shared.messaging.carrier import BrokerAway
from shared.messaging.consumer import Consumer
from shared.messaging.reconcile import reconcile, say_again_to
from shared.messaging.relay import Relay
from shared.messaging.retries import delay_before
from shared.messaging.topology import QUEUES, queues_of, team_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shared.messaging.carrier import Broker, Hearing
    from shared.messaging.topology import Queue
    from shared.service import Chore, Room

log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0  # the longest that anything waits when no wake-up reaches it
_LONGEST_PAUSE = 5.0
_STOP_SECONDS = 15.0
_NEW_OBJECTS = 50_000  # made and not freed, before Python looks for circles; it would after 700


def spare_the_search_for_circles() -> None:
    """Have Python look for circles of objects less often, in a process that begins its work now.

    What a batch makes is freed when it ends, by counting; there are no circles in it. Python's search would
    go through it every few messages, and now and then through all that has been there since the start.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def topology_for(rooms: Iterable[Room]) -> tuple[Queue, ...]:
    """Every queue of the hub, with those of teams that take their cases over AMQP."""
    teams = {slug: team for room in rooms for slug, team in room.directory.teams.items()}
    return (*QUEUES, *(team_queue(slug) for slug, team in sorted(teams.items()) if team.over_amqp))


def relays_of(room: Room, broker: Broker) -> list[Relay]:
    """A service's relays: two on a server, so that one reads and marks while the other waits for confirms.

    What is urgent then need not wait for a thousand that are on their way either. A file has one.
    """
    return [
        Relay(
            room.database,
            room.service.tables,
            broker,
            hearer=room.service.name,
            keep_sent=dt.timedelta(days=room.settings.outbox_days),
            keep_heard=dt.timedelta(days=room.settings.inbox_days),
        )
        for _ in range(1 if room.database.is_file else 2)
    ]


@dataclass
class _Desk:
    """What one service's work is done with."""

    room: Room
    relays: list[Relay]
    consumer: Consumer
    chores: tuple[Chore, ...]
    woken: dict[str, threading.Event] = field(default_factory=dict)

    @property
    def relay(self) -> Relay:
        """The relay that does all of it when threads do not share the work."""
        return self.relays[0]

    def waker_of(self, chore: Chore) -> threading.Event:
        """What ends the chore's waiting before its time."""
        return self.woken.setdefault(chore.name, threading.Event())

    def wake(self, *, because_heard: bool) -> None:
        """Have chores look again: those that follow what was heard, or all of them."""
        for chore in self.chores:
            if chore.after_hearing or not because_heard:
                self.waker_of(chore).set()


class House:
    """Some services and the broker between them."""

    def __init__(self, rooms: Sequence[Room], broker: Broker, *, poll_seconds: float = _POLL_SECONDS) -> None:
        """Take furnished rooms; nothing runs before `start` or `settle`."""
        self._poll_seconds = poll_seconds
        self.rooms = {room.service.name: room for room in rooms}
        self.broker = broker
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._hearings: dict[str, Hearing] = {}
        self._desks = [self._furnish(room) for room in rooms]

    def _furnish(self, room: Room) -> _Desk:
        consumer = Consumer(
            room.service.name,
            database=room.database,
            tables=room.service.tables,
            keys=room.keys,
            clock=room.clock,
            hears=room.service.hears(room),
            is_test=room.settings.sandbox,
        )
        return _Desk(room, relays_of(room, self.broker), consumer, room.service.chores)

    def prepare(self, *, topology: bool = True) -> None:
        """Make or update the tables, and the queues."""
        for room in self.rooms.values():
            migrate(room.database, room.service.migrations, keys=room.keys)
        if topology:
            self.broker.prepare(topology_for(self.rooms.values()))

    def reconcile(self) -> dict[str, int]:
        """Say again what was said and never heard."""
        return reconcile({name: room.books for name, room in self.rooms.items()})

    def say_again_to(self, queue: Queue) -> int:
        """Say again all that led to this queue, whoever has heard it."""
        return sum(say_again_to(queue, room.books) for room in self.rooms.values())

    def start(self) -> None:
        """Start every thread; a volatile broker is first filled again from the outboxes."""
        if self.broker.volatile:
            self._run("reconcile", self._reconcile_once)
        for desk in self._desks:
            name = desk.room.service.name
            listening = desk.room.database.listen(self._stop)
            if listening is not None:
                self._threads.append(listening)
            for relay in desk.relays:
                self._run(f"{name}-relay", partial(self._relay, desk, relay))
            self._run(f"{name}-consumer", partial(self._hear, desk))
            for chore in desk.chores:
                self._run(f"{name}-{chore.name}", partial(self._do, desk, chore, desk.waker_of(chore)))

    def _run(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _reconcile_once(self) -> None:
        for failures in count(1):
            try:
                again = sum(self.reconcile().values())
            except Exception as error:  # noqa: BLE001 - what was not heard before the restart must be said again
                log.warning("reconcile will be tried again", extra={"error": told_of(error)})
                if self._stop.wait(min(_LONGEST_PAUSE, delay_before(failures + 1))):
                    return
            else:
                log.info("reconciled after the start", extra={"said_again": again})
                return

    def _relay(self, desk: _Desk, relay: Relay) -> None:
        def step() -> None:
            if not relay.step(desk.room.clock()):
                relay.wait(self._poll_seconds)

        self._keep_on("relay", desk, step, relay.lost)
        relay.close()

    def _hear(self, desk: _Desk) -> None:
        name = desk.room.service.name
        hearings: list[Hearing] = []

        def step() -> None:
            if not hearings:
                hearings.append(self.broker.hearing(queues_of(name)))
            if desk.consumer.step(hearings[0], self._poll_seconds / 2):
                desk.wake(because_heard=True)

        def lost() -> None:
            while hearings:
                hearings.pop().close()

        self._keep_on("consumer", desk, step, lost)
        lost()

    def _do(self, desk: _Desk, chore: Chore, woken: threading.Event) -> None:
        def step() -> None:
            if not chore.step(desk.room):
                woken.wait(chore.every)
                woken.clear()

        self._keep_on(chore.name, desk, step, lambda: None)

    def _keep_on(self, what: str, desk: _Desk, step: Callable[[], None], lost: Callable[[], None]) -> None:
        """Do a step again and again, whatever happens; after a failure with a growing pause."""
        failures = 0
        while not self._stop.is_set():
            try:
                step()
                failures = 0
            except Exception as error:  # noqa: BLE001 - a worker that dies of one error helps nobody
                failures += 1
                pause = min(_LONGEST_PAUSE, delay_before(failures + 1))
                known = isinstance(error, BrokerAway) or what_failed(error) != "wrong"
                # The traceback's lines show code, the message could show data: only the code is logged.
                log.log(
                    logging.WARNING if known else logging.ERROR,
                    "%s stopped for a moment",
                    what,
                    extra={
                        "service": desk.room.service.name,
                        "error": told_of(error),
                        "at": logs.places_of(error, 2),
                        "pause": round(pause, 1),
                    },
                )
                with contextlib.suppress(Exception):
                    lost()
                self._stop.wait(pause)

    def stop(self) -> None:
        """Stop every thread; what is in hand is finished or goes back."""
        self._stop.set()
        for desk in self._desks:
            desk.room.database.announce()
            desk.wake(because_heard=False)
        for thread in self._threads:
            thread.join(_STOP_SECONDS)
        for hearing in self._hearings.values():
            hearing.close()
        for desk in self._desks:
            desk.relay.close()
        for room in self.rooms.values():
            room.close()

    def _steps_of(self, desk: _Desk) -> list[Callable[[], object]]:
        """What its threads would do, a step of each at a time."""
        name = desk.room.service.name
        if name not in self._hearings:
            self._hearings[name] = self.broker.hearing(queues_of(name))
        return [
            lambda: desk.relay.step(desk.room.clock()),
            lambda: desk.consumer.step(self._hearings[name], 0),
            *(partial(chore.step, desk.room) for chore in desk.chores),
        ]

    def settle(self, rounds: int = 1000) -> None:
        """Relay, hear and do chores in this thread until nothing moves any more."""
        steps = [step for desk in self._desks for step in self._steps_of(desk)]
        quiet = 0
        for step in chain.from_iterable(repeat(steps, rounds)):
            quiet = 0 if step() else quiet + 1
            if quiet < len(steps):
                continue
            # In one process what is published is there at once; from a server it may still be on its way.
            if not any(hearing.catch_up() for hearing in self._hearings.values()):
                return
            quiet = 0
        message = "the house does not come to rest"
        raise RuntimeError(message)
