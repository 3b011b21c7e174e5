"""Notify, put together: tells the coordinator, until somebody has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.notify.api import api
from services.notify.deliver_alerts import Post, deliver_alerts
from services.notify.handlers import hears
from services.notify.pages import pages, sign_in_pages
from services.notify.tables import messaging
from services.notify.telltales_store import SEALED
from shared.mail import open_mail
from shared.service import Chore, Room, Service
from shared.web import put_together

if TYPE_CHECKING:
    from flask import Flask


def _web(room: Room) -> Flask:
    app = put_together(room, "notify")
    app.register_blueprint(sign_in_pages)
    pages.told_in(app)
    return app


def _post(room: Room) -> Post:
    settings = room.settings
    return Post(open_mail(settings.mail_url), settings.mail_from, f"{settings.public_url}/sign-in")


def _deliver(room: Room) -> int:
    return deliver_alerts(room.keep("post", lambda: _post(room)), room.unit)


NOTIFY = Service(
    name="notify",
    tables=messaging,
    migrations=Path(__file__).parent / "migrations",
    hears=lambda room: hears(room.directory),
    web=_web,
    api=(api,),
    paths=("/v1/alerts", "/v1/tokens", "/v1/me", "/sign-in", "/sign-out"),
    chores=(Chore("deliver", _deliver, every=1.0, after_hearing=True),),
    sealed=SEALED,
)
