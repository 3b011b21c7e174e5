"""Queues and bindings are data, and mean the same to the hub, to the in-process exchange and to RabbitMQ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pika
import pytest

from shared.contracts.envelope import LANES
from shared.directory import Directory
from shared.house import topology_for
from shared.identity import new_id
from shared.messaging.broker import open_broker
from shared.messaging.carrier import Broker, Outgoing
from shared.messaging.embedded import EmbeddedBroker
from shared.messaging.parking import list_parked
from shared.messaging.rabbitmq import RabbitMQ, TopologyDiffers
from shared.messaging.topology import (
    DELIVERY_LIMIT,
    QUEUES,
    Queue,
    arguments_of,
    leads_to,
    team_queue,
)
from tests.support.houses import BOTH, Hub, declare
from tests.support.hub_processes import wait_until
from tests.support.rabbitmq_server import RabbitMQServer

TYPES = ("referral.received", "case.routed", "case.joined", "case.imagined")
TEAMS = sorted(Directory.read().teams)
KEYS = [
    *(f"{kind}.{lane}" for kind, lane in itertools.product(TYPES, LANES)),
    *(f"{kind}.{lane}.{team}" for kind, lane, team in itertools.product(TYPES, LANES, TEAMS)),
    # Too short, too long, and words that are nearly right.
    *(
        "case",
        "case.routed",
        "case.routed.normal.a.b",
        ".case.routed.normal",
        "referral",
    ),
    *(
        "referral.receivedx.normal",
        "xreferral.received.normal",
        "case.routed.slow.duty_desk",
        "CASE.JOINED.NORMAL",
    ),
]
WATCHED = (*(queue for queue in QUEUES if not queue.is_dead), team_queue("restorative_cleveland"))


@pytest.fixture(params=BOTH)
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker with every queue of the hub and one of a team's, and nothing in them."""
    if request.param == "embedded":
        yield EmbeddedBroker()
        return
    url = request.getfixturevalue("vhost")
    declare(url, WATCHED)
    yield open_broker(url)


def test_bindings_lead_where_the_hub_thinks_they_do(broker: Broker) -> None:
    broker.prepare(WATCHED)
    publisher = broker.publisher()
    before = dict.fromkeys((queue.name for queue in WATCHED), 0)
    for key in KEYS:
        outgoing = Outgoing(new_id(), "any", key, b"{}")
        result = publisher.publish([outgoing])
        expected = {queue.name for queue in WATCHED if any(leads_to(bound, key) for bound in queue.bindings)}
        assert (outgoing.id in result.confirmed) == bool(expected), key
        assert (outgoing.id in result.unroutable) == (not expected), key
        before = {name: depth + (name in expected) for name, depth in before.items()}
    publisher.close()
    assert {queue.name: broker.depth(queue) for queue in WATCHED} == before


def test_a_hash_would_not_mean_the_same_so_no_binding_of_ours_has_one(broker: Broker) -> None:
    """AMQP's "#" takes no word as well; kombu's in-process exchange wants at least one."""
    assert not any("#" in key for queue in (*QUEUES, team_queue("x")) for key in queue.bindings)
    open_ended = Queue("open-ended", "nobody", ("case.withdrawn.normal.#",))
    if isinstance(broker, EmbeddedBroker):
        broker.prepare([open_ended])
    else:
        assert isinstance(broker, RabbitMQ)
        declare(broker._url, [open_ended])
    publisher = broker.publisher()
    short, long = (
        Outgoing(new_id(), "any", f"case.withdrawn.normal{team}", b"{}") for team in ("", ".duty_desk")
    )
    result = publisher.publish([short, long])
    publisher.close()
    assert long.id in result.confirmed
    assert (short.id in result.confirmed) is not broker.volatile


def test_a_queue_that_is_not_there_has_no_depth(broker: Broker) -> None:
    assert broker.depth(Queue("imagined", "nobody")) is None
    broker.check()


@pytest.mark.production
def test_prepare_makes_durable_quorum_queues_that_lose_nothing(rabbitmq: RabbitMQServer, vhost: str) -> None:
    queues = topology_for(())
    RabbitMQ(vhost).prepare(queues)
    name = vhost.rpartition("/")[2]
    made: dict[str, dict[str, Any]] = {
        queue["name"]: queue for queue in rabbitmq.manage("GET", f"/api/queues/{name}").json()
    }
    assert set(made) == {queue.name for queue in queues}
    for queue in queues:
        assert made[queue.name]["type"] == "quorum"
        assert made[queue.name]["durable"] is True
        assert made[queue.name]["arguments"] == arguments_of(queue)
        if not queue.is_dead:
            assert arguments_of(queue)["x-delivery-limit"] == DELIVERY_LIMIT >= 20
            assert arguments_of(queue)["x-dead-letter-strategy"] == "at-least-once"
            assert arguments_of(queue)["x-dead-letter-routing-key"] in made
    # A second time nothing is new, and nothing changes.
    RabbitMQ(vhost).prepare(queues)
    assert len(rabbitmq.manage("GET", f"/api/queues/{name}").json()) == len(queues)


@pytest.mark.production
def test_a_queue_that_was_declared_otherwise_is_a_clear_error(vhost: str) -> None:
    (queue,) = [queue for queue in QUEUES if queue.name == "triage.normal"]
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        connection.channel().queue_declare(queue.name, durable=True)
    with pytest.raises(TopologyDiffers, match=r"triage\.normal was declared otherwise before") as refused:
        RabbitMQ(vhost).prepare([queue])
    assert "hub prepare" in refused.value.detail


@pytest.mark.production
@pytest.mark.parametrize("infrastructure", ["production"], indirect=True)
def test_what_is_given_out_too_often_comes_to_the_queue_of_the_dead_and_is_parked(hub: Hub) -> None:
    publisher = hub.house.broker.publisher()
    publisher.publish([Outgoing(new_id(), "any", "referral.received.normal", b"whoever takes this dies")])
    publisher.close()
    with pika.BlockingConnection(pika.URLParameters(hub.settings.broker_url)) as connection:
        channel = connection.channel()
        for _ in range(DELIVERY_LIMIT + 1):
            frame, _, _ = next(channel.consume("triage.normal", inactivity_timeout=60))
            assert frame is not None
            assert frame.delivery_tag is not None
            channel.basic_nack(frame.delivery_tag, requeue=True)
        channel.cancel()
        assert channel.queue_declare("triage.normal", passive=True).method.message_count == 0
    (dead,) = [queue for queue in QUEUES if queue.name == "triage.dead"]
    hearing = hub.house.broker.hearing([dead])
    taken = hearing.take(1, 60)  # dead-lettering takes a moment
    assert len(taken) == 1
    hearing.close()

    def came_back() -> bool:
        hub.settle()
        return bool(list_parked(hub.books["triage"]))

    wait_until(came_back, 60, "what was taken and not acknowledged has come back and is parked")
    (parked,) = list_parked(hub.books["triage"])
    assert (parked.reason, parked.queue) == ("delivered_too_often", "triage.dead")
