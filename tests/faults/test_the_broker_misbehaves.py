"""A broker that stands still, is out of memory, loses queues or falls silent costs time, never a referral."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pika
import pytest
from werkzeug.test import Client

from services.every import SERVICES
from services.wsgi import Front
from shared.house import House, topology_for
from shared.identity import new_id
from shared.messaging.broker import open_broker
from shared.messaging.carrier import Outgoing
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import DELIVERY_LIMIT, QUEUES, arguments_of, queues_of
from shared.settings import Settings
from tests.faults.people import a_story
from tests.faults.total_queue import assert_nothing_lost_nothing_twice, has_come_to_rest, parked, standing
from tests.support.hub_processes import HubProcesses, wait_until
from tests.support.tcp_proxy import TCPProxy

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel

    from tests.support.rabbitmq_server import RabbitMQServer
    from tests.support.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.production]

SECONDS = 240
SOON = 20
TRIES = 4
CONFIRM_AND_MORE = 12  # longer than the relay waits for the broker's word
NORMAL = next(queue for queue in QUEUES if queue.name == "triage.normal")


class Desk:
    """The hub's three services in this process, with an agency that posts to them."""

    def __init__(self, hub: HubProcesses, house: House, smtp: SMTPServer) -> None:
        """Take a prepared hub and its house."""
        self.hub, self.house, self._smtp = hub, house, smtp
        self._front = Client(Front(house.rooms))
        self.references: list[str] = []

    def post(self, count: int) -> None:
        """Post that many referrals, each of which must be taken at the first try."""
        for _ in range(count):
            answer = self._front.post(
                "/v1/referrals",
                json=a_story(len(self.references) + 1),
                headers={"Authorization": f"Bearer {self.hub.key_of('vcas')}"},
            )
            assert answer.status_code == 201
            self.references.append(answer.get_json()["reference"])

    def wait_for_rest(self) -> None:
        """Wait until everything posted so far is with its coordinator."""
        try:
            wait_until(has_come_to_rest(self.house.rooms, self.references), SECONDS, "all has come to rest")
        except TimeoutError as late:
            late.add_note(str(standing(self.house.rooms)))
            raise

    def check(self) -> None:
        """Nothing lost, nothing twice."""
        mails = [mail.message for mail in self._smtp.mails]
        assert_nothing_lost_nothing_twice(
            self.house.rooms, self.references, mails, cases_expected=len(self.references)
        )

    @property
    def unsent(self) -> int:
        """How many messages have not left yet."""
        return standing(self.house.rooms).unsent


@pytest.fixture
def desk(processes: HubProcesses, smtp: SMTPServer) -> Iterator[Desk]:
    with processes.house() as house:
        yield Desk(processes, house, smtp)


def test_what_is_marked_as_sent_survives_a_broker_that_stood_still_and_was_then_killed(
    desk: Desk, rabbitmq: RabbitMQServer
) -> None:
    desk.house.start()
    desk.post(20)
    desk.wait_for_rest()
    rabbitmq.pause()
    desk.post(20)
    time.sleep(CONFIRM_AND_MORE)
    # What the hub says of its own accord meanwhile waits too.
    assert desk.unsent >= 20, "something was believed to be sent while nobody answered"
    rabbitmq.resume()
    time.sleep(0.7)
    rabbitmq.pause()
    desk.post(20)
    time.sleep(1)
    rabbitmq.kill_9()
    rabbitmq.start()
    # Nobody reconciles here: what was confirmed must be there without.
    desk.wait_for_rest()
    desk.check()


def test_a_broker_out_of_memory_stops_nobody_who_posts_and_nobody_who_hears(
    desk: Desk, rabbitmq: RabbitMQServer
) -> None:
    desk.post(60)
    relay_once(desk.house)
    wait_until(lambda: desk.house.broker.depth(NORMAL) == 60, SECONDS, "sixty wait for triage")
    rabbitmq.ctl("set_vm_memory_high_watermark", "0.00001")
    try:
        desk.post(20)
        desk.house.start()
        wait_until(lambda: len(standing(desk.house.rooms).triaged) == 60, SECONDS, "the sixty are triaged")
        desk.post(20)
        assert desk.unsent >= 40, "the broker has taken something: it was not out of memory"
        # Longer than the relay waits for a blocked connection.
        time.sleep(CONFIRM_AND_MORE)
    finally:
        rabbitmq.ctl("set_vm_memory_high_watermark", "absolute", "2GB")
    desk.wait_for_rest()
    desk.check()


def test_a_line_that_falls_silent_is_noticed_by_relay_and_consumers_and_replaced(
    processes: HubProcesses,
    rabbitmq: RabbitMQServer,
    smtp: SMTPServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with TCPProxy(rabbitmq.port) as proxy:
        url = processes.settings["HUB_BROKER_URL"].replace(f":{rabbitmq.port}/", f":{proxy.port}/")
        read = Settings.read(processes.settings | {"HUB_BROKER_URL": url})
        house = House([service.furnish(read) for service in SERVICES.values()], open_broker(url))
        desk = Desk(processes, house, smtp)
        house.start()
        began = time.monotonic()
        desk.post(10)
        desk.wait_for_rest()
        usual = time.monotonic() - began
        proxy.blackhole()
        desk.post(10)
        with caplog.at_level(logging.WARNING, "shared.house"):
            everybody = {("relay", "intake"), *(("consumer", name) for name in SERVICES)}
            wait_until(lambda: everybody <= stumbled(caplog), SECONDS, "relay and consumers have noticed")
        # The lines of before stay silent for ever; new ones are as good as any.
        silent, proxy._flowing = proxy._flowing, threading.Event()
        proxy._flowing.set()
        began = time.monotonic()
        desk.wait_for_rest()
        took = time.monotonic() - began
        desk.check()
        house.stop()
        silent.set()
    print(f"at rest {took:.1f} s after new connections could be made, usually {usual:.1f} s")  # noqa: T201 - the figures
    # Who waits for the goodbye waits half a minute; a busy machine needs longer for anything.
    assert took < SOON + 5 * usual, "somebody waited for a goodbye that could not come"


def stumbled(caplog: pytest.LogCaptureFixture) -> set[tuple[str, str]]:
    """Which workers of which services have said that they stopped for a moment."""
    records = [record for record in caplog.records if "stopped for a moment" in record.getMessage()]
    return {(record.getMessage().partition(" ")[0], vars(record)["service"]) for record in records}


def test_a_queue_deleted_under_us_is_found_by_the_doctor_and_filled_again(desk: Desk, vhost: str) -> None:
    desk.house.start()
    desk.post(10)
    desk.wait_for_rest()
    on_the_broker(vhost, lambda channel: channel.queue_delete("notify.events"))
    desk.post(10)
    wait_until(lambda: len(standing(desk.house.rooms).triaged) == 20, SECONDS, "all are triaged")
    # Their cases were sent, to intake alone; what only notify hears stays, and leaves by itself afterwards.
    wait_until(lambda: desk.unsent == 10, SECONDS, "their cases have been sent to nobody")
    ill = illnesses(desk.hub)
    assert ill[-2:] == ["queue notify.events: is missing", "Run `hub prepare`, then `hub reconcile`."]
    assert desk.hub.hub("prepare").returncode == 0
    assert desk.hub.hub("reconcile").returncode == 0
    desk.wait_for_rest()
    desk.check()
    assert illnesses(desk.hub) == []


def test_a_queue_without_a_leader_is_found_by_the_doctor_whose_advice_heals_it(
    desk: Desk, rabbitmq: RabbitMQServer, vhost: str
) -> None:
    ill: list[str] = []
    for _ in range(TRIES):
        make_anew(vhost)
        desk.post(5)
        relay_once(desk.house)
        rabbitmq.kill_9()
        rabbitmq.start()
        ill = illnesses(desk.hub)
        if ill:
            break
    # A kill that came too late left a queue that works: nothing to find then, and all the rest holds.
    if ill:
        assert ill == [
            "queue triage.normal: has no leader: it takes nothing and gives nothing",
            "Delete it (rabbitmqctl delete_queue), run `hub prepare`, then `hub reconcile`.",
        ]
        rabbitmq.ctl("delete_queue", "-p", vhost.rpartition("/")[2], "triage.normal")
    assert desk.hub.hub("prepare").returncode == 0
    assert desk.hub.hub("reconcile").returncode == 0
    desk.house.start()
    desk.wait_for_rest()
    desk.check()


def test_what_is_confirmed_right_after_hub_prepare_survives_a_kill_of_the_broker(
    rabbitmq: RabbitMQServer, vhost: str
) -> None:
    """`hub prepare` ends when a kill can do no harm any more: a younger queue would be dead for ever."""
    broker, queues = RabbitMQ(vhost), topology_for(())
    batch = [Outgoing(new_id(), "case.joined", "case.joined.normal", b"{}") for _ in range(50)]
    publisher = broker.publisher()
    broker.prepare(queues)
    assert len(publisher.publish(batch).confirmed) == 50
    rabbitmq.kill_9()
    rabbitmq.start()
    publisher.close()
    assert [queue.name for queue in queues if not broker.has_leader(queue)] == []
    assert broker.depth(next(queue for queue in queues if queue.name == "intake.events")) == 50


def test_a_message_whose_every_consumer_died_is_parked_and_can_be_replayed(desk: Desk) -> None:
    triage = queues_of("triage")
    # Nothing works yet that would say something else: the queue holds this one alone.
    desk.post(1)
    relay_once(desk.house)
    for death in range(DELIVERY_LIMIT + 1):
        hearing = desk.house.broker.hearing(triage)
        assert hearing.take(1, SECONDS), f"not given out after {death} deaths"
        hearing.close()  # to the broker the same as a kill: what was given out comes back, and is counted
    desk.house.start()
    wait_until(lambda: parked(desk.house.rooms), SECONDS, "it is parked")
    (one,) = parked(desk.house.rooms)
    assert (one.queue, one.reason) == ("triage.dead", "delivered_too_often")
    assert desk.hub.hub("parked", "replay", str(one.id)).returncode == 0
    desk.wait_for_rest()
    desk.check()


def relay_once(house: House) -> None:
    """Have intake's relay carry what it has to the broker, confirmed and marked."""
    (intake,) = (each for each in house._desks if each.room.service.name == "intake")
    assert intake.relay.step(intake.room.clock())


def illnesses(hub: HubProcesses) -> list[str]:
    """What `hub doctor` finds ill, each followed by its advice; but for workers that are away."""
    found = hub.hub("doctor")
    marks = ("ILL ", "     → ")
    lines = [line for line in found.stdout.splitlines() if line.startswith(marks)]
    assert found.returncode == (1 if lines else 0), found.stdout + found.stderr
    told = [line.removeprefix("ILL").strip(" →") for line in lines]
    pairs = zip(told[::2], told[1::2], strict=True)
    return [line for pair in pairs if " worker: nobody hears" not in pair[0] for line in pair]


def make_anew(vhost: str) -> None:
    """Triage's normal queue, younger than a second."""

    def anew(channel: BlockingChannel) -> None:
        channel.queue_delete(NORMAL.name)
        channel.queue_declare(NORMAL.name, durable=True, arguments=arguments_of(NORMAL))
        for key in NORMAL.bindings:
            channel.queue_bind(NORMAL.name, "hub.events", key)

    on_the_broker(vhost, anew)


def on_the_broker(vhost: str, what: Callable[[BlockingChannel], object]) -> None:
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        what(connection.channel())
