"""A sender of notify's in a process of its own, as quickly begun as ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from services.every import SERVICES
from services.notify.deliver_alerts import deliver_alerts
from services.notify.equipment import post_of
from shared.settings import Settings
from tests.support.houses import StoppedClock

if TYPE_CHECKING:
    import datetime as dt


def send_until_killed(settings: dict[str, str], now: dt.datetime) -> None:
    """The sender's whole life: send what is due at this instant."""
    room = SERVICES["notify"].furnish(Settings.read({}, **settings), StoppedClock(now))
    post = post_of(room)
    while True:
        if not deliver_alerts(post, room.unit):
            time.sleep(0.002)
