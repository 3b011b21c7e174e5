"""Keeps an eye on the hub: queues that grow, parked messages, workers that are gone, relays that lag.

It looks where `hub doctor` looks, again and again, and tells ops through notify: by mail, by text, or however
they chose. What it cannot tell because notify's own database is away it logs as an error.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from services.doctor import LAGGING
from services.notify.equipment import board_of
from services.notify.tell_ops import tell_ops
from shared.house import topology_for
from shared.messaging.carrier import BrokerAway
from shared.messaging.parking import count_held

if TYPE_CHECKING:
    import datetime as dt
    import threading
    from pathlib import Path

    from services.notify.domain.alert import Kind
    from shared.house import House
    from shared.service import Room

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 30.0
# A queue of this length that has grown between all of so many looks grows.
LONG: Final = 500
_LOOKS: Final = 3


@dataclass
class Watch:
    """One who watches, and remembers how long the queues were."""

    house: House
    long: int = LONG
    lengths: dict[str, list[int]] = field(default_factory=dict)

    def look(self) -> dict[Kind, str]:
        """What is ill now, by kind, each with where it was found."""
        found: dict[Kind, list[str]] = {}
        for name, room in self.house.rooms.items():
            try:
                lag, parked = _lag_of(room), count_held(room.books)[0]
            except SQLAlchemyError:
                found.setdefault("ops_worker", []).append(f"{name} database")
                continue
            if lag > LAGGING:
                found.setdefault("ops_relay", []).append(name)
            if parked:
                found.setdefault("ops_parked", []).append(name)
        try:
            self._look_at_queues(found)
        except BrokerAway:
            found.setdefault("ops_worker", []).append("broker")
        return {kind: ", ".join(where) for kind, where in found.items()}

    def step(self) -> dict[Kind, str]:
        """Look, and tell."""
        ill = self.look()
        room = self.house.rooms["notify"]
        try:
            with room.unit() as unit:
                tell_ops(ill, unit, board_of(room))
        except SQLAlchemyError as error:
            log.error("ops cannot be told", extra={"ill": sorted(ill), "error": type(error).__name__})  # noqa: TRY400 - its text could quote data
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

    def _look_at_queues(self, found: dict[Kind, list[str]]) -> None:
        for queue in topology_for(self.house.rooms.values()):
            length = self.house.broker.depth(queue)
            if length is None or queue.is_dead:
                continue
            seen = self.lengths.setdefault(queue.name, [])
            seen.append(length)
            del seen[:-_LOOKS]
            if len(seen) == _LOOKS and seen[0] < seen[1] < seen[2] and length >= self.long:
                found.setdefault("ops_queue", []).append(queue.name)
            if queue.hearer in self.house.rooms and self.house.broker.hearers(queue) == 0:
                found.setdefault("ops_worker", []).append(queue.name)


def _lag_of(room: Room) -> dt.timedelta:
    outbox = room.service.tables.outbox
    with room.database.reading() as connection:
        oldest: dt.datetime | None = connection.execute(
            select(func.min(outbox.c.said_at)).where(outbox.c.sent_at.is_(None))
        ).scalar_one()
    now = room.clock()
    return now - (oldest or now)
