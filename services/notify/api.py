"""Notify over HTTP: staff sign in, see their alerts, and say that they have a case."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, request

from services.notify import store
from services.notify.acknowledge_alert import acknowledge_alert
from services.notify.domain.alert import OPS, Reader
from services.notify.domain.preferences import Preferences
from services.notify.schema import (
    ALERT,
    ALERT_WITH_HISTORY,
    ALERTS,
    PREFERENCES,
    TOKEN,
    PreferencesSchema,
    SignInSchema,
    read_kept_preferences,
    read_preferences,
    read_sign_in,
    write_alert,
    write_entry,
    write_preferences,
)
from services.notify.sign_in_staff import Tries, sign_in_staff
from shared.openapi import TEXT, THE_CURSOR, Answer, Asked, Takes, described, how_many
from shared.problems import Fault, NoKey, NotFound, Unprocessable
from shared.web import (
    ANYONE,
    TOKEN_SECONDS,
    Caller,
    json_body,
    open_to,
    sign_token,
    the_caller,
    the_room,
    the_trace,
)

api = Blueprint("notify", __name__)

# Whoever alerts are for.
TOLD = ("coordinator", "supervisor", "facilitator", "ops")
_MOST = 200
_SMALL = re.compile(r"[0-9]{1,3}")


@api.post("/v1/tokens")
@open_to(ANYONE)
@described(
    "Signing in",
    takes=Takes(SignInSchema, {"A coordinator": {"email": "jo@hub.example", "password": "…"}}),
    answers={200: Answer("The token, and whose it is.", TOKEN)},
    problems=(NoKey,),
)
def post_token() -> dict[str, Any]:
    """A personal token for e-mail and password."""
    room = the_room()
    email, password = read_sign_in(json_body())
    with room.database.reading() as connection:
        tries: Tries = room.keep("tries", Tries)
        caller = sign_in_staff(email, password, request.remote_addr or "", tries, connection)
    return {
        "token": sign_token(room.keys, caller),
        "expires_in": TOKEN_SECONDS,
        "role": caller.role,
        "team": caller.team,
        "agency": caller.agency,
    }


@api.get("/v1/alerts")
@open_to(*TOLD)
@described(
    "Alerts",
    asks=(
        Asked("state", {"enum": ["open", "acknowledged"]}, "Only alerts in this state."),
        THE_CURSOR,
        how_many(_MOST),
    ),
    answers={200: Answer("A page of them.", ALERTS)},
)
def get_alerts() -> dict[str, Any]:
    """The caller's and their team's alerts, oldest first; a supervisor sees all teams', ops the hub's own."""
    faults = []
    state = request.args.get("state")
    if state not in (None, "open", "acknowledged"):
        faults.append(Fault("/state", "not_allowed", "Ask for open or acknowledged."))
    limit = request.args.get("limit", "50")
    if not (_SMALL.fullmatch(limit) and 1 <= int(limit) <= _MOST):
        faults.append(Fault("/limit", "not_allowed", f"Ask for 1 to {_MOST}."))
    after = _uuid(request.args.get("cursor"))
    if "cursor" in request.args and after is None:
        faults.append(Fault("/cursor", "not_allowed", "Send the cursor as it was given."))
    if faults:
        raise Unprocessable(errors=faults)
    with the_room().database.reading() as connection:
        found = store.list_alerts(
            connection, reader_of(the_caller()), state=state, after=after, limit=int(limit) + 1
        )
    page = found[: int(limit)]
    return {
        "alerts": [write_alert(alert) for alert in page],
        "next_cursor": str(page[-1].id) if len(found) > len(page) else None,
    }


@api.get("/v1/alerts/<alert_id>")
@open_to(*TOLD)
@described(
    "Alerts",
    asks=(Asked("alert_id", TEXT, "The id of the alert.", "path"),),
    answers={200: Answer("The alert, and every step of it.", ALERT_WITH_HISTORY)},
)
def get_alert(alert_id: str) -> dict[str, Any]:
    """One alert with its history: whom it was told, over what, and what became of that."""
    wanted, reader = _uuid(alert_id), reader_of(the_caller())
    with the_room().database.reading() as connection:
        alert = None if wanted is None else store.read_alert(connection, wanted)
        if alert is None or not store.is_there_for(connection, alert, reader):
            message = "Your team has no alert with this id."
            raise NotFound(message)
        history = store.history_of(connection, alert.id)
    return {"alert": write_alert(alert), "history": [write_entry(entry) for entry in history]}


@api.post("/v1/alerts/<alert_id>/acknowledgement")
@open_to(*TOLD)
@described(
    "Alerts",
    asks=(Asked("alert_id", TEXT, "The id of the alert.", "path"),),
    answers={200: Answer("The alert as it is now.", ALERT)},
)
def post_acknowledgement(alert_id: str) -> dict[str, Any]:
    """Say "I have it"; saying it again changes nothing."""
    wanted = _uuid(alert_id)
    if wanted is None:
        message = "Your team has no alert with this id."
        raise NotFound(message)
    with the_room().unit(the_trace()) as unit:
        alert = acknowledge_alert(wanted, reader_of(the_caller()), unit)
    return write_alert(alert)


@api.get("/v1/me/preferences")
@open_to(*TOLD)
@described("Alerts", answers={200: Answer("How you are told.", PREFERENCES)})
def get_preferences() -> dict[str, Any]:
    """How the caller wants to be told: over which channels, at once or in a digest, and when not."""
    with the_room().database.reading() as connection:
        kept = store.all_preferences(connection).get(the_caller().name)
    return write_preferences(read_kept_preferences(kept) if kept else Preferences())


@api.put("/v1/me/preferences")
@open_to(*TOLD)
@described(
    "Alerts",
    takes=Takes(PreferencesSchema, {"A digest": {"digest": "daily", "daily_at": "08:30"}}),
    answers={200: Answer("How you are told from now on.", PREFERENCES)},
)
def put_preferences() -> dict[str, Any]:
    """Choose how to be told; what is left out is as it is for whoever chose nothing."""
    document = read_preferences(json_body())
    with the_room().unit(the_trace()) as unit:
        store.keep_preferences(unit, the_caller().name, document)
    return document


def reader_of(caller: Caller) -> Reader:
    """Whose alerts this caller sees; a facilitator no others than those that are for them."""
    if caller.role == "facilitator":
        return Reader(caller.name, ())
    teams = teams_of(caller)
    return Reader(caller.name, None if teams is None else tuple(teams))


def teams_of(caller: Caller) -> list[str] | None:
    """The teams in whose name this caller acts; None for every team."""
    if caller.role == "supervisor":
        return None
    return [OPS] if caller.role == "ops" else [caller.team]


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
