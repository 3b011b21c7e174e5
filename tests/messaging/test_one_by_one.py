"""What is handled message by message is kept message by message, and nobody waits for all of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.contracts import ReferralReceived
from shared.messaging.consumer import Consumer, Hearer
from shared.messaging.parking import list_parked
from shared.messaging.retries import MAX_ATTEMPTS
from tests.messaging.stumbling import Stumbling, services_with
from tests.support.builders import an_account
from tests.support.houses import Hub, StoppedClock

RECORDS = ("FIRST", "SECOND", "THIRD")


def send(hub: Hub) -> None:
    for number, record in enumerate(RECORDS):
        hub.take(an_account(record, family=f"Name{'abc'[number]}"))


def count_held(hub: Hub) -> int:
    """As whoever else reads the database sees it now."""
    return len(list_parked(hub.rooms["triage"].books, waiting_too=True))


def test_whoever_comes_after_one_that_failed_keeps_no_locks_of_those_before(
    make_hub: Callable[..., Hub],
) -> None:
    stumbling = Stumbling("FIRST")
    hub = make_hub(services=stumbling.services)
    send(hub)
    seen: list[tuple[str, int]] = []
    stumbling.when_asked = lambda record: seen.append((record, count_held(hub)))
    hub.settle()
    # The first was tried with the others, then alone; that it failed was kept before the next one's turn.
    assert seen == [("FIRST", 0), ("FIRST", 0), ("SECOND", 1), ("THIRD", 1)]
    assert len(hub.alerts()) == 2


def test_what_is_due_again_is_kept_before_the_next_one_is_tried(make_hub: Callable[..., Hub]) -> None:
    stumbling = Stumbling(*RECORDS)
    hub = make_hub(services=stumbling.services)
    send(hub)
    hub.settle()
    stumbling.fails_for.clear()
    seen: list[int] = []
    stumbling.when_asked = lambda _: seen.append(count_held(hub))
    hub.clock.move(seconds=1)
    hub.settle()
    assert seen == [3, 2, 1]
    assert len(hub.alerts()) == 3


def test_what_is_due_again_keeps_nobody_waiting_for_all_of_it(make_hub: Callable[..., Hub]) -> None:
    clock = StoppedClock()

    def slow(message: ReferralReceived, unit: object) -> None:
        clock.move(seconds=0.4)
        raise ArithmeticError

    hub = make_hub(clock, services=services_with(lambda _: {ReferralReceived: Hearer(slow)}))
    for number in range(8):
        hub.take(an_account(f"RECORD-{number}"))
    hub.settle()
    clock.move(days=1)
    triage = hub.rooms["triage"]
    consumer = Consumer(
        "triage",
        database=triage.database,
        tables=triage.service.tables,
        keys=triage.keys,
        clock=clock,
        hears=triage.service.hears(triage),
    )
    # A second's work, and then the others': what is ready is heard in between.
    assert [consumer.try_held_again() for _ in range(3)] == [3, 3, 2]


@pytest.mark.parametrize("infrastructure", ["production"])
def test_who_waits_for_locks_longer_than_a_failure_may_last_is_not_given_up(
    make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.consumer._BUSY_SHARE", 0.001)
    stumbling = Stumbling()
    hub = make_hub(services=stumbling.services)
    hub.take(an_account("BUSY"))
    stumbling.busy_for = ["BUSY"] * (5 + MAX_ATTEMPTS + 2)
    while stumbling.busy_for:
        before = len(stumbling.busy_for)
        hub.settle()
        hub.clock.move(minutes=15)
        assert len(stumbling.busy_for) < before, "it was given up"
    hub.settle()
    assert len(hub.alerts()) == 1
