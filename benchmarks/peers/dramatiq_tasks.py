"""The task for Dramatiq: run with `dramatiq benchmarks.peers.dramatiq_tasks`."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from benchmarks.peers.rows import keep

broker = RabbitmqBroker(url=os.environ["PEER_BROKER_URL"])
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="dramatiq_rows")
def keep_row(message_id: str, body: str) -> None:
    """Insert one row."""
    keep(message_id, body)
