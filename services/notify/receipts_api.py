"""Where GOV.UK Notify tells what became of a message: its delivery receipts, with a bearer token of ours."""

from __future__ import annotations

import hmac
import logging
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, request

from services.notify.equipment import board_of
from services.notify.take_receipt import Status, take_receipt
from shared.openapi import TEXT, Answer, Shape, Takes, an_object, described
from shared.problems import Fault, NoKey, Unprocessable
from shared.web import ANYONE, json_body, open_to, the_room, the_trace

receipts_api = Blueprint("receipts", __name__)
log = logging.getLogger(__name__)

# Notify's own words, and what they mean to us; of what is still under way it does not tell.
_MEANING: Final[dict[str, Status]] = {
    "delivered": "delivered",
    "permanent-failure": "returned",
    "temporary-failure": "returned",
    "technical-failure": "returned",
}
_RECEIPT: Final = Shape(
    "DeliveryReceipt",
    an_object(
        {
            "reference": {**TEXT, "description": "Our token."},
            "status": {"enum": list(_MEANING)},
        }
    ),
)


@receipts_api.post("/v1/receipts/govuk-notify")
@open_to(ANYONE)
@described(
    "Delivery receipts",
    takes=Takes(_RECEIPT, {"Delivered": {"reference": "…", "status": "delivered"}}),
    answers={204: Answer("It is known.")},
    problems=(NoKey,),
)
def post_receipt() -> tuple[str, int]:
    """A delivery receipt as GOV.UK Notify sends it; the rest of its fields is not looked at, and not kept."""
    room = the_room()
    expected = room.settings.govuk_notify_callback_token
    shown = request.headers.get("Authorization", "")
    if not expected or not hmac.compare_digest(shown.encode(), f"Bearer {expected}".encode()):
        message = "Send the bearer token that was agreed for delivery receipts."
        raise NoKey(message)
    body = json_body()
    told = body if isinstance(body, dict) else {}
    token, meaning = _token(told.get("reference")), _MEANING.get(str(told.get("status")))
    if meaning is None:
        raise Unprocessable(errors=[Fault("/status", "not_allowed", f"Send one of {', '.join(_MEANING)}.")])
    with room.unit(the_trace()) as unit:
        known = token is not None and take_receipt(token, meaning, str(told["status"]), unit, board_of(room))
    if not known:
        log.warning("receipt of a message that is not ours")
    return "", HTTPStatus.NO_CONTENT


def _token(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
