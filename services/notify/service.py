"""Notify, put together: tells the coordinator, until somebody has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.notify.api import api
from services.notify.climb_rota import climb_rota
from services.notify.deliver_alerts import Post, deliver_alerts
from services.notify.handlers import hears
from services.notify.pages import pages, sign_in_pages
from services.notify.read_wording import read_wording
from services.notify.switchboard import Switchboard, open_channels
from services.notify.tables import messaging
from services.notify.telltales_store import SEALED
from shared.service import Chore, Room, Service
from shared.web import put_together

if TYPE_CHECKING:
    from flask import Flask


def _web(room: Room) -> Flask:
    app = put_together(room, "notify")
    app.register_blueprint(sign_in_pages)
    pages.told_in(app)
    return app


def board_of(room: Room) -> Switchboard:
    """The room's people and channels."""
    board: Switchboard = room.keep(
        "board",
        lambda: Switchboard.of(
            room.directory,
            room.keep("channels", lambda: open_channels(room.settings, room.clock)),
            room.settings.gather_seconds,
        ),
    )
    return board


def post_of(room: Room) -> Post:
    """What the room's messages are sent with."""
    post: Post = room.keep(
        "post", lambda: Post(board_of(room), read_wording(), f"{room.settings.public_url}/sign-in")
    )
    return post


def _deliver(room: Room) -> int:
    return deliver_alerts(post_of(room), room.unit)


def _climb(room: Room) -> int:
    with room.unit() as unit:
        return climb_rota(unit, board_of(room))


NOTIFY = Service(
    name="notify",
    tables=messaging,
    migrations=Path(__file__).parent / "migrations",
    hears=lambda room: hears(board_of(room)),
    web=_web,
    api=(api,),
    paths=("/v1/alerts", "/v1/tokens", "/v1/me", "/sign-in", "/sign-out"),
    chores=(
        Chore("deliver", _deliver, every=1.0, after_hearing=True),
        Chore("climb", _climb, every=5.0),
    ),
    sealed=SEALED,
)
