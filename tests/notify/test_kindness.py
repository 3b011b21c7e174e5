"""People have peace as they wish: storms, digests and quiet hours are one message; urgent ones pass."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from services.notify.deliver_alerts import deliver_alerts
from services.notify.domain.alert import News
from services.notify.equipment import board_of, post_of
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk
from services.notify.tables import dispatches
from shared.allowance import Allowances
from shared.identity import CASE, new_reference
from tests.support.builders import an_account
from tests.support.houses import Hub, StoppedClock
from tests.triage.cases.doing import token

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.service import Room

# A Thursday noon, four weeks before Christmas.
NOON = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


@pytest.fixture
def hub(a_hub: Callable[..., Hub]) -> Hub:
    return a_hub(StoppedClock(NOON))


def choose(hub: Hub, **wishes: Any) -> Any:  # noqa: ANN401 - JSON
    answer = hub.front.put(
        "/v1/me/preferences",
        json=wishes,
        headers={"Authorization": f"Bearer {hub.token_of('coordinator')}"},
    )
    return answer.status_code, answer.get_json()


def raise_some(room: Room, count: int, *, gather: bool = False, urgent: bool = False) -> list[str]:
    cases = [new_reference(CASE) for _ in range(count)]
    with room.unit() as unit:
        Desk.of(unit).look_up(cases)
        for case in cases:
            raise_alert(News(case, "opening", "restorative_hub", urgent), unit, board_of(room), gather=gather)
    return cases


def deliver(room: Room) -> None:
    while deliver_alerts(post_of(room), room.unit):
        pass


def subjects(hub: Hub) -> list[str]:
    return [str(mail["Subject"]) for mail in hub.mails()]


def test_ten_thousand_alerts_of_one_import_are_one_message(hub: Hub) -> None:
    room = hub.rooms["notify"]
    raise_some(room, 10_000, gather=True)
    deliver(room)
    assert subjects(hub) == []
    hub.clock.move(seconds=31)
    deliver(room)
    assert subjects(hub) == ["10000 things wait for you"]
    hub.clock.move(hours=1)
    deliver(room)
    with room.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(dispatches)).scalar_one() == 1


def test_forty_cases_at_one_moment_are_one_message_that_lists_them(hub: Hub) -> None:
    room = hub.rooms["notify"]
    cases = raise_some(room, 40)
    deliver(room)
    (mail,) = hub.mails()
    assert mail["Subject"] == "40 things wait for you"
    text = str(mail.get_content())
    assert all(text.count(case) == 1 for case in cases)


def test_in_a_storm_the_first_come_alone_and_the_rest_as_one(hub: Hub) -> None:
    room = hub.rooms["notify"]
    for _ in range(60):
        raise_some(room, 1)
        deliver(room)
        hub.clock.move(seconds=2)
    assert len(subjects(hub)) == 5
    hub.clock.move(minutes=5)
    deliver(room)
    assert subjects(hub)[5:] == ["55 things wait for you"]
    raise_some(room, 1, urgent=True)
    deliver(room)
    assert subjects(hub)[-1].startswith("Urgent: a new case")


def test_the_same_news_again_is_never_told_again(hub: Hub) -> None:
    hub.take(an_account("ONE"))
    hub.settle()
    hub.house.reconcile()
    room = hub.rooms["notify"]
    (alert,) = hub.alerts()
    with room.unit() as unit:
        Desk.of(unit).look_up([alert["case"]])
        news = News(alert["case"], "opening", "restorative_hub", urgent=False)
        assert raise_alert(news, unit, board_of(room)) is None
    hub.settle()
    assert len(subjects(hub)) == 1


def test_a_daily_digest_and_quiet_hours_hold_back_what_is_not_urgent(hub: Hub) -> None:
    room = hub.rooms["notify"]
    assert choose(hub, digest="daily", daily_at="08:30", weekends=False)[0] == 200
    raise_some(room, 3)
    raise_some(room, 1, urgent=True)
    deliver(room)
    assert [subject[:7] for subject in subjects(hub)] == ["Urgent:"]
    hub.clock.move(hours=20, minutes=29)
    deliver(room)
    assert len(subjects(hub)) == 1
    hub.clock.move(minutes=2)
    deliver(room)
    assert subjects(hub)[1:] == ["3 things wait for you"]
    assert choose(hub, quiet={"from": "18:00", "until": "07:30"}, weekends=False)[0] == 200
    hub.clock.move(hours=12)  # Friday evening
    raise_some(room, 2)
    deliver(room)
    assert len(subjects(hub)) == 2
    hub.clock.move(days=2, hours=10, minutes=59)  # Monday, half past seven
    deliver(room)
    assert subjects(hub)[2:] == ["2 things wait for you"]


def test_preferences_are_whole_and_wrong_ones_are_told_by_name(hub: Hub) -> None:
    _, before = choose(hub)
    assert before["digest"] == "at_once"
    status, kept = choose(hub, channels={"cases": ["govuk_text", "mail"]}, quiet=None, bank_holidays=False)
    assert status == 200
    shown = hub.ask("/v1/me/preferences", hub.token_of("coordinator")).get_json()
    assert shown == kept
    assert (kept["channels"], kept["bank_holidays"]) == ({"cases": ["govuk_text", "mail"]}, False)
    status, told = choose(
        hub,
        digest="never",
        daily_at="25:00",
        channels={"cases": ["pigeon"]},
        quiet={"from": "x"},
        weekends="no",
        bank_holidays=0,
    )
    assert status == 422
    assert {fault["pointer"] for fault in told["errors"]} == {
        "/digest", "/daily_at", "/channels", "/quiet", "/weekends", "/bank_holidays",
    }  # fmt: skip
    assert choose(hub, quiet={"from": "07:00", "until": "07:00"})[0] == 422
    assert choose(hub, colour="red")[0] == 422
    assert choose(hub, daily_at="09:00\n")[0] == 422
    assert choose(hub, quiet={"from": "20:00", "until": "07:00\n"})[0] == 422
    assert hub.ask("/v1/me/preferences", hub.token_of("commissioner")).status_code == 403


def test_an_alert_shows_its_history_to_its_team(hub: Hub) -> None:
    hub.take(an_account("ONE"))
    hub.settle()
    (alert,) = hub.alerts("coordinator")
    shown = hub.ask(f"/v1/alerts/{alert['id']}", hub.token_of("coordinator")).get_json()
    assert [entry["what"] for entry in shown["history"]] == ["raised", "sent"]
    assert shown["history"][1]["who"] == "coordinator@referral-hub.example"
    assert hub.ask(f"/v1/alerts/{alert['id']}", token(hub, "coordinator", "vip")).status_code == 404
    assert hub.ask("/v1/alerts/x", hub.token_of("coordinator")).status_code == 404


def test_a_channel_gets_no_more_in_a_minute_than_it_may(hub: Hub) -> None:
    room = hub.rooms["notify"]
    post_of(room).allowances["mail"] = Allowances(2)
    raise_some(room, 3)
    deliver(room)
    assert len(subjects(hub)) == 2
    hub.clock.move(seconds=31)
    deliver(room)
    assert len(subjects(hub)) == 3
