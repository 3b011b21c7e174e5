"""An event that was taken, and whose sender died before it could note that, comes again as the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from standardwebhooks import Webhook

from tests.faults import dying
from tests.faults.people import a_story
from tests.support.houses import Hub
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.faults


def test_a_sender_killed_after_the_answer_sends_again_under_the_same_id(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(webhook_private_networks="127.0.0.0/8")
    headers = {"Authorization": f"Bearer {hub.key_of('vcas')}"}
    with Receiver() as receiver:
        put = hub.front.put("/v1/webhook", json={"url": receiver.url}, headers=headers)
        hub.take(a_story(1))
        dying.dies_at(dying.WEBHOOK_BEFORE_RECORDING, "intake", dict(hub.environment))
        (first,) = receiver.received
        hub.settle()
        assert len(receiver.received) == 1  # still in the dead process's hand
        hub.clock.move(minutes=3)
        hub.settle()
        assert [received.id for received in receiver.received] == [first.id] * 2
        assert receiver.received[1].event == first.event
        assert Webhook(put.get_json()["secret"]).verify(first.body, dict(first.headers)) == first.event
    (delivery,) = hub.ask("/v1/webhook/deliveries", hub.key_of("vcas")).get_json()["deliveries"]
    assert (delivery["id"], delivery["state"], len(delivery["attempts"])) == (first.id, "delivered", 1)
