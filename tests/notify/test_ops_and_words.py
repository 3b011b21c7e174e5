"""Ops are told of what is ill like anybody else, and the words of messages can be looked at."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, get_args

from click.testing import CliRunner
from sqlalchemy import insert

from services.cli import hub as command
from services.notify.domain.alert import GROUPS, OPS, Kind, News
from services.notify.equipment import board_of
from services.notify.raise_alert import raise_alert
from services.notify.read_wording import read_wording
from services.notify.store import Desk
from services.watch import Watch
from shared.identity import CASE, new_id, new_reference
from tests.support.builders import an_account

if TYPE_CHECKING:
    from tests.support.houses import Hub


def alerts_of_ops(hub: Hub) -> list[tuple[str, str]]:
    answer = hub.ask("/v1/alerts", hub.token_of("ops")).get_json()
    return [(alert["kind"], alert["state"]) for alert in answer["alerts"]]


def test_a_relay_that_lags_and_a_parked_message_are_told_and_end_when_all_is_well(hub: Hub) -> None:
    watch = Watch(hub.house)
    assert watch.step() == {}
    hub.take(an_account("WAITS"))
    hub.clock.move(seconds=40)
    held = hub.rooms["triage"].service.tables.held
    with hub.rooms["triage"].database.transaction() as connection:
        row = {
            "id": new_id(), "consumer": "triage", "queue": "triage.normal", "message_id": new_id(),
            "type": "invented", "subject": "", "reason": "invented", "detail": "", "attempts": 1,
            "fingerprint": b"x", "body": b"x", "held_at": hub.clock(), "retry_at": None,
        }  # fmt: skip
        connection.execute(insert(held).values(row))
    assert watch.step() == {"ops_relay": "intake", "ops_parked": "triage"}
    assert watch.step() == {"ops_relay": "intake", "ops_parked": "triage"}
    assert sorted(alerts_of_ops(hub)) == [("ops_parked", "open"), ("ops_relay", "open")]
    hub.settle()
    mails = {str(mail["Subject"]): mail for mail in hub.mails() if mail["To"] == "ops@referral-hub.example"}
    assert set(mails) == {"Urgent: a relay of the hub lags", "The hub has parked a message"}
    assert watch.step() == {"ops_parked": "triage"}
    assert sorted(alerts_of_ops(hub)) == [("ops_parked", "open"), ("ops_relay", "acknowledged")]
    # Ops see what is theirs, and coordinators do not.
    assert [alert["kind"] for alert in hub.alerts("coordinator")] == ["opening"]


def test_a_queue_that_grows_is_told_and_one_that_is_only_long_is_not(hub: Hub) -> None:
    watch = Watch(hub.house, long=2)
    relay = hub.house._desks[0].relay
    told = []
    for number in range(4):
        if number < 3:
            hub.take(an_account(f"N-{number}"))
        relay.step(hub.clock())
        told.append(watch.step())
    assert told == [{}, {}, {"ops_queue": "triage.normal"}, {}]
    assert alerts_of_ops(hub) == [("ops_queue", "acknowledged")]


def test_every_message_can_be_looked_at_with_its_digest() -> None:
    shown = CliRunner().invoke(command, ["notify", "preview"])
    assert shown.exit_code == 0
    for name in ("opening", "many", "ops_worker", "ring_me"):
        assert f"── {name}, version 1, approved as " in shown.output
    one = CliRunner().invoke(command, ["notify", "preview", "opening", "--urgent"])
    assert "Lock screen: Urgent: a new case waits for you" in one.output
    unknown = CliRunner().invoke(command, ["notify", "preview", "nothing"])
    assert unknown.exit_code == 1
    assert "There is no message nothing" in unknown.output
    nothing = CliRunner().invoke(command, ["notify", "bounce"], input=b"From: a@b.example\r\n\r\nHello")
    assert "no mail of ours" in nothing.output


def test_every_kind_of_news_has_its_words_its_line_in_the_list_and_its_page(hub: Hub) -> None:
    room, board = hub.rooms["notify"], board_of(hub.rooms["notify"])
    for kind in get_args(Kind):
        case, ops = new_reference(CASE), kind.startswith("ops_")
        with room.unit() as unit:
            Desk.of(unit).look_up([case])
            alert = raise_alert(News(case, kind, OPS if ops else "vip", urgent=False), unit, board)
        assert alert is not None
        assert GROUPS[kind]
        assert read_wording().newest(kind).short
        asked = {
            "Authorization": f"Bearer {hub.token_of('ops' if ops else 'coordinator', 'vip')}",
            "Accept": "text/html",
        }
        shown = hub.front.get("/alerts", headers=asked)
        assert (shown.status_code, case in shown.text) == (200, True), kind
        shown = hub.front.get(f"/alerts/{alert.id}", headers=asked)
        assert (shown.status_code, case in shown.text) == (200, True), kind


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
    assert hub.clock() > dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
