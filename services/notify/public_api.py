"""Messages to people who asked for one, over HTTP: asked for by their team, listed, and called off."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any, Final, get_args
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from services.notify import public_store
from services.notify.api import reader_of
from services.notify.ask_for_message import NotToBeSent, ask_for_message, call_off_message
from services.notify.domain.public import PublicMessage, State, Template, Why
from services.notify.domain.wording import SHAPES
from services.notify.schema import Whole
from shared.identity import new_id
from shared.openapi import (
    INSTANT,
    TEXT,
    UUID_TEXT,
    Answer,
    Asked,
    Shape,
    Takes,
    a_list_of,
    an_object,
    described,
    maybe,
)
from shared.problems import Fault, NotFound, Unprocessable, pointer_to
from shared.web import as_json, json_body, open_to, the_caller, the_room, the_trace
from shared.working_time import LONDON

public_api = Blueprint("public_messages", __name__)
_TAG: Final = "Messages to the public"
_TEAMS: Final = ("coordinator", "supervisor")
_CLOCK: Final = Whole(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_PLAIN: Final = Whole(r"^[^\x00-\x1f{}<>]*$")
_CHANNELS: Final = ("govuk_text", "govuk_email", "mail")

ADVICE: Final = {
    "case": "Give the reference of a case of your team.",
    "channel": f"Choose {', '.join(_CHANNELS)}: the one that they marked as safe.",
    "address": "Give the number or address exactly as the case holds it.",
    "template": f"Choose {', '.join(get_args(Template))}.",
    "worker": "Give the first name that they know you by, and nothing else.",
    "number": "Give the number that they may ring, in digits.",
    "when": "Give day and time, such as Tuesday 1 December 10:00; an appointment needs it.",
    "marked_safe_on": "Give the day on which they said that this way is safe, not in the future.",
    "asked_for_on": "Give the day on which they asked for this message, not in the future.",
    "safe_from": "Give the time of day from which they may be reached, such as 17:00.",
    "safe_until": "Give the time of day until which they may be reached, later than safe_from.",
}


class PublicMessageSchema(Schema):
    """A message that a person asked for."""

    class Meta:
        unknown = RAISE

    case = fields.String(required=True, validate=(validate.Length(1, 16), _PLAIN))
    channel = fields.String(required=True, validate=validate.OneOf(_CHANNELS))
    address = fields.String(required=True, validate=(validate.Length(5, 254), _PLAIN))
    template = fields.String(required=True, validate=validate.OneOf(get_args(Template)))
    worker = fields.String(required=True, validate=Whole(rf"^(?:{SHAPES['worker']})$"))
    number = fields.String(required=True, validate=Whole(r"^\+?[0-9][0-9 ]{4,18}$"))
    when = fields.String(load_default="", validate=Whole(rf"^(?:{SHAPES['when']})?$"))
    marked_safe_on = fields.Date(required=True)
    asked_for_on = fields.Date(required=True)
    safe_from = fields.String(required=True, validate=_CLOCK)
    safe_until = fields.String(required=True, validate=_CLOCK)


_schema: Final = PublicMessageSchema()
_EXAMPLE: Final = {
    "case": "C-7KQX4-M3DTW",
    "channel": "govuk_text",
    "address": "07700 900123",
    "template": "ring_me",
    "worker": "Jo",
    "number": "01632 960999",
    "marked_safe_on": "2026-11-20",
    "asked_for_on": "2026-11-27",
    "safe_from": "17:00",
    "safe_until": "19:00",
}
MESSAGE: Final = Shape(
    "SentToPublic",
    an_object(
        {
            "id": UUID_TEXT,
            "case": TEXT,
            "channel": {"enum": list(_CHANNELS)},
            "state": {"enum": list(get_args(State))},
            "asked_by": TEXT,
            "made_at": INSTANT,
            "ended_at": maybe(INSTANT),
            "why": {"enum": [*get_args(Why), None]},
        }
    ),
)
MESSAGES: Final = Shape("PublicMessages", an_object({"messages": a_list_of(MESSAGE)}))


@public_api.post("/v1/public-messages")
@open_to(*_TEAMS)
@described(
    _TAG,
    takes=Takes(PublicMessageSchema, {"Please ring me": _EXAMPLE}),
    answers={202: Answer("It goes in their safe hours.", an_object({"id": UUID_TEXT}))},
    problems=(NotFound, NotToBeSent),
)
def post_message() -> Response:
    """Ask for one message to a person who asked for it, in approved words, over a channel marked safe.

    A request that was not answered can be sent again: the same message, while it waits and for an hour after
    it was asked for, is not sent twice, and is answered with its id.
    """
    room = the_room()
    with room.unit(the_trace()) as unit:
        message = _read(json_body(), the_caller().name, unit.now)
        enabled = room.settings.writes_publicly(message.channel)
        message = ask_for_message(message, reader_of(the_caller()), unit, enabled=enabled)
    return as_json({"id": str(message.id)}, HTTPStatus.ACCEPTED)


@public_api.get("/v1/public-messages")
@open_to(*_TEAMS)
@described(
    _TAG,
    asks=(Asked("case", TEXT, "The case's reference."),),
    problems=(NotFound,),
    answers={200: Answer("Its messages, oldest first; never whom they went to.", MESSAGES)},
)
def get_messages() -> dict[str, Any]:
    """What was asked for about a case, and what became of it."""
    case = request.args.get("case", "")
    with the_room().database.reading() as connection:
        if "\0" in case or not public_store.is_case_of(connection, case, reader_of(the_caller())):
            raise NotFound("Your team has no case with this reference.")
        found = public_store.list_messages(connection, case)
    return {"messages": [_write(one) for one in found]}


@public_api.post("/v1/public-messages/<message_id>/cancellation")
@open_to(*_TEAMS)
@described(
    _TAG,
    asks=(Asked("message_id", TEXT, "The message's id.", "path"),),
    answers={204: Answer("It is not sent, if it had not been.")},
)
def post_cancellation(message_id: str) -> tuple[str, int]:
    """Call a message off."""
    try:
        wanted = UUID(message_id)
    except ValueError:
        raise NotFound("Your team has no message with this id.") from None
    with the_room().unit(the_trace()) as unit:
        call_off_message(wanted, reader_of(the_caller()), unit)
    return "", HTTPStatus.NO_CONTENT


def _read(body: object, asked_by: str, now: dt.datetime) -> PublicMessage:
    try:
        read = _schema.load(body)  # type: ignore[arg-type]  # marshmallow itself refuses what is no object
    except ValidationError as error:
        messages: Any = error.messages
        raise Unprocessable(errors=[_fault(name) for name in messages]) from None
    dates = ("marked_safe_on", "asked_for_on")
    wrong = [(name, "date_in_future") for name in dates if read[name] > now.astimezone(LONDON).date()]
    if read["safe_until"] <= read["safe_from"]:
        wrong.append(("safe_until", "ends_before_start"))
    if read["template"] == "appointment" and not read["when"].strip():
        wrong.append(("when", "needed_with_template"))
    if wrong:
        raise Unprocessable(errors=[_fault(name, code) for name, code in wrong])
    return PublicMessage(
        id=new_id(),
        case=read["case"],
        channel=read["channel"],
        template=read["template"],
        address=read["address"],
        worker=read["worker"],
        number=read["number"],
        when=read["when"],
        marked_safe_on=read["marked_safe_on"],
        safe=(dt.time.fromisoformat(read["safe_from"]), dt.time.fromisoformat(read["safe_until"])),
        made_at=now,
        asked_by=asked_by,
    )


def _fault(name: str, code: str = "not_allowed") -> Fault:
    if name in ADVICE:
        return Fault(pointer_to(name), code, ADVICE[name])
    return Fault("", "not_allowed", f"Send an object with {', '.join(ADVICE)}, and nothing else.")


def _write(one: dict[str, Any]) -> dict[str, Any]:
    def told(value: object) -> object:
        if isinstance(value, dt.datetime):
            return value.isoformat().replace("+00:00", "Z")
        return str(value) if isinstance(value, UUID) else value

    return {name: told(value) for name, value in one.items()}
