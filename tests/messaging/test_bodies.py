"""What is published is heard byte for byte, however many frames it takes on the way."""

from __future__ import annotations

import pytest

from shared.identity import new_id
from shared.messaging.broker import open_broker
from shared.messaging.carrier import Broker, Outgoing
from shared.messaging.topology import QUEUES, queues_of
from tests.support.houses import declare

# A frame of RabbitMQ's holds 128 KiB: some of these take many frames, and the first takes none.
SIZES = (0, 1, 7, 8, 100, 65_528, 131_064, 131_065, 400_000, 3, 1_000_000, 2)


@pytest.fixture
def broker(infrastructure: str, request: pytest.FixtureRequest) -> Broker:
    """A broker with the hub's queues, of each kind."""
    if infrastructure == "embedded":
        embedded = open_broker("memory://")
        embedded.prepare(QUEUES)
        return embedded
    vhost = str(request.getfixturevalue("vhost"))
    declare(vhost, QUEUES)
    return open_broker(vhost)


def test_bodies_of_every_size_arrive_whole_and_in_their_order(broker: Broker) -> None:
    bodies = [bytes([65 + place]) * size for place, size in enumerate(SIZES * 3)]
    publisher = broker.publisher()
    batch = [Outgoing(new_id(), "referral.received", "referral.received.normal", body) for body in bodies]
    assert len(publisher.publish(batch).confirmed) == len(batch)
    publisher.close()
    hearing = broker.hearing(queues_of("triage"))
    heard: list[bytes] = []
    while len(heard) < len(bodies) and (deliveries := hearing.take(5, 60)):
        heard += [delivery.body for delivery in deliveries]
        hearing.acknowledge(deliveries)
    hearing.close()
    assert heard == bodies
