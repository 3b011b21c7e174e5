"""Keeps an eye on the hub: queues that grow, parked messages, workers that are gone, lagging relays, disks.

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

from services.doctor import LAGGING, ROOM
from services.notify.dispatch_store import longest_wait
from services.notify.equipment import board_of, post_of
from services.notify.tell_ops import send_to_ops, tell_ops, tell_ops_without_records
from shared.database import told_of
from shared.house import topology_for
from shared.messaging.carrier import BrokerAway
from shared.messaging.parking import count_held

if TYPE_CHECKING:
    import datetime as dt
    import threading
    from pathlib import Path

    from services.notify.domain.alert import Kind
    from services.notify.tell_ops import Ill
    from shared.house import House
    from shared.messaging.topology import Queue
    from shared.service import Room

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 30.0
# A queue of this length that has grown between all of so many looks grows, until it is shorter.
LONG: Final = 500
_LOOKS: Final = 3
# What is started anew is nobody's trouble: so many looks in a row it does not answer.
_GONE_LOOKS: Final = 2
_SENDER: Final = "notify sender"


@dataclass
class Seen:
    """What one look found ill, by kind, and of what it cannot tell: that stays as it was, ill or well."""

    ill: Ill = field(default_factory=dict)
    untold: set[tuple[Kind, str]] = field(default_factory=set)

    def add(self, kind: Kind, where: str, much: int = 1) -> None:
        """It is ill there, so much."""
        self.ill.setdefault(kind, {})[where] = much


@dataclass
class Watch:
    """One who watches, and remembers the last looks."""

    house: House
    long: int = LONG
    least_free: int = ROOM
    lengths: dict[str, list[int]] = field(default_factory=dict)
    missed: Counter[str] = field(default_factory=Counter)
    not_kept: int = 0
    told_without_records: bool = False

    def look(self) -> Seen:
        """What is ill now, and what cannot be told yet: a server is away, or there were too few looks."""
        seen = Seen()
        for name, room in self.house.rooms.items():
            self._look_at_room(name, room, seen)
        queues = [queue for queue in topology_for(self.house.rooms.values()) if not queue.is_dead]
        try:
            # All or none of them: a broker that goes away in between has told nothing.
            told = [(queue, self.house.broker.depth(queue), self._is_heard(queue)) for queue in queues]
        except BrokerAway:
            self._miss("broker", seen)
            seen.untold |= {(kind, queue.name) for queue in queues for kind in ("ops_queue", "ops_worker")}
            return seen
        self._answers("broker")
        for queue, length, is_heard in told:
            self._look_at_queue(queue.name, length, seen, is_heard=is_heard)
        return seen

    def step(self) -> Ill:
        """Look, and tell; what is ill as far as anybody knows."""
        seen = self.look()
        room = self.house.rooms["notify"]
        try:
            with room.unit() as unit:
                ill = tell_ops(seen.ill, seen.untold, unit, board_of(room))
            if _SENDER in seen.ill.get("ops_relay", {}):
                send_to_ops(post_of(room), room.unit)
        except SQLAlchemyError as error:
            log.error("ops cannot be told", extra={"ill": sorted(seen.ill), "error": told_of(error)})  # noqa: TRY400 - its text could quote data
            self.not_kept += 1
            # Once, and again only when it was well in between: there is nobody to remember it for us.
            if self.not_kept >= _GONE_LOOKS and not self.told_without_records:
                self.told_without_records = tell_ops_without_records(post_of(room), room.clock()) > 0
            return seen.ill
        self.not_kept, self.told_without_records = 0, False
        return ill

    def keep_on(self, stop: threading.Event, every: float = EVERY_SECONDS, sign: Path | None = None) -> None:
        """Until told to stop; after each look the file `sign` is made new, so that others see it is awake."""
        while not stop.wait(every):
            try:
                self.step()
                if sign is not None:
                    sign.touch()
            except Exception as error:  # noqa: BLE001 - whoever watches must not fall asleep over one error
                log.error("the watch stumbled", extra={"error": told_of(error)})  # noqa: TRY400 - the same

    def _look_at_room(self, name: str, room: Room, seen: Seen) -> None:
        free = room.database.free_bytes()
        if free is not None and free < self.least_free:
            seen.add("ops_disk", name)
        try:
            lag, parked = _lag_of(room), count_held(room.books)[0]
            waits = name == "notify" and _wait_for_sender(room) > LAGGING
        except SQLAlchemyError:
            self._miss(f"{name} database", seen)
            seen.untold |= {("ops_relay", name), ("ops_parked", name)}
            if name == "notify":
                seen.untold.add(("ops_relay", _SENDER))
            return
        self._answers(f"{name} database")
        if waits:
            seen.add("ops_relay", _SENDER)
        if lag > LAGGING:
            seen.add("ops_relay", name)
        if parked:
            seen.add("ops_parked", name, parked)

    def _look_at_queue(self, name: str, length: int | None, seen: Seen, *, is_heard: bool) -> None:
        if is_heard:
            self._answers(name)
        else:
            self._miss(name, seen)
        lengths = self.lengths.setdefault(name, [])
        if length is None:
            seen.untold.add(("ops_queue", name))
            return
        lengths.append(length)
        del lengths[:-_LOOKS]
        if length < self.long:
            return
        if len(lengths) == _LOOKS and lengths[0] < lengths[1] < lengths[2]:
            seen.add("ops_queue", name)
        else:
            # One that grew is ill until it is short, and one that is only long is not.
            seen.untold.add(("ops_queue", name))

    def _is_heard(self, queue: Queue) -> bool:
        return queue.hearer not in self.house.rooms or self.house.broker.hearers(queue) != 0

    def _miss(self, who: str, seen: Seen) -> None:
        self.missed[who] += 1
        if self.missed[who] >= _GONE_LOOKS:
            seen.add("ops_worker", who)
        else:
            seen.untold.add(("ops_worker", who))

    def _answers(self, who: str) -> None:
        self.missed.pop(who, None)


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
