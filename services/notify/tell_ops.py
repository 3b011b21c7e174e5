"""What is ill with the hub is told to its ops like any other news, and taken back when it is well again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.notify import store
from services.notify.domain.alert import OPS, THE_HUB, Kind, News
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

KINDS: Final[tuple[Kind, ...]] = ("ops_queue", "ops_parked", "ops_worker", "ops_relay")
# While these last, referrals do not reach anybody.
_URGENT: Final = ("ops_worker", "ops_relay")
_WATCH: Final = "watch"


def tell_ops(ill: Mapping[Kind, str], unit: Unit, board: Switchboard) -> int:
    """`ill` is what was found, by kind, with its codes; how many alerts were raised.

    An alert lasts for as long as its trouble: one that nobody has taken ends when all is well again, and the
    next time is another alert.
    """
    raised = 0
    Desk.of(unit).look_up([THE_HUB])
    for kind in KINDS:
        there = store.find_open_ops(unit, kind)
        if kind in ill and not there:
            news = News(THE_HUB, kind, OPS, urgent=kind in _URGENT, occasion=unit.now.isoformat())
            alert = raise_alert(news, unit, board)
            if alert is not None:
                store.note(unit, alert.id, "told", _WATCH, found=ill[kind])
                raised += 1
        if kind not in ill:
            for alert in there:
                store.end_by_itself(unit, alert, _WATCH)
    return raised
