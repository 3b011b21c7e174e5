"""A confirm that comes late is never taken for the confirm of another message."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from shared.identity import new_id
from shared.messaging.carrier import BrokerAway, Outgoing
from shared.messaging.rabbitmq import PipelinedPublisher, RabbitMQ
from shared.messaging.topology import Queue
from tests.support.hub_processes import wait_until
from tests.support.rabbitmq_server import RabbitMQServer

pytestmark = pytest.mark.production

QUEUE = Queue("invented.queue", "invented", ("invented.news",))
PATIENCE = 1.0
SECONDS = 60


@pytest.fixture
def url(rabbitmq: RabbitMQServer) -> Iterator[str]:
    """A virtual host with one queue, on a broker that runs again in the end."""
    vhost = f"late-{secrets.token_hex(4)}"
    url = rabbitmq.add_vhost(vhost)
    RabbitMQ(url).prepare([QUEUE])
    yield url
    rabbitmq.resume()
    rabbitmq.delete_vhost(vhost)


def some() -> list[Outgoing]:
    return [Outgoing(new_id(), "invented.news", "invented.news", b"{}") for _ in range(4)]


def takes(publisher: PipelinedPublisher, batch: list[Outgoing]) -> bool:
    """Whether the broker confirms all of it in time; a busy machine may take longer than the patience."""
    try:
        return publisher.publish(batch).confirmed == {one.id for one in batch}
    except BrokerAway:
        return False


def test_after_a_broker_stood_still_nothing_is_confirmed_that_it_has_not_taken(
    rabbitmq: RabbitMQServer, url: str
) -> None:
    broker, publisher = RabbitMQ(url), PipelinedPublisher(url, PATIENCE)
    first, second, third = some(), some(), some()
    wait_until(lambda: takes(publisher, first), SECONDS, "the broker takes them")
    rabbitmq.pause()
    with pytest.raises(BrokerAway):
        publisher.publish(second)
    # It goes on, takes what it was sent and confirms it, to a connection that nobody listens to any more.
    rabbitmq.resume()
    wait_until(lambda: broker.depth(QUEUE), SECONDS, "the broker answers again")
    rabbitmq.pause()
    # A publisher that believed those confirms would now say that these were taken.
    with pytest.raises(BrokerAway):
        publisher.publish(third)
    rabbitmq.resume()
    wait_until(lambda: takes(publisher, third), SECONDS, "the broker takes them")
    publisher.close()
    depth = broker.depth(QUEUE)
    assert depth is not None
    assert depth >= len(first) + len(third)
