"""Keeps an eye on the hub: queues that grow, parked messages, workers that are gone, relays that lag.

It looks where `hub doctor` looks, again and again, and tells ops through notify: by mail, by text, or however
they chose. Where the sender of notify is what is gone, it sends to ops itself; where notify's database is, it
tells them without keeping anything.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from services.doctor import LAGGING
from services.notify.dispatch_store import longest_wait
from services.notify.equipment import board_of, post_of
from services.notify.tell_ops import send_to_ops, tell_ops, tell_ops_without_records
from shared.house import topology_for
from shared.messaging.carrier import BrokerAway
from shared.messaging.parking import count_held

if TYPE_CHECKING:
    import datetime as dt
    import threading
    from pathlib import Path

    from services.notify.domain.alert import Kind
    from shared.house import House
    from shared.messaging.topology import Queue
    from shared.service import Room

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 30.0
# A queue of this length that has grown between all of so many looks grows, until it is shorter.
LONG: Final = 500
_LOOKS: Final = 3
# A worker that is started anew is nobody's trouble: so many looks in a row nobody hears a queue.
_GONE_LOOKS: Final = 2

Ill = dict["Kind", dict[str, int]]


@dataclass
class Watch:
    """One who watches, and remembers how the queues were."""

    house: House
    long: int = LONG
    lengths: dict[str, list[int]] = field(default_factory=dict)
    growing: set[str] = field(default_factory=set)
    unheard: Counter[str] = field(default_factory=Counter)
    told_without_records: bool = False

    def look(self) -> Ill:
        """What is ill now, by kind: where it was found, and how much of it."""
        found: Ill = {}
        for name, room in self.house.rooms.items():
            try:
                lag, parked = _lag_of(room), count_held(room.books)[0]
                if name == "notify" and _wait_for_sender(room) > LAGGING:
                    found.setdefault("ops_relay", {})["notify sender"] = 1
            except SQLAlchemyError:
                found.setdefault("ops_worker", {})[f"{name} database"] = 1
                continue
            if lag > LAGGING:
                found.setdefault("ops_relay", {})[name] = 1
            if parked:
                found.setdefault("ops_parked", {})[name] = parked
        try:
            self._look_at_queues(found)
        except BrokerAway:
            found.setdefault("ops_worker", {})["broker"] = 1
        return found

    def step(self) -> Ill:
        """Look, and tell."""
        ill = self.look()
        room = self.house.rooms["notify"]
        try:
            with room.unit() as unit:
                tell_ops(ill, unit, board_of(room))
            self.told_without_records = False
            if "notify sender" in ill.get("ops_relay", {}):
                send_to_ops(post_of(room), room.unit)
        except SQLAlchemyError as error:
            log.error("ops cannot be told", extra={"ill": sorted(ill), "error": type(error).__name__})  # noqa: TRY400 - its text could quote data
            # Once, and again only when it was well in between: there is nobody to remember it for us.
            if not self.told_without_records:
                self.told_without_records = tell_ops_without_records(post_of(room), room.clock()) > 0
        return ill

    def keep_on(self, stop: threading.Event, every: float = EVERY_SECONDS, sign: Path | None = None) -> None:
        """Until told to stop; after each look the file `sign` is made new, so that others see it is awake."""
        while not stop.wait(every):
            try:
                self.step()
                if sign is not None:
                    sign.touch()
            except Exception as error:  # noqa: BLE001 - whoever watches must not fall asleep over one error
                log.error("the watch stumbled", extra={"error": type(error).__name__})  # noqa: TRY400 - the same

    def _look_at_queues(self, found: Ill) -> None:
        for queue in topology_for(self.house.rooms.values()):
            length = self.house.broker.depth(queue)
            if length is None or queue.is_dead:
                continue
            if self._grows(queue, length):
                found.setdefault("ops_queue", {})[queue.name] = 1
            if queue.hearer in self.house.rooms and self.house.broker.hearers(queue) == 0:
                self.unheard[queue.name] += 1
                if self.unheard[queue.name] >= _GONE_LOOKS:
                    found.setdefault("ops_worker", {})[queue.name] = 1
            else:
                self.unheard.pop(queue.name, None)

    def _grows(self, queue: Queue, length: int) -> bool:
        seen = self.lengths.setdefault(queue.name, [])
        seen.append(length)
        del seen[:-_LOOKS]
        if length < self.long:
            self.growing.discard(queue.name)
        elif len(seen) == _LOOKS and seen[0] < seen[1] < seen[2]:
            self.growing.add(queue.name)
        return queue.name in self.growing


def _lag_of(room: Room) -> dt.timedelta:
    outbox = room.service.tables.outbox
    with room.database.reading() as connection:
        oldest: dt.datetime | None = connection.execute(
            select(func.min(outbox.c.said_at)).where(outbox.c.sent_at.is_(None))
        ).scalar_one()
    now = room.clock()
    return now - (oldest or now)


def _wait_for_sender(room: Room) -> dt.timedelta:
    with room.database.reading() as connection:
        return longest_wait(connection, room.clock())[1]
