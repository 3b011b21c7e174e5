"""The pages of alerts: what waits, each with its history and a button to take it, and how one is told."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, get_args
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.datastructures import ImmutableMultiDict

from services.notify import store
from services.notify.acknowledge_alert import acknowledge_alert
from services.notify.api import TOLD, reader_of
from services.notify.domain.alert import THE_HUB, Alert, Group, Kind
from services.notify.domain.preferences import Preferences
from services.notify.equipment import board_of
from services.notify.pages import pages
from services.notify.schema import read_kept_preferences, read_preferences, write_preferences
from shared.identity import CASE, kind_of, read_reference
from shared.problems import Fault, NotFound, Unprocessable
from shared.web import Caller, open_to, the_caller, the_room, the_trace, wants_page
from shared.working_time import LONDON

alert_pages = Blueprint("alert_pages", __name__)

_SHOWN: Final = 100
_WHAT: Final[dict[Kind, str]] = {
    "opening": "A new case",
    "again": "A paused case goes on",
    "released": "A case is ready",
    "withdrawal": "Part of a case was taken back",
    "all_withdrawn": "Please pause: all of a case was taken back",
    "letter": "A message waits to be read",
    "due": "A step in a case is due",
    "stop": "Please contact nobody in a case for now",
    "merged": "A case goes on in another",
    "given": "A case was given to",
    "refused": "A message was held back: tell them yourself",
    "undelivered": "Somebody could not be told: tell them yourself",
    "ops_queue": "A queue grows",
    "ops_parked": "A message was parked",
    "ops_worker": "A worker is gone",
    "ops_relay": "A relay lags",
    "ops_disk": "A disk is nearly full",
    "ops_returned": "A message came back that the hub cannot place",
}
_STEPS: Final = {
    "raised": "Raised",
    "told": "Found",
    "sent": "Sent",
    "delivered": "Arrived",
    "failed": "Could not be sent",
    "bounced": "Came back",
    "failed_over": "Tried another way",
    "refused": "Held back by the guard",
    "in_doubt": "Perhaps sent, perhaps not; sent again",
    "reminded": "Reminded",
    "handed_on": "Handed on",
    "acknowledged": "Taken",
}
_GROUPS: Final[dict[Group, str]] = {
    "cases": "New cases",
    "changes": "Changes to cases",
    "letters": "Messages that wait to be read",
    "tasks": "Somebody who could not be told",
    "ops": "The hub itself",
}
_CHANNELS: Final = {
    "mail": "Email",
    "govuk_email": "Email through GOV.UK Notify",
    "govuk_text": "Text message",
    "webhook": "Your team's channel",
}


@alert_pages.get("/alerts")
@open_to(*TOLD)
def get_alerts() -> Response:
    """What waits, the urgent ones first."""
    caller = the_caller()
    with the_room().database.reading() as connection:
        found = store.list_waiting(connection, reader_of(caller), _SHOWN + 1)
    waiting = found[:_SHOWN]
    teams = the_room().directory.teams
    return pages.show(
        "alerts.html",
        reader=caller,
        alerts=[
            _told(alert)
            | {
                "team": teams[alert.team].name if alert.team in teams else "The hub",
                "opens": _opens(alert.case, caller),
            }
            for alert in waiting
        ],
        more=len(found) > _SHOWN,
        # Many at once is for what came many at once; what is urgent is looked at one by one.
        at_once=[alert.id for alert in waiting if not alert.urgent],
        taken=request.args.get("taken", ""),
        taken_case=_opens(read_reference(request.args.get("taken", "")) or "", caller),
    )


@alert_pages.get("/alerts/<alert_id>")
@open_to(*TOLD)
def get_alert(alert_id: str) -> Response:
    """One alert with every step of it."""
    alert, history = _find(alert_id)
    caller = the_caller()
    return pages.show(
        "alert.html",
        reader=caller,
        alert=_told(alert),
        opens=_opens(alert.case, caller),
        history=history,
    )


@alert_pages.post("/alerts/<alert_id>/taken")
@open_to(*TOLD)
def post_taken(alert_id: str) -> Response:
    """Say "I have it"."""
    wanted = _uuid(alert_id)
    with the_room().unit(the_trace()) as unit:
        alert = acknowledge_alert(wanted, reader_of(the_caller()), unit)
    if alert.acknowledged_by != the_caller().name:
        # Somebody was first: whoever is told "You have it" would begin beside them.
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/alerts/{wanted}"})
    taken = _opens(alert.case, the_caller()) or "1"
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/alerts?taken={taken}"})


@alert_pages.post("/alerts/taken")
@open_to(*TOLD)
def post_all_taken() -> Response:
    """Say "I have all of these": those that the page showed, and none that came since."""
    wanted = [_uuid(one) for one in request.form.getlist("alert")[:_SHOWN]]
    with the_room().unit(the_trace()) as unit:
        had = [acknowledge_alert(alert_id, reader_of(the_caller()), unit) for alert_id in sorted(wanted)]
    all_theirs = all(alert.acknowledged_by == the_caller().name for alert in had)
    taken = "many" if all_theirs else "some"
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/alerts?taken={taken}"})


@alert_pages.get("/alerts/preferences")
@open_to(*TOLD)
def get_preferences() -> Response:
    """How the caller is told."""
    with the_room().database.reading() as connection:
        kept = store.all_preferences(connection).get(the_caller().name)
    wishes = read_kept_preferences(kept) if kept else Preferences()
    return _ask(write_preferences(wishes), saved=request.args.get("saved", "") == "1")


@alert_pages.post("/alerts/preferences")
@open_to(*TOLD)
def post_preferences() -> Response:
    """Choose how to be told."""
    wanted = _document_of(request.form)
    try:
        document = read_preferences(wanted)
    except Unprocessable as problem:
        if not wants_page():
            raise
        return _ask(wanted, faults=problem.errors)
    with the_room().unit(the_trace()) as unit:
        store.keep_preferences(unit, the_caller().name, document)
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/alerts/preferences?saved=1"})


def _ask(chosen: dict[str, Any], *, faults: tuple[Fault, ...] = (), saved: bool = False) -> Response:
    room = the_room()
    ways = board_of(room).ways_to(the_caller().name, ()) or ["mail"]
    return pages.show(
        "preferences.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK,
        reader=the_caller(),
        chosen=chosen,
        # Only ops are told of the hub itself.
        groups={name: told for name, told in _GROUPS.items() if name != "ops" or the_caller().role == "ops"},
        channels={name: _CHANNELS[name] for name in ways},
        faults=[
            {"field": fault.pointer.lstrip("/").replace("/", "_"), "text": fault.detail} for fault in faults
        ],
        saved=saved,
    )


def _document_of(form: ImmutableMultiDict[str, str]) -> dict[str, Any]:
    begins, ends = form.get("quiet_from", "").strip(), form.get("quiet_until", "").strip()
    return {
        "channels": {
            group: [form[f"channel_{group}"]] for group in get_args(Group) if form.get(f"channel_{group}")
        },
        "digest": form.get("digest", ""),
        "daily_at": form.get("daily_at", "").strip() or "09:00",
        "quiet": {"from": begins, "until": ends} if begins or ends else None,
        "weekends": "weekends" in form,
        "bank_holidays": "bank_holidays" in form,
    }


def _find(alert_id: str) -> tuple[Alert, list[dict[str, str]]]:
    wanted, reader = _uuid(alert_id), reader_of(the_caller())
    with the_room().database.reading() as connection:
        alert = store.read_alert(connection, wanted)
        if alert is None or not store.is_there_for(connection, alert, reader):
            raise NotFound("Your team has no alert with this id.")
        history = store.history_of(connection, alert.id)
    told = []
    for entry in history:
        people = entry.detail.get("told")
        way = _CHANNELS.get(str(entry.detail.get("channel", "")), "")
        together = entry.detail.get("together", 1)
        told.append(
            {
                "at": f"{entry.at.astimezone(LONDON):%-d %B %Y, %H:%M}",
                "what": _STEPS[entry.what],
                "who": ", ".join(people) if people else entry.who,
                "how": f"{way}, with {together - 1} others" if together > 1 else way,
            }
        )
    return alert, told


def _opens(reference: str, caller: Caller) -> str:
    """The case that can be opened here, if it is one and the caller works with cases."""
    return reference if reference and caller.role != "ops" and kind_of(reference) == CASE else ""


def _told(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "case": "" if alert.case == THE_HUB else alert.case,
        "what": _what(alert),
        "urgent": alert.urgent,
        "since": f"{alert.raised_at.astimezone(LONDON):%-d %B %Y, %H:%M}",
        "taken_by": alert.acknowledged_by,
    }


def _what(alert: Alert) -> str:
    told = _WHAT[alert.kind]
    for_whom = alert.whose if alert.kind == "given" else alert.whose and f"(for {alert.whose})"
    return f"{told} {for_whom}".strip()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("Your team has no alert with this id.") from None
