"""All of triage as a task of a task queue: one referral, one transaction, the hub's own use cases.

What a hub on a task queue would do: the same seals, inbox, locks, look-ups, weighing, routing and outbox as
the hub's consumer, with which it shares all code but the batch.
"""

from __future__ import annotations

import os
import threading
from functools import cache

from services.every import SERVICES
from shared.messaging.carrier import Delivery
from shared.messaging.consumer import Consumer
from shared.messaging.topology import queues_of
from shared.service import Room
from shared.settings import Settings

_QUEUE = next(queue for queue in queues_of("triage") if queue.name == "triage.normal")
_of_thread = threading.local()


def triage(body: str) -> None:
    """Do what one `referral.received` asks for, and commit."""
    _consumer().handle([Delivery(body.encode(), _QUEUE, redelivered=False, receipt=None)])


@cache
def _room() -> Room:
    settings = Settings.read(triage_database_url=os.environ["PEER_DATABASE_URL"], home=os.environ["HOME"])
    return SERVICES["triage"].furnish(settings)


def _consumer() -> Consumer:
    if not hasattr(_of_thread, "consumer"):
        room = _room()
        _of_thread.consumer = Consumer(
            room.service.name,
            database=room.database,
            tables=room.service.tables,
            keys=room.keys,
            clock=room.clock,
            hears=room.service.hears(room),
        )
    consumer: Consumer = _of_thread.consumer
    return consumer
