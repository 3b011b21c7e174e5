"""Ops are told of what is ill like anybody else, once, on each infrastructure, until all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert

from services.doctor import LAGGING
from services.notify.domain.alert import News
from services.notify.equipment import board_of
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk
from services.watch import Watch
from shared.directory import DUTY_DESK
from shared.identity import CASE, new_id, new_reference
from tests.support.builders import an_account
from tests.support.houses import Hub, infrastructure, make_hub

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["infrastructure", "make_hub"]

OPS = "ops@referral-hub.example"


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """On each infrastructure; whoever hears has begun to."""
    hub = make_hub()
    hub.settle()
    return hub


def alerts_of_ops(hub: Hub) -> list[tuple[str, str]]:
    answer = hub.ask("/v1/alerts", hub.token_of("ops")).get_json()
    return [(alert["kind"], alert["state"]) for alert in answer["alerts"]]


def mails_to_ops(hub: Hub) -> list[str]:
    return sorted(str(mail["Subject"]) for mail in hub.mails() if mail["To"] == OPS)


def acknowledge_all(hub: Hub) -> None:
    token = hub.token_of("ops")
    for alert in hub.ask("/v1/alerts?state=open", token).get_json()["alerts"]:
        answer = hub.front.post(
            f"/v1/alerts/{alert['id']}/acknowledgement", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200


def park(hub: Hub) -> None:
    row = {
        "id": new_id(), "consumer": "triage", "queue": "triage.normal", "message_id": new_id(),
        "type": "invented", "subject": "", "reason": "invented", "detail": "", "attempts": 1,
        "fingerprint": new_id().bytes, "body": b"x", "held_at": hub.clock(), "retry_at": None,
    }  # fmt: skip
    with hub.rooms["triage"].database.transaction() as connection:
        connection.execute(insert(hub.rooms["triage"].service.tables.held).values(row))


def test_a_relay_that_lags_and_a_parked_message_are_told_and_end_when_all_is_well(hub: Hub) -> None:
    watch = Watch(hub.house)
    assert watch.step() == {}
    hub.take(an_account("WAITS"))
    hub.clock.move(seconds=40)
    park(hub)
    for _ in range(2):
        assert watch.step() == {"ops_relay": {"intake": 1}, "ops_parked": {"triage": 1}}
    assert sorted(alerts_of_ops(hub)) == [("ops_parked", "open"), ("ops_relay", "open")]
    hub.settle()
    assert mails_to_ops(hub) == ["The hub has parked a message", "Urgent: a relay of the hub lags"]
    assert watch.step() == {"ops_parked": {"triage": 1}}
    assert sorted(alerts_of_ops(hub)) == [("ops_parked", "open"), ("ops_relay", "acknowledged")]
    # Ops see what is theirs, and coordinators do not.
    assert [alert["kind"] for alert in hub.alerts("coordinator")] == ["opening"]


def test_a_disk_of_the_hub_s_own_that_is_nearly_full_is_told_until_there_is_room(hub: Hub) -> None:
    watch = Watch(hub.house, least_free=2**62)
    found = {"ops_disk": dict.fromkeys(hub.rooms, 1)} if hub.house.broker.volatile else {}
    assert watch.step() == found
    hub.settle()
    assert mails_to_ops(hub) == (["Urgent: a disk of the hub is nearly full"] if found else [])
    watch.least_free = 0
    assert watch.step() == {}
    assert alerts_of_ops(hub) == ([("ops_disk", "acknowledged")] if found else [])


def test_whoever_has_a_trouble_is_told_again_only_when_it_has_become_more(hub: Hub) -> None:
    watch = Watch(hub.house)
    park(hub)
    watch.step()
    acknowledge_all(hub)
    for _ in range(3):
        assert watch.step() == {"ops_parked": {"triage": 1}}
    assert alerts_of_ops(hub) == [("ops_parked", "acknowledged")]
    park(hub)
    for _ in range(2):
        hub.clock.move(seconds=30)
        assert watch.step() == {"ops_parked": {"triage": 2}}
        hub.settle()
    assert alerts_of_ops(hub) == [("ops_parked", "acknowledged"), ("ops_parked", "open")]
    with hub.rooms["triage"].database.transaction() as connection:
        connection.execute(delete(hub.rooms["triage"].service.tables.held))
    hub.clock.move(seconds=30)
    assert watch.step() == {}
    assert alerts_of_ops(hub) == [("ops_parked", "acknowledged")] * 2


def test_a_queue_that_grows_is_told_until_it_is_short_and_one_that_is_only_long_is_not(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub()  # nobody hears, so that what is published stays in the queue
    watch = Watch(hub.house, long=2)
    relay = hub.house._desks[0].relay

    def look_after(number: int | None = None) -> object:
        if number is not None:
            hub.take(an_account(f"N-{number}"))
            relay.step(hub.clock())
        return watch.step().get("ops_queue")

    # A message counts as ready a moment after it was confirmed, so a look may come too early for one.
    grows = {"triage.normal": 1}
    seen = [look_after(number) for number in range(8)]
    first = seen.index(grows)
    assert first >= 2
    assert seen == [None] * first + [grows] * (8 - first)
    # It grows no more and is as long as it was: still nobody has caught up.
    assert look_after() == grows
    assert ("ops_queue", "open") in alerts_of_ops(hub)
    hub.settle()
    assert look_after() is None
    assert [state for kind, state in alerts_of_ops(hub) if kind == "ops_queue"] == ["acknowledged"]
    assert [look_after() for _ in range(3)] == [None] * 3


def test_an_alert_of_ops_that_comes_again_later_is_another(hub: Hub) -> None:
    watch = Watch(hub.house)
    for number in range(2):
        hub.take(an_account(f"N-{number}", family=f"Many{'ab'[number]}"))
        hub.clock.move(seconds=40)
        watch.step()
        hub.settle()
        watch.step()
        hub.clock.move(hours=1)
    assert alerts_of_ops(hub) == [("ops_relay", "acknowledged")] * 2


def test_where_the_sender_is_gone_the_watch_tells_ops_itself_and_nobody_else(hub: Hub) -> None:
    watch = Watch(hub.house)
    park(hub)
    hub.take(an_account("WAITS"))
    desk = {desk.room.service.name: desk for desk in hub.house._desks}
    # Everything but notify's chores goes on: the case is raised, and nobody sends.
    for _ in range(20):
        for name in ("intake", "triage", "notify"):
            desk[name].relay.step(hub.clock())
            desk[name].consumer.step(hub.house._hearings[name], 0.05)
    watch.step()
    assert alerts_of_ops(hub) == [("ops_parked", "open")]
    hub.clock.move(seconds=LAGGING.total_seconds() + 1)
    assert "notify sender" in watch.step()["ops_relay"]
    assert mails_to_ops(hub) == ["The hub has parked a message", "Urgent: a relay of the hub lags"]
    assert {str(mail["To"]) for mail in hub.mails()} == {OPS}
    # When it is back it sends the rest, and nothing a second time.
    hub.settle()
    assert len(hub.mails()) == 3
    assert watch.step() == {"ops_parked": {"triage": 1}}


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_the_watch_sends_nobody_their_cases_who_stands_above_ops(hub: Hub) -> None:
    room, case = hub.rooms["notify"], new_reference(CASE)
    with room.unit() as unit:
        Desk.of(unit).look_up([case])
        raise_alert(News(case, "opening", DUTY_DESK, urgent=False), unit, board_of(room))
    watch = Watch(hub.house)
    park(hub)
    watch.step()
    hub.clock.move(seconds=LAGGING.total_seconds() + 1)
    for _ in range(3):
        watch.step()
    assert sorted(str(mail["Subject"]) for mail in hub.mails()) == mails_to_ops(hub)
    assert mails_to_ops(hub) == ["The hub has parked a message", "Urgent: a relay of the hub lags"]
    hub.settle()
    assert len(hub.mails()) > 2


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_ops_are_told_once_even_when_nothing_can_be_kept(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(notify_database_url="sqlite:////nowhere/at/all/notify.db")
    watch = Watch(hub.house)
    assert watch.step() == {}
    for _ in range(3):
        assert watch.step() == {"ops_worker": {"notify database": 1}}
    assert mails_to_ops(hub) == ["Urgent: a worker of the hub is gone"]
