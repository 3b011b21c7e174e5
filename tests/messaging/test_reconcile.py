"""The outbox is the truth: whatever a broker forgot is said again, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pika

from shared.house import House
from shared.messaging.broker import open_broker
from shared.messaging.reconcile import reconcile
from shared.messaging.topology import QUEUES
from tests.messaging.stumbling import Stumbling
from tests.support.builders import an_account
from tests.support.houses import Hub


def relayed(hub: Hub) -> None:
    """Everything that was said leaves for the broker, and nobody hears."""
    for hearing in hub.house._hearings.values():
        hearing.close()
    hub.house._hearings.clear()
    for desk in hub.house._desks:
        while desk.relay.step(hub.clock()):
            pass


def the_broker_forgets(hub: Hub) -> None:
    """Every message that waits in a queue is lost, as with a disk."""
    if hub.house.broker.volatile:
        room_by_name = hub.house.rooms
        for desk in hub.house._desks:
            desk.relay.close()
        hub.house = House(list(room_by_name.values()), open_broker("memory://"))
        hub.house.prepare()
        return
    with pika.BlockingConnection(pika.URLParameters(hub.settings.broker_url)) as connection:
        for queue in QUEUES:
            connection.channel().queue_purge(queue.name)


def test_what_was_lost_on_its_way_is_said_again_and_only_that(hub: Hub) -> None:
    hub.take(an_account("HEARD"))
    hub.settle()
    lost = [hub.take(an_account(f"LOST-{n}", family=f"Lost{'abc'[n]}")) for n in range(3)]
    relayed(hub)
    the_broker_forgets(hub)
    hub.settle()
    assert [hub.status_of(receipt) for receipt in lost] == ["received"] * 3
    assert hub.house.reconcile() == {"intake": 3, "triage": 0, "notify": 0}
    hub.settle()
    assert [hub.status_of(receipt) for receipt in lost] == ["allocated"] * 3
    assert (len(hub.alerts()), len(hub.mails())) == (4, 4)
    assert hub.house.reconcile() == {"intake": 0, "triage": 0, "notify": 0}


def test_what_one_of_two_hearers_missed_is_said_again_and_the_other_does_it_once(hub: Hub) -> None:
    receipt = hub.take(an_account("HALF"))
    intake, triage, notify = hub.house._desks
    intake.relay.step(hub.clock())
    hearing = hub.house.broker.hearing([queue for queue in QUEUES if queue.hearer == "triage"])
    assert triage.consumer.step(hearing, 5) == 1
    triage.relay.step(hub.clock())
    hearing.close()
    hearing = hub.house.broker.hearing([queue for queue in QUEUES if queue.hearer == "notify"])
    # The case, and what no message about it may hold.
    assert notify.consumer.step(hearing, 5) == 2
    hearing.close()
    the_broker_forgets(hub)
    assert hub.status_of(receipt) == "received"
    assert hub.house.reconcile() == {"intake": 0, "triage": 1, "notify": 0}
    hub.settle()
    assert hub.status_of(receipt) == "allocated"
    assert len(hub.alerts()) == 1


def test_what_is_held_was_heard_and_is_not_said_again(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(services=Stumbling("BAD").services)
    hub.take(an_account("BAD"))
    hub.settle()
    assert hub.house.reconcile() == {"intake": 0, "triage": 0, "notify": 0}


def test_a_long_outbox_is_gone_through_in_pages(hub: Hub) -> None:
    intake = hub.rooms["intake"]
    for number in range(60):
        hub.take(an_account(f"N-{number}"))
    relayed(hub)
    the_broker_forgets(hub)
    assert reconcile({name: room.books for name, room in hub.rooms.items()})["intake"] == 60
    assert intake.books.tables is intake.service.tables
    hub.settle()
    assert len(hub.links()) == 60
    assert len({link["case"] for link in hub.links().values()}) == 1
