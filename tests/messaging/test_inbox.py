"""What is heard is done once, and one bad message costs only itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from services.every import SERVICES
from shared.contracts import MESSAGES, ReferralReceived
from shared.contracts.envelope import Trace, open_envelope, read_envelope, wrap
from shared.house import House
from shared.identity import new_id
from shared.messaging.carrier import Delivery, Outgoing
from shared.messaging.consumer import Consumer, Hearer
from shared.messaging.parking import Parked, count_held, drop_parked, list_parked, replay_parked
from shared.messaging.retries import MAX_ATTEMPTS, delay_before
from shared.messaging.topology import queues_of
from shared.sealing import KEYS_FILE, KeyRing, new_key_text
from shared.service import Room
from tests.messaging.stumbling import Stumbling, services_with
from tests.support.builders import an_account
from tests.support.houses import Hub, StoppedClock

EVENTS_OF_MESSAGES = ("outbox", "inbox", "held")


def everything_in(room: Room) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a service but for the traffic of messages."""
    tables = room.service.tables.outbox.metadata.sorted_tables
    with room.database.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in tables
            if table.name not in EVENTS_OF_MESSAGES
        }


def send_everything_again(hub: Hub) -> None:
    for room in hub.rooms.values():
        with room.database.transaction() as connection:
            connection.execute(update(room.service.tables.outbox).values(sent_at=None))


def sends(hub: Hub, *bodies: bytes, key: str = "referral.received.normal") -> None:
    """Somebody sends these bytes to the exchange."""
    publisher = hub.house.broker.publisher()
    publisher.publish([Outgoing(new_id(), "unknown", key, body) for body in bodies])
    publisher.close()


def parked_in(hub: Hub, name: str = "triage", *, waiting_too: bool = False) -> list[Parked]:
    return list_parked(hub.rooms[name].books, waiting_too=waiting_too)


def test_what_is_delivered_again_is_not_done_again(hub: Hub) -> None:
    for record in ("A", "B"):
        hub.take(an_account(record, references=("CRI009999991",)))
    hub.take(an_account("A", references=("CRI009999991",), kind="theft"))
    hub.settle()
    before = {name: everything_in(room) for name, room in hub.rooms.items()}
    assert len(before["triage"]["referrals"]) == 2
    mails = len(hub.mails())
    for _ in range(2):
        send_everything_again(hub)
        hub.settle()
    assert {name: everything_in(room) for name, room in hub.rooms.items()} == before
    assert len(hub.mails()) == mails == 1
    assert [count_held(books) for books in hub.books.values()] == [(0, 0)] * 3


def test_the_same_message_twice_in_one_batch_is_done_once(hub: Hub) -> None:
    hub.take(an_account("TWICE"))
    intake = hub.rooms["intake"]
    with intake.database.reading() as connection:
        (body,) = connection.execute(select(intake.service.tables.outbox.c.body)).scalars()
    sends(hub, body, body)
    hub.settle()
    assert len(hub.alerts()) == 1
    assert everything_in(hub.rooms["triage"])["case_history"]


def test_one_message_that_fails_costs_only_itself(make_hub: Callable[..., Hub]) -> None:
    stumbling = Stumbling("BAD")
    hub = make_hub(services=stumbling.services)
    for number in range(3):
        hub.take(an_account(f"BEFORE-{number}", family=f"Before{'abc'[number]}"))
    hub.take(an_account("BAD", family="Bad"))
    for number in range(3):
        hub.take(an_account(f"AFTER-{number}", family=f"After{'abc'[number]}"))
    hub.settle()
    links = hub.links()
    assert {record for record, link in links.items() if link["case"] is None} == {"vcas:BAD"}
    assert len(hub.alerts()) == 6
    (held,) = parked_in(hub, waiting_too=True)
    assert (held.consumer, held.queue, held.type) == ("triage", "triage.normal", "referral.received")
    assert held.subject == links["vcas:BAD"]["reference"]
    assert (held.reason, held.attempts) == ("failed: ArithmeticError", 1)
    assert "nobody may read" not in str(held)
    assert held.retry_at is not None
    assert held.retry_at > hub.clock()


@pytest.mark.parametrize("infrastructure", ["production"])
def test_a_batch_that_met_the_locks_of_another_worker_is_handled_again_as_a_whole(
    make_hub: Callable[..., Hub],
) -> None:
    stumbling = Stumbling()
    hub = make_hub(services=stumbling.services)
    records = [f"RECORD-{number}" for number in range(3)]
    for number, record in enumerate(records):
        hub.take(an_account(record, family=f"Name{'abc'[number]}"))
    stumbling.busy_for = ["RECORD-1"]
    hub.settle()
    # Message by message it would have begun again for each, and held the one that failed.
    assert stumbling.asked == ["RECORD-0", "RECORD-1", *records]
    assert parked_in(hub, waiting_too=True) == []
    assert len(hub.alerts()) == 3


@pytest.mark.parametrize("infrastructure", ["production"])
def test_who_is_busy_again_and_again_is_held_and_keeps_nobody_else_back(
    make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.consumer._BUSY_SHARE", 0.001)
    stumbling = Stumbling()
    hub = make_hub(services=stumbling.services)
    for record, family in (("FIRST", "Namea"), ("BUSY", "Nameb"), ("LAST", "Namec")):
        hub.take(an_account(record, family=family))
    stumbling.busy_for = ["BUSY"] * 6
    hub.settle()
    assert len(hub.alerts()) == 2
    (held,) = parked_in(hub, waiting_too=True)
    assert held.subject == hub.links()["vcas:BUSY"]["reference"]
    hub.clock.move(seconds=60)
    hub.settle()
    assert len(hub.alerts()) == 3


def test_no_batch_takes_longer_than_others_can_wait(make_hub: Callable[..., Hub]) -> None:
    clock = StoppedClock()
    sizes: list[int] = []

    def slow(message: ReferralReceived, unit: object) -> None:
        sizes[-1] += 1
        clock.move(seconds=0.1)

    def prepare(messages: Sequence[ReferralReceived], unit: object) -> None:
        sizes.append(0)

    hub = make_hub(clock, services=services_with(lambda _: {ReferralReceived: Hearer(slow, prepare)}))
    for number in range(80):
        hub.take(an_account(f"RECORD-{number}"))
    hub.settle()
    # A tenth of a second each: after the first batch ten of them are a second's work.
    assert sizes == [50, 10, 10, 10]


def test_what_fails_is_tried_again_after_growing_delays_and_then_parked(
    make_hub: Callable[..., Hub],
) -> None:
    stumbling = Stumbling("BAD")
    hub = make_hub(services=stumbling.services)
    hub.take(an_account("BAD"))
    hub.settle()
    waits = []
    for attempt in range(1, MAX_ATTEMPTS):
        (held,) = parked_in(hub, waiting_too=True)
        assert held.attempts == attempt
        assert held.retry_at is not None
        waits.append((held.retry_at - hub.clock()).total_seconds())
        hub.clock.move(seconds=waits[-1] - 0.01)
        hub.settle()
        assert parked_in(hub, waiting_too=True) == [held]
        hub.clock.move(seconds=0.6)
        hub.settle()
    (parked,) = parked_in(hub)
    assert (parked.attempts, parked.retry_at) == (MAX_ATTEMPTS, None)
    for number, wait in enumerate(waits):
        # Half a second, growing fourfold, jittered by half either way.
        assert 0.25 * 4**number <= wait <= 0.75 * 4**number
    hub.clock.move(days=1)
    hub.settle()
    assert parked_in(hub) == [parked]
    # A person has it tried again; first it fails again, then it works.
    triage = hub.rooms["triage"]
    assert replay_parked(triage.books, parked.id, hub.clock())
    hub.clock.move(seconds=1)
    hub.settle()
    assert parked_in(hub)[0].attempts == MAX_ATTEMPTS + 1
    stumbling.fails_for.clear()
    assert replay_parked(triage.books, parked.id, hub.clock())
    hub.clock.move(seconds=1)
    hub.settle()
    assert parked_in(hub, waiting_too=True) == []
    assert len(hub.alerts()) == 1
    assert hub.links()["vcas:BAD"]["case"]
    assert not replay_parked(triage.books, parked.id, hub.clock())


def test_a_clock_that_was_put_back_keeps_nothing_waiting_that_is_due_by_it(
    make_hub: Callable[..., Hub],
) -> None:
    stumbling = Stumbling("LATER")
    hub = make_hub(services=stumbling.services)
    hub.take(an_account("BEFORE"))
    hub.settle()
    hub.clock.move(hours=-2)
    # Whoever asked a moment ago is told by this clock to wait a moment, and then served.
    told = hub.post(an_account("LATER")).headers.get("Retry-After", 0)
    hub.clock.move(seconds=int(told))
    hub.take(an_account("LATER"))
    hub.settle()
    (held,) = parked_in(hub, waiting_too=True)
    stumbling.fails_for.clear()
    hub.clock.move(seconds=2)
    hub.settle()
    assert held.subject == hub.links()["vcas:LATER"]["reference"]
    assert parked_in(hub, waiting_too=True) == []


def test_what_is_dropped_is_gone_for_good(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(services=Stumbling("BAD").services)
    hub.take(an_account("BAD"))
    hub.settle()
    (held,) = parked_in(hub, waiting_too=True)
    assert drop_parked("triage", held.id, hub.books, hub.clock())
    assert not drop_parked("triage", held.id, hub.books, hub.clock())
    send_everything_again(hub)
    hub.clock.move(days=1)
    hub.settle()
    assert hub.links()["vcas:BAD"]["case"] is None
    assert parked_in(hub, waiting_too=True) == []


def test_what_nobody_can_read_is_parked_with_its_reason_and_never_acknowledged_away(hub: Hub) -> None:
    hub.take(an_account("MOVED"))
    intake = hub.rooms["intake"]
    with intake.database.reading() as connection:
        (body,) = connection.execute(select(intake.service.tables.outbox.c.body)).scalars()
    hub.settle()
    moved = json.dumps(json.loads(body) | {"id": str(new_id())}).encode()
    sends(
        hub, b"\xff\x00 no json", b"{}", body.replace(b'"referral.received"', b'"referral.imagined"'), moved
    )
    hub.take(an_account("GOOD", family="Good"))
    hub.settle()
    reasons = sorted(parked.reason for parked in parked_in(hub))
    assert reasons == ["broken_seal", "undecodable", "undecodable", "unknown_type"]
    assert all(parked.attempts == 1 and parked.retry_at is None for parked in parked_in(hub))
    assert len(hub.alerts()) == 2
    for queue in queues_of("triage"):
        assert hub.house.broker.depth(queue) == 0
    # To try them again changes nothing but the count.
    for parked in parked_in(hub):
        replay_parked(hub.rooms["triage"].books, parked.id, hub.clock())
    hub.clock.move(seconds=1)
    hub.settle()
    assert sorted(parked.reason for parked in parked_in(hub)) == reasons
    assert {parked.attempts for parked in parked_in(hub)} == {2}


def test_what_was_sealed_with_a_key_that_came_later_is_read_when_it_is_tried_again(hub: Hub) -> None:
    hub.take(an_account("NEW-KEY"))
    newer, ring = new_key_text("m2"), hub.rooms["intake"].keys.messages
    message_id = new_id()
    with hub.rooms["intake"].database.reading() as connection:
        (body,) = connection.execute(select(hub.rooms["intake"].service.tables.outbox.c.body)).scalars()
    message = open_envelope(read_envelope(body), MESSAGES, ring)
    sends(
        hub,
        wrap(
            msgspec.structs.replace(message, reference="R-NEWER-KEYED"),
            id=message_id,
            source="intake",
            time=hub.clock(),
            trace=Trace.begin(),
            causation_id="",
            keys=KeyRing.read(newer),
        ),
    )
    hub.settle()
    (parked,) = parked_in(hub)
    assert parked.reason == "unknown_key"
    keys_file: dict[str, str] = json.loads((hub.settings.home / KEYS_FILE).read_text(encoding="utf-8"))
    both = {"HUB_MESSAGE_KEYS": f"{keys_file['HUB_MESSAGE_KEYS']},{newer}"}
    settings = dataclasses.replace(hub.settings, key_texts=dict(hub.settings.key_texts) | both)
    restarted = House([SERVICES["triage"].furnish(settings, hub.clock)], hub.house.broker)
    replay_parked(hub.books["triage"], parked.id, hub.clock())
    hub.clock.move(seconds=1)
    restarted.settle()
    restarted.stop()
    assert parked_in(hub, waiting_too=True) == []
    found = [row for row in everything_in(hub.rooms["triage"])["referrals"] if "R-NEWER-KEYED" in row]
    assert len(found) == 1


def test_a_message_that_was_parked_and_then_said_again_is_done_once(hub: Hub) -> None:
    hub.take(an_account("LATE"))
    triage = hub.rooms["triage"]
    comes_by_the_dead(hub)
    (parked,) = parked_in(hub)
    assert (parked.reason, parked.queue) == ("delivered_too_often", "triage.dead")
    hub.settle()
    assert len(hub.alerts()) == 1
    before = everything_in(triage)
    replay_parked(triage.books, parked.id, hub.clock())
    hub.clock.move(seconds=1)
    hub.settle()
    assert everything_in(triage) == before
    assert parked_in(hub, waiting_too=True) == []


def comes_by_the_dead(hub: Hub, *, times: int = 2) -> None:
    """What intake said was given out too often, and comes by the queue of the dead, so many times."""
    triage, outbox = hub.rooms["triage"], hub.rooms["intake"].service.tables.outbox
    with hub.rooms["intake"].database.reading() as connection:
        (body,) = connection.execute(select(outbox.c.body)).scalars()
    (dead,) = [queue for queue in queues_of("triage") if queue.is_dead]
    consumer = Consumer(
        "triage",
        database=triage.database,
        tables=triage.service.tables,
        keys=triage.keys,
        clock=triage.clock,
        hears=triage.service.hears(triage),
    )
    for time in range(times):
        consumer.handle([Delivery(body, dead, time > 0, None)])


def leaves(hub: Hub) -> None:
    """What intake said is with the broker, which loses it."""
    intake = hub.rooms["intake"]
    with intake.database.transaction() as connection:
        connection.execute(update(intake.service.tables.outbox).values(sent_at=hub.clock()))


def test_what_died_and_is_said_again_is_parked_once_and_reconcile_leaves_it_there(hub: Hub) -> None:
    hub.take(an_account("DEADLY"))
    leaves(hub)
    for _ in range(2):
        comes_by_the_dead(hub, times=1)
        # Whoever took it would die again, as often as the broker gives it out.
        assert hub.house.reconcile() == {"intake": 0, "triage": 0, "notify": 0}
    (parked,) = parked_in(hub)
    assert replay_parked(hub.books["triage"], parked.id, hub.clock())
    hub.clock.move(seconds=1)
    hub.settle()
    assert hub.links()["vcas:DEADLY"]["case"]
    assert hub.house.reconcile() == {"intake": 0, "triage": 0, "notify": 0}


def test_what_was_parked_unread_and_dropped_is_not_said_again_by_reconcile(hub: Hub) -> None:
    hub.take(an_account("DEADLY"))
    leaves(hub)
    comes_by_the_dead(hub, times=1)
    (parked,) = parked_in(hub)
    assert drop_parked("triage", parked.id, hub.books, hub.clock())
    assert hub.house.reconcile() == {"intake": 0, "triage": 0, "notify": 0}
    send_everything_again(hub)
    hub.settle()
    assert parked_in(hub, waiting_too=True) == []
    assert hub.links()["vcas:DEADLY"]["case"] is None


def test_what_was_parked_unread_and_then_fails_once_is_tried_again_and_not_lost(
    make_hub: Callable[..., Hub],
) -> None:
    stumbling = Stumbling("TWICE")
    hub = make_hub(services=stumbling.services)
    hub.take(an_account("TWICE"))
    leaves(hub)
    comes_by_the_dead(hub)
    (parked,) = parked_in(hub)
    assert replay_parked(hub.books["triage"], parked.id, hub.clock())
    hub.clock.move(seconds=1)
    hub.settle()
    (held,) = parked_in(hub, waiting_too=True)
    assert (held.id, held.attempts) == (parked.id, 2)
    stumbling.fails_for.clear()
    hub.clock.move(minutes=10)
    hub.settle()
    assert hub.links()["vcas:TWICE"]["case"]
    assert parked_in(hub, waiting_too=True) == []


@pytest.mark.parametrize("attempt", range(2, 12))
def test_the_delay_grows_fourfold_to_ten_minutes_and_is_jittered_by_half(attempt: int) -> None:
    steady = min(600.0, 0.5 * 4 ** (attempt - 2))
    delays = [delay_before(attempt) for _ in range(200)]
    assert steady * 0.5 <= min(delays) < steady < max(delays) <= steady * 1.5


def test_an_urgent_message_is_given_out_before_the_bulk_that_waits(hub: Hub) -> None:
    sends(hub, *(b"bulk %d" % number for number in range(90)), key="referral.received.bulk")
    hearing = hub.house.broker.hearing(queues_of("triage"))
    waits = 90
    batch = hearing.take(5, 60)
    assert {delivery.queue.name for delivery in batch} == {"triage.bulk"}
    sends(hub, b"normal", key="referral.received.normal")
    sends(hub, b"urgent", key="referral.received.urgent")
    order: list[str] = []
    while "triage.normal" not in order:
        waits -= len(batch)
        assert waits > 0, "the bulk went first"
        hearing.acknowledge(batch)
        batch = hearing.take(5, 1)
        order = [delivery.queue.name for delivery in batch]
        # Whatever came in one batch is in the order of the lanes.
        assert order == sorted(order, key=["triage.urgent", "triage.normal", "triage.bulk"].index)
    hearing.acknowledge(batch)
    hearing.close()
