"""Opens whichever broker a URL names.

This is one of the two files that look at a URL's scheme: `memory://` is the broker inside the process,
`amqp://` is RabbitMQ. kombu hears on both; it publishes on the embedded one only, because its confirms on
RabbitMQ can be wrong after a time-out (pika does that, in `rabbitmq.py`). Publishing and hearing never share
a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.messaging.embedded import EmbeddedBroker
from shared.problems import Problem

if TYPE_CHECKING:
    from shared.messaging.carrier import Broker


class UnknownBroker(Problem):
    """The broker's address names no broker that the hub speaks to."""

    status = 500
    code = "unknown_broker"


def open_broker(url: str) -> Broker:
    """The broker at this URL; nothing is connected yet."""
    if url.startswith("memory:"):
        return EmbeddedBroker()
    if url.startswith(("amqp:", "amqps:")):
        from shared.messaging.rabbitmq import RabbitMQ  # noqa: PLC0415 - the embedded hub never loads pika

        return RabbitMQ(url)
    message = "HUB_BROKER_URL must begin with memory: or amqp:."
    raise UnknownBroker(message)
