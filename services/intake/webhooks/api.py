"""Webhooks over HTTP: an agency sets its endpoint up, sees what was sent, and has it sent again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from services.intake.webhooks import deliveries_store, endpoints_store
from services.intake.webhooks.described import (
    DELIVERIES,
    DELIVERY,
    EXAMPLE_DELIVERIES,
    EXAMPLE_DELIVERY,
    EXAMPLE_WEBHOOK,
    EXAMPLE_WITH_SECRET,
    PAGE,
    REPLAYED,
    THE_ID,
    WEBHOOK,
    WEBHOOK_WITH_SECRET,
)
from services.intake.webhooks.keep_webhook import (
    Kept,
    NoWebhook,
    WebhookDisabled,
    check_target,
    put_webhook,
    remove_webhook,
    renew_secret,
)
from services.intake.webhooks.schema import (
    SinceSchema,
    WebhookAddressSchema,
    read_id,
    read_page,
    read_since,
    read_webhook,
    write_delivery,
    write_webhook,
)
from services.intake.webhooks.send_again import send_again, send_again_since, send_test
from shared.calling import Line
from shared.openapi import Answer, Takes, described
from shared.web import AGENCY, as_json, json_body, open_to, the_caller, the_room, the_trace

if TYPE_CHECKING:
    from shared.service import Room

api = Blueprint("webhooks", __name__)
_TAG = "Webhooks"


def line_of(room: Room) -> Line:
    """The room's way out to endpoints."""
    line: Line = room.keep("webhook_line", lambda: Line.of(room.settings))
    return line


@api.put("/v1/webhook")
@open_to(AGENCY)
@described(
    _TAG,
    takes=Takes(WebhookAddressSchema, {"An address": {"url": "https://agency.example/hub"}}),
    answers={
        201: Answer("There was none; the secret is shown once.", WEBHOOK_WITH_SECRET, EXAMPLE_WITH_SECRET),
        200: Answer("There was one: it goes there now, with the same secret.", WEBHOOK, EXAMPLE_WEBHOOK),
    },
)
def put_the_webhook() -> Response:
    """Have changes of status pushed to an address.

    They are signed as Standard Webhooks. The secret is made with the webhook and shown once. A webhook that
    was disabled is active again, and what waits is sent at once.
    """
    room = the_room()
    url, target = read_webhook(json_body())
    check_target(target, line_of(room))
    with room.unit(the_trace()) as unit:
        kept = put_webhook(the_caller().name, url, unit)
    return _told(kept, HTTPStatus.OK if kept.secret is None else HTTPStatus.CREATED)


@api.get("/v1/webhook")
@open_to(AGENCY)
@described(
    _TAG,
    problems=(NoWebhook,),
    answers={200: Answer("How it stands.", WEBHOOK, EXAMPLE_WEBHOOK)},
)
def get_the_webhook() -> dict[str, Any]:
    """Where the agency's webhook goes and how it is doing."""
    room, agency = the_room(), the_caller().name
    with room.database.reading() as connection:
        endpoint = endpoints_store.find_endpoint(connection, agency)
        if endpoint is None:
            raise NoWebhook
        return write_webhook(endpoint, endpoints_store.secrets_of(connection, agency, room.clock()))


@api.delete("/v1/webhook")
@open_to(AGENCY)
@described(_TAG, problems=(NoWebhook,), answers={204: Answer("It is gone.")})
def delete_the_webhook() -> tuple[str, int]:
    """Push nothing more, and forget what was pushed."""
    with the_room().unit(the_trace()) as unit:
        remove_webhook(the_caller().name, unit)
    return "", HTTPStatus.NO_CONTENT


@api.post("/v1/webhook/secret")
@open_to(AGENCY)
@described(
    _TAG,
    problems=(NoWebhook,),
    answers={201: Answer("The new secret, shown once.", WEBHOOK_WITH_SECRET, EXAMPLE_WITH_SECRET)},
)
def post_secret() -> Response:
    """A new secret, shown once; for a day everything is signed with it and with the one before."""
    with the_room().unit(the_trace()) as unit:
        kept = renew_secret(the_caller().name, unit)
    return _told(kept, HTTPStatus.CREATED)


@api.post("/v1/webhook/test")
@open_to(AGENCY)
@described(
    _TAG,
    problems=(NoWebhook, WebhookDisabled),
    answers={202: Answer("It is on its way.", DELIVERY, EXAMPLE_DELIVERY)},
)
def post_test() -> Response:
    """Send a test event; what became of it stands among the deliveries."""
    with the_room().unit(the_trace()) as unit:
        delivery = send_test(the_caller().name, unit)
    return as_json(write_delivery(delivery), HTTPStatus.ACCEPTED)


@api.get("/v1/webhook/deliveries")
@open_to(AGENCY)
@described(_TAG, asks=PAGE, answers={200: Answer("A page of them.", DELIVERIES, EXAMPLE_DELIVERIES)})
def get_deliveries() -> dict[str, Any]:
    """What was pushed to the agency or waits to be, the newest event first, with every attempt."""
    state, before, limit = read_page(request.args)
    with the_room().database.reading() as connection:
        found = deliveries_store.list_deliveries(
            connection, the_caller().name, state=state, before=before, limit=limit + 1
        )
    page = found[:limit]
    return {
        "deliveries": [write_delivery(delivery) for delivery in page],
        "next_cursor": str(page[-1].id) if len(found) > len(page) else None,
    }


@api.post("/v1/webhook/deliveries/<delivery_id>/replay")
@open_to(AGENCY)
@described(
    _TAG,
    asks=(THE_ID,),
    problems=(NoWebhook, WebhookDisabled),
    answers={202: Answer("It is on its way again.", DELIVERY, EXAMPLE_DELIVERY)},
)
def post_delivery_replay(delivery_id: str) -> Response:
    """Send one delivery again, under the same webhook-id."""
    with the_room().unit(the_trace()) as unit:
        delivery = send_again(the_caller().name, read_id(delivery_id), unit)
    return as_json(write_delivery(delivery), HTTPStatus.ACCEPTED)


@api.post("/v1/webhook/replay")
@open_to(AGENCY)
@described(
    _TAG,
    takes=Takes(SinceSchema, {"Since an instant": {"since": "2026-11-20T14:05:00Z"}}),
    problems=(NoWebhook, WebhookDisabled),
    answers={202: Answer("They are on their way again.", REPLAYED, {"replayed": 12})},
)
def post_replay() -> Response:
    """Send every change of status since an instant again, each under the same webhook-id."""
    since = read_since(json_body())
    with the_room().unit(the_trace()) as unit:
        replayed = send_again_since(the_caller().name, since, unit)
    return as_json({"replayed": replayed}, HTTPStatus.ACCEPTED)


def _told(kept: Kept, status: HTTPStatus) -> Response:
    told = write_webhook(kept.endpoint, kept.secrets)
    return as_json(told if kept.secret is None else {**told, "secret": kept.secret}, status)
