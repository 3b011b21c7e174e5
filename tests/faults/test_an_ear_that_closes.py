"""What a consumer was given and did not acknowledge is given to the next one."""

from __future__ import annotations

import pytest

from shared.house import topology_for
from shared.identity import new_id
from shared.messaging.broker import open_broker
from shared.messaging.carrier import Broker, Hearing, Outgoing
from shared.messaging.topology import queues_of
from tests.support.houses import declare

pytestmark = pytest.mark.faults

MESSAGES = 120
SECONDS = 30.0
LONG = 6.0  # several times the silence after which the broker closes a line, with a heartbeat each second


@pytest.fixture
def broker(infrastructure: str, request: pytest.FixtureRequest) -> Broker:
    """A broker with the hub's queues, of each kind."""
    if infrastructure == "embedded":
        embedded = open_broker("memory://")
        embedded.prepare(topology_for(()))
        return embedded
    vhost = str(request.getfixturevalue("vhost"))
    declare(vhost, topology_for(()))
    return open_broker(vhost)


def test_what_was_given_out_and_not_acknowledged_is_given_out_again(broker: Broker) -> None:
    publisher = broker.publisher()
    batch = [
        Outgoing(new_id(), "referral.received", "referral.received.normal", str(number).encode())
        for number in range(MESSAGES)
    ]
    assert len(publisher.publish(batch).confirmed) == MESSAGES
    publisher.close()
    first = broker.hearing(queues_of("triage"))
    done = first.take(20, SECONDS)
    first.acknowledge(done)
    assert first.take(20, SECONDS)
    first.close()
    second = broker.hearing(queues_of("triage"))
    heard = take_all(second, MESSAGES - len(done))
    second.close()
    assert sorted({delivery.body for delivery in done} | heard) == sorted(one.body for one in batch)


@pytest.mark.production
@pytest.mark.parametrize("infrastructure", ["production"])
def test_whoever_keeps_messages_in_hand_for_long_is_not_taken_for_dead(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a database is away: the broker hears nothing else from whoever waits for it."""
    monkeypatch.setattr("shared.messaging.hearing._HEARTBEAT", 1)
    publisher = broker.publisher()
    publisher.publish([Outgoing(new_id(), "referral.received", "referral.received.normal", b"{}")])
    publisher.close()
    hearing = broker.hearing(queues_of("triage"))
    in_hand = hearing.take(1, SECONDS)
    hearing.rest(LONG)
    hearing.acknowledge(in_hand)
    hearing.rest(0.5)  # a line that was closed meanwhile is noticed here
    hearing.close()
    second = broker.hearing(queues_of("triage"))
    assert (len(in_hand), second.take(1, 0.5)) == (1, [])
    second.close()


def take_all(hearing: Hearing, count: int) -> set[bytes]:
    """So many different messages, or what comes before nothing comes any more."""
    heard: set[bytes] = set()
    while len(heard) < count and (deliveries := hearing.take(50, SECONDS)):
        heard |= {delivery.body for delivery in deliveries}
        hearing.acknowledge(deliveries)
    return heard
