"""The tasks for Dramatiq: run with `dramatiq benchmarks.peers.dramatiq_tasks`."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from benchmarks.peers.rows import keep
from benchmarks.peers.whole_triage import triage

broker = RabbitmqBroker(url=os.environ["PEER_BROKER_URL"])
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="dramatiq_tasks")
def keep_row(message_id: str, body: str) -> None:
    """Insert one row."""
    keep(message_id, body)


@dramatiq.actor(queue_name="dramatiq_tasks")
def triage_referral(_message_id: str, body: str) -> None:
    """Do all of triage for one referral."""
    triage(body)
