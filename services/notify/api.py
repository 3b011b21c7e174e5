"""Notify over HTTP: staff sign in, see their alerts, and say that they have a case."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, request

from services.notify import store
from services.notify.acknowledge_alert import acknowledge_alert
from services.notify.schema import ALERT, ALERTS, TOKEN, SignInSchema, read_sign_in, write_alert
from services.notify.sign_in_staff import Tries, sign_in_staff
from shared.openapi import TEXT, Answer, Asked, Takes, described, how_many
from shared.problems import Fault, NoKey, NotFound, Unprocessable
from shared.web import ANYONE, TOKEN_SECONDS, json_body, open_to, sign_token, the_caller, the_room, the_trace

api = Blueprint("notify", __name__)

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
@open_to("coordinator", "supervisor")
@described(
    "Alerts",
    asks=(
        Asked("state", {"enum": ["open", "acknowledged"]}, "Only alerts in this state."),
        Asked("cursor", TEXT, "The `next_cursor` of the page before."),
        how_many(_MOST),
    ),
    answers={200: Answer("A page of them.", ALERTS)},
)
def get_alerts() -> dict[str, Any]:
    """The caller's team's alerts, oldest first; a supervisor sees every team's."""
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
        found = store.list_alerts(connection, teams=_teams(), state=state, after=after, limit=int(limit) + 1)
    page = found[: int(limit)]
    return {
        "alerts": [write_alert(alert) for alert in page],
        "next_cursor": str(page[-1].id) if len(found) > len(page) else None,
    }


@api.post("/v1/alerts/<alert_id>/acknowledgement")
@open_to("coordinator", "supervisor")
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
        alert = acknowledge_alert(wanted, the_caller().name, _teams(), unit)
    return write_alert(alert)


def _teams() -> list[str] | None:
    caller = the_caller()
    return None if caller.role == "supervisor" else [caller.team]


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
