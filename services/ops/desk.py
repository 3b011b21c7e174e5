"""What ops see of the hub, wherever it waits: queues, outboxes and parked messages, and never a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.house import topology_for
from shared.messaging.carrier import BrokerAway
from shared.messaging.parking import Parked, find_parked, list_parked, replay_parked
from shared.messaging.waiting import Waiting, count_everywhere

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from shared.messaging.carrier import Broker
    from shared.service import Room


@dataclass(frozen=True)
class Depth:
    """A queue, who hears it, and how many messages are ready in it; None where that cannot be known."""

    queue: str
    hearer: str
    ready: int | None


@dataclass(frozen=True)
class Desk:
    """All services, and the broker between them where it can be asked from here."""

    rooms: Mapping[str, Room]
    broker: Broker | None

    def depths(self) -> list[Depth] | None:
        """How much waits in each queue; None while the broker is away."""
        queues = topology_for(self.rooms.values())
        try:
            return [
                Depth(queue.name, queue.hearer, self.broker.depth(queue) if self.broker else None)
                for queue in queues
            ]
        except BrokerAway:
            return None

    def services(self) -> dict[str, Waiting | None]:
        """What waits in each service; None for one whose database is away."""
        return count_everywhere({name: room.books for name, room in self.rooms.items()})

    def parked(self, *, waiting_too: bool, after: UUID | None, limit: int) -> list[tuple[str, Parked]]:
        """Held messages of all services, oldest first, each with its service."""
        found = [
            (name, one)
            for name, room in self.rooms.items()
            for one in list_parked(room.books, waiting_too=waiting_too, after=after, limit=limit)
        ]
        return sorted(found, key=lambda pair: pair[1].id)[:limit]

    def replay(self, parked_id: UUID) -> tuple[str, Parked] | None:
        """Have a held message tried again at once; how it stands then, None if there is none of that id."""
        for name, room in self.rooms.items():
            one, now = find_parked(room.books, parked_id), room.clock()
            # Its worker may be quicker than we are: what is told is what was asked for.
            if one is not None and replay_parked(room.books, parked_id, now):
                return name, replace(one, retry_at=now)
        return None
