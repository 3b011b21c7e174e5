"""The words of messages can be looked at, and no kind of news is without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from click.testing import CliRunner

from services.cli import hub as command
from services.notify.domain.alert import GROUPS, OPS, Kind, News
from services.notify.equipment import board_of
from services.notify.raise_alert import raise_alert
from services.notify.read_wording import read_wording
from services.notify.store import Desk
from shared.identity import CASE, new_reference

if TYPE_CHECKING:
    from tests.support.houses import Hub


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
