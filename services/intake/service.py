"""Intake, put together: takes referrals, gives a receipt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.intake.answer_once import forget_answers
from services.intake.answers_store import SEALED as SEALED_ANSWERS
from services.intake.api import api, authenticate
from services.intake.forms import store as forms_store
from services.intake.forms.keep_drafts import forget_drafts
from services.intake.forms.pages import PUBLIC, pages
from services.intake.forms.practitioner_pages import ADDRESS, PRACTITIONERS
from services.intake.forms.practitioner_pages import pages as practitioner_pages
from services.intake.handlers import HEARS
from services.intake.imports import store as imports_store
from services.intake.imports.api import api as imports_api
from services.intake.imports.forget_imports import forget_imports
from services.intake.imports.run_import import run_due_import
from services.intake.keep_agency_keys import tell_keys
from services.intake.mailbox import keep_reading as mailbox
from services.intake.mailbox import store as letters
from services.intake.pages import FRONT, front_page
from services.intake.store import SEALED
from services.intake.tables import ended_sessions, messaging
from services.intake.webhooks import api as webhooks
from services.intake.webhooks.deliver_webhooks import Sending, deliver_webhooks, forget_deliveries
from services.intake.webhooks.endpoints_store import SEALED as SEALED_SECRETS
from services.intake.webhooks.push_status_changes import push_status_changes
from shared.pages import assets
from shared.service import Chore, Room, Service
from shared.web import put_together

if TYPE_CHECKING:
    from flask import Flask


def _web(room: Room) -> Flask:
    app = put_together(room, "intake", authenticate)
    app.register_blueprint(assets)
    app.register_blueprint(front_page)
    app.register_blueprint(pages)
    app.register_blueprint(practitioner_pages)
    # What nobody serves is answered by intake, in the embedded hub at least.
    FRONT.told_in(app)
    PUBLIC.told_in(app, "/refer")
    PRACTITIONERS.told_in(app, ADDRESS)
    return app


def _forget_answers(room: Room) -> int:
    with room.unit() as unit:
        return forget_answers(unit)


def _tell_keys(room: Room) -> int:
    with room.unit() as unit:
        return tell_keys(unit)


def _push_and_deliver(room: Room) -> int:
    """What is handed on is sent at once, without another chore's having to notice it."""
    with room.unit() as unit:
        pushed = push_status_changes(unit)
    sending = room.keep("webhook_sending", lambda: Sending(webhooks.line_of(room)))
    return pushed + deliver_webhooks(sending, room.unit)


def _forget_deliveries(room: Room) -> int:
    with room.unit() as unit:
        return forget_deliveries(unit)


def _forget_drafts(room: Room) -> int:
    with room.unit() as unit:
        return forget_drafts(unit)


INTAKE = Service(
    name="intake",
    tables=messaging,
    ended_sessions=ended_sessions,
    migrations=Path(__file__).parent / "migrations",
    hears=lambda _room: HEARS,
    web=_web,
    api=(api, webhooks.api, imports_api),
    paths=(
        "/v1/referrals",
        "/v1/imports",
        "/v1/webhook",
        "/v1/openapi.json",
        "/v1/docs",
        "/refer",
        "/assets",
        "/",
    ),
    chores=(
        Chore("agency keys", _tell_keys, every=2.0),
        Chore("forget answers", _forget_answers, every=600.0),
        Chore("webhooks", _push_and_deliver, every=1.0, after_hearing=True),
        Chore("forget drafts", _forget_drafts, every=3600.0),
        Chore("forget deliveries", _forget_deliveries, every=3600.0),
        Chore("import", run_due_import, every=1.0),
        Chore("forget imports", forget_imports, every=600.0),
        *mailbox.CHORES,
    ),
    sealed=(
        *SEALED,
        *SEALED_ANSWERS,
        *SEALED_SECRETS,
        *forms_store.SEALED,
        *imports_store.SEALED,
        *letters.SEALED,
    ),
)
