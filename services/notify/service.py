"""Notify, put together: tells the coordinator, until somebody has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.notify.alert_pages import alert_pages
from services.notify.api import api
from services.notify.climb_rota import climb_rota
from services.notify.deliver_alerts import deliver_alerts
from services.notify.equipment import board_of, post_of
from services.notify.handlers import hears
from services.notify.keep_staff import tell_ended_sessions
from services.notify.pages import pages, sign_in_pages
from services.notify.public_api import public_api
from services.notify.public_store import SEALED as PUBLIC_SEALED
from services.notify.receipts_api import receipts_api
from services.notify.send_publicly import send_publicly
from services.notify.tables import ended_sessions, messaging
from services.notify.take_bounces import take_bounces
from services.notify.telltales_store import SEALED
from shared.mailbox import open_box
from shared.service import Chore, Room, Service
from shared.web import put_together

if TYPE_CHECKING:
    from flask import Flask


def _web(room: Room) -> Flask:
    app = put_together(room, "notify")
    app.register_blueprint(sign_in_pages)
    app.register_blueprint(alert_pages)
    pages.told_in(app)
    return app


def _deliver(room: Room) -> int:
    return deliver_alerts(post_of(room), room.unit)


def _tell_ended_sessions(room: Room) -> int:
    with room.unit() as unit:
        return tell_ended_sessions(unit)


def _climb(room: Room) -> int:
    with room.unit() as unit:
        return climb_rota(unit, board_of(room))


def _send_publicly(room: Room) -> int:
    return send_publicly(post_of(room), room.unit, enabled=room.settings.writes_publicly)


def _take_bounces(room: Room) -> int:
    url = room.settings.bounces_url
    if not url:
        return 0
    box = room.keep("bounces", lambda: open_box(url))
    return take_bounces(box, room.unit, board_of(room), room.keys.lookup)


NOTIFY = Service(
    name="notify",
    tables=messaging,
    ended_sessions=ended_sessions,
    migrations=Path(__file__).parent / "migrations",
    hears=lambda room: hears(board_of(room)),
    web=_web,
    api=(api, receipts_api, public_api),
    paths=(
        "/v1/alerts",
        "/v1/tokens",
        "/v1/me",
        "/v1/receipts",
        "/v1/public-messages",
        "/alerts",
        "/sign-in",
        "/sign-out",
    ),
    chores=(
        Chore("deliver", _deliver, every=1.0, after_hearing=True),
        Chore("ended sessions", _tell_ended_sessions, every=2.0),
        Chore("climb", _climb, every=5.0),
        Chore("bounces", _take_bounces, every=15.0),
        Chore("public", _send_publicly, every=5.0),
    ),
    sealed=(*SEALED, *PUBLIC_SEALED),
)
