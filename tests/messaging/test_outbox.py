"""What is said is kept with what was done, leaves once somebody takes it, and is marked only then."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import Counter
from collections.abc import Callable

import pika
import pytest
from sqlalchemy import func, select

from services.notify.tables import preferences
from shared.contracts import CaseJoined, CaseRouted
from shared.contracts.envelope import Lane, Message, read_envelope
from shared.messaging.broker import open_broker
from shared.messaging.carrier import Delivery
from shared.messaging.relay import Relay
from shared.messaging.topology import EXCHANGE, QUEUES, Queue
from shared.service import Room
from tests.support.builders import an_account
from tests.support.houses import Hub, declare

BY_NAME = {queue.name: queue for queue in QUEUES}


def routed(hub: Hub, number: int = 0, lane: Lane = "normal") -> CaseRouted:
    return CaseRouted(
        case=f"C-{number}", referral="R-0", to_team="duty_desk", routed_at=hub.clock(), travels=lane
    )


def say(room: Room, *messages: Message) -> None:
    with room.unit() as unit:
        for message in messages:
            unit.say(message)


def relay_of(hub: Hub, name: str, broker_url: str | None = None) -> Relay:
    room = hub.rooms[name]
    return Relay(
        room.database,
        room.service.tables,
        open_broker(broker_url) if broker_url else hub.house.broker,
        hearer=name,
        keep_sent=dt.timedelta(days=7),
        keep_heard=dt.timedelta(days=60),
    )


def count(room: Room, *, sent: bool) -> int:
    sent_at = room.service.tables.outbox.c.sent_at
    with room.database.reading() as connection:
        condition = sent_at.is_not(None) if sent else sent_at.is_(None)
        return connection.execute(select(func.count()).where(condition)).scalar_one()


def test_a_row_that_is_changed_again_and_again_keeps_the_last_value_of_each_column(hub: Hub) -> None:
    notify, email, later = hub.rooms["notify"], "invented@hub.example", hub.clock() + dt.timedelta(hours=1)
    with notify.unit() as unit:
        unit.insert(preferences, {"email": email, "document": {"n": 0}, "changed_at": unit.now})
        # By turns with and without another column: what sets the same columns is one statement.
        unit.change(preferences, {"email": email}, document={"n": 1})
        unit.change(preferences, {"email": email}, document={"n": 2}, changed_at=later)
        unit.change(preferences, {"email": email}, document={"n": 3})
    with notify.database.reading() as connection:
        row = connection.execute(select(preferences).where(preferences.c.email == email)).one()
    assert (row.document, row.changed_at) == ({"n": 3}, later)


def test_effect_and_message_are_kept_together_or_not_at_all(hub: Hub) -> None:
    intake = hub.rooms["intake"]

    def says_and_fails() -> None:
        with intake.unit() as unit:
            unit.say(routed(hub))
            unit.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        says_and_fails()
    assert count(intake, sent=False) == 0
    hub.take(an_account("KEPT"))
    assert count(intake, sent=False) == 1
    assert len(hub.links()) == 1


def test_what_nobody_takes_stays_unsent_and_is_told_and_leaves_once_there_is_a_queue(
    make_hub: Callable[..., Hub], caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    hub = make_hub()
    triage, relay = hub.rooms["triage"], relay_of(hub, "triage")
    nobody, somebody = CaseImagined(case="C-9"), routed(hub)
    say(triage, nobody, somebody)
    assert relay.step(hub.clock()) == 1
    assert (count(triage, sent=True), count(triage, sent=False)) == (1, 1)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "unroutable" in record.getMessage()
    assert "hub prepare" in record.getMessage()
    assert vars(record)["type"] == "case.imagined"
    # It neither holds the others up nor is it offered again and again.
    say(triage, somebody)
    assert relay.step(hub.clock()) == 1
    assert relay.step(hub.clock()) == 0
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 1
    imagined = Queue("imagined", "intake", ("case.imagined.*",))
    if hub.house.broker.volatile:
        hub.house.broker.prepare([imagined])
    else:
        declare(hub.settings.broker_url, [imagined])
    hub.clock.move(seconds=6)
    assert relay.step(hub.clock()) == 1
    assert count(triage, sent=False) == 0
    assert hub.house.broker.depth(imagined) == 1
    relay.close()
    if not hub.house.broker.volatile:
        with pika.BlockingConnection(pika.URLParameters(hub.settings.broker_url)) as connection:
            connection.channel().queue_delete("imagined")


def test_a_clock_that_was_put_back_keeps_nothing_from_leaving(hub: Hub) -> None:
    triage, relay = hub.rooms["triage"], relay_of(hub, "triage")
    say(triage, CaseImagined(case="C-7"))
    assert relay.step(hub.clock()) == 0
    hub.clock.move(hours=-2)
    imagined = Queue("imagined", "intake", ("case.imagined.*",))
    if hub.house.broker.volatile:
        hub.house.broker.prepare([imagined])
    else:
        declare(hub.settings.broker_url, [imagined])
    hub.clock.move(seconds=6)
    assert relay.step(hub.clock()) == 1
    relay.close()
    if not hub.house.broker.volatile:
        with pika.BlockingConnection(pika.URLParameters(hub.settings.broker_url)) as connection:
            connection.channel().queue_delete("imagined")


class CaseImagined(CaseJoined, frozen=True, kw_only=True):
    """A message that no queue is bound to take."""

    TYPE = "case.imagined"

    referral: str = "R-9"
    joined_at: dt.datetime = dt.datetime(2026, 3, 22, tzinfo=dt.UTC)


def test_the_most_pressing_lane_leaves_first(hub: Hub) -> None:
    triage, relay = hub.rooms["triage"], relay_of(hub, "triage")
    lanes: tuple[Lane, ...] = ("bulk", "normal", "urgent", "bulk", "urgent", "normal")
    for number, lane in enumerate(lanes):
        say(triage, routed(hub, number, lane))
    assert relay.step(hub.clock()) == len(lanes)
    relay.close()
    watch = hub.house.broker.hearing([BY_NAME["intake.events"]])
    taken: list[Delivery] = []
    while len(taken) < len(lanes):
        taken += watch.take(50, 60)
    watch.acknowledge(taken)
    watch.close()
    order = [read_envelope(delivery.body).subject for delivery in taken]
    assert order == ["C-2", "C-4", "C-1", "C-5", "C-0", "C-3"]


@pytest.mark.production
@pytest.mark.parametrize("infrastructure", ["production"], indirect=True)
def test_only_what_the_broker_took_is_marked(make_hub: Callable[..., Hub], vhost: str) -> None:
    hub = make_hub(broker_url=vhost)
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        channel = connection.channel()
        channel.queue_delete("intake.events")
        full = {"x-max-length": 3, "x-overflow": "reject-publish"}
        channel.queue_declare("intake.events", durable=True, arguments=full)
        channel.queue_bind("intake.events", EXCHANGE, "case.joined.*")
        triage, relay = hub.rooms["triage"], relay_of(hub, "triage")
        say(
            triage,
            *(CaseJoined(case=f"C-{n}", referral="R-0", joined_at=hub.clock()) for n in range(8)),
        )
        sent = relay.step(hub.clock())
        depth = channel.queue_declare("intake.events", passive=True).method.message_count
        assert sent == depth == count(triage, sent=True) == 3
        assert count(triage, sent=False) == 5
        channel.queue_purge("intake.events")
        assert relay.step(hub.clock()) == 3
        channel.queue_purge("intake.events")
        assert relay.step(hub.clock()) == 2
        assert count(triage, sent=False) == 0
        relay.close()


@pytest.mark.production
@pytest.mark.parametrize("infrastructure", ["production"], indirect=True)
def test_several_relays_on_one_outbox_send_each_message_once(hub: Hub) -> None:
    triage, total = hub.rooms["triage"], 1800
    for start in range(0, total, 300):
        say(
            triage,
            *(CaseJoined(case=f"C-{start + n}", referral="R", joined_at=hub.clock()) for n in range(300)),
        )
    sent = []

    def send() -> None:
        relay = relay_of(hub, "triage", hub.settings.broker_url)
        while moved := relay.step(hub.clock()):
            sent.append(moved)
        relay.close()

    relays = [threading.Thread(target=send) for _ in range(3)]
    for thread in relays:
        thread.start()
    for thread in relays:
        thread.join(60)
    assert sum(sent) == total
    assert hub.house.broker.depth(BY_NAME["intake.events"]) == total
    hearing, seen = hub.house.broker.hearing([BY_NAME["intake.events"]]), Counter[bytes]()
    while seen.total() < total:
        taken = hearing.take(50, 60)
        assert taken
        seen.update(delivery.body for delivery in taken)
        hearing.acknowledge(taken)
    hearing.close()
    assert set(seen.values()) == {1}


def test_what_was_sent_is_kept_for_a_while_and_what_was_not_for_ever(hub: Hub) -> None:
    triage, relay = hub.rooms["triage"], relay_of(hub, "triage")
    say(triage, routed(hub), CaseImagined(case="C-8"))
    assert relay.step(hub.clock()) == 1
    hub.clock.move(days=6)
    relay.step(hub.clock())
    assert (count(triage, sent=True), count(triage, sent=False)) == (1, 1)
    hub.clock.move(days=2)
    relay.step(hub.clock())
    assert (count(triage, sent=True), count(triage, sent=False)) == (0, 1)
    relay.close()
