"""What the API's reference says of webhooks: the shapes of their answers, and examples."""

from __future__ import annotations

from typing import Any, Final, get_args

from services.intake.domain.kept_referral import Status
from services.intake.webhooks.domain.delivery import STATES, STATUS_CHANGED, TEST, Trouble
from services.intake.webhooks.domain.endpoint import Reason
from services.intake.webhooks.domain.endpoint import State as EndpointState
from services.intake.webhooks.schema import MOST_LISTED
from shared.openapi import (
    INSTANT,
    TEXT,
    THE_CURSOR,
    UUID_TEXT,
    WHOLE,
    Asked,
    Shape,
    a_list_of,
    an_object,
    how_many,
    maybe,
)

_WEBHOOK: Final[dict[str, Any]] = {
    "url": {**TEXT, "description": "Where deliveries are posted to."},
    "state": {"enum": list(get_args(EndpointState))},
    "disabled": {
        "description": "Why nothing is sent; null while it is active.",
        "anyOf": [
            an_object({"reason": {"enum": list(get_args(Reason))}, "since": maybe(INSTANT), "detail": TEXT}),
            {"type": "null"},
        ],
    },
    "failing_since": {**maybe(INSTANT), "description": "The first failure since the last success."},
    "last_delivered_at": maybe(INSTANT),
    "made_at": INSTANT,
    "secrets": {
        **a_list_of(an_object({"id": UUID_TEXT, "made_at": INSTANT, "expires_at": maybe(INSTANT)})),
        "description": "The secrets that sign now, the newest first, by their ids alone.",
    },
}

WEBHOOK: Final = Shape("Webhook", an_object(_WEBHOOK))
WEBHOOK_WITH_SECRET: Final = Shape(
    "WebhookWithSecret",
    an_object(
        _WEBHOOK
        | {
            "secret": {
                **TEXT,
                "pattern": "^whsec_",
                "description": "Shown this once: keep it where keys are kept.",
            }
        }
    ),
)

_CHANGE: Final = an_object(
    {
        "reference": TEXT,
        "source_record_id": TEXT,
        "version": WHOLE,
        "status": {"enum": list(get_args(Status))},
        "changed_at": INSTANT,
        "missing": {
            **a_list_of(an_object({"code": TEXT, "detail": TEXT})),
            "description": "When it was returned: what the case lacks, and how to bring it.",
        },
    }
)

DELIVERY: Final = Shape(
    "WebhookDelivery",
    an_object(
        {
            "id": {**UUID_TEXT, "description": "What is sent as `webhook-id`: the same each time."},
            "type": {"enum": [STATUS_CHANGED, TEST]},
            "data": {
                "description": "What the event says; empty in a test.",
                "anyOf": [_CHANGE, {"type": "object", "maxProperties": 0}],
            },
            "state": {"enum": list(STATES)},
            "made_at": INSTANT,
            "next_attempt_at": {
                **maybe(INSTANT),
                "description": "Not before then; null when it has ended, or when an older one of the same "
                "referral comes first.",
            },
            "delivered_at": maybe(INSTANT),
            "attempts": a_list_of(
                an_object(
                    {
                        "at": INSTANT,
                        "status": {"type": ["integer", "null"], "description": "What the endpoint answered."},
                        "trouble": {
                            "enum": [*get_args(Trouble), None],
                            "description": "What kept an answer from coming.",
                        },
                        "ms": WHOLE,
                    }
                )
            ),
        }
    ),
)

DELIVERIES: Final = Shape(
    "WebhookDeliveries",
    an_object(
        {
            "deliveries": a_list_of(DELIVERY),
            "next_cursor": {**maybe(TEXT), "description": "Where the next page begins; null on the last."},
        }
    ),
)

REPLAYED: Final = an_object({"replayed": {**WHOLE, "description": "How many will be sent again."}})

PAGE: Final = (
    Asked("state", {"enum": list(STATES)}, "Only deliveries in this state."),
    THE_CURSOR,
    how_many(MOST_LISTED),
)

THE_ID: Final = Asked("delivery_id", TEXT, "The delivery's id, sent as `webhook-id`.", "path")

EXAMPLE_WEBHOOK: Final = {
    "url": "https://agency.example/hub",
    "state": "active",
    "disabled": None,
    "failing_since": None,
    "last_delivered_at": "2026-11-20T14:05:03Z",
    "made_at": "2026-11-01T09:00:00Z",
    "secrets": [
        {
            "id": "019a3e5c-5a00-7000-8000-000000000001",
            "made_at": "2026-11-01T09:00:00Z",
            "expires_at": None,
        }
    ],
}

EXAMPLE_WITH_SECRET: Final = EXAMPLE_WEBHOOK | {
    "last_delivered_at": None,
    "secret": "whsec_aW52ZW50ZWQgZm9yIHRoaXMgZXhhbXBsZSBvbmx5IQ==",
}

EXAMPLE_DELIVERY: Final = {
    "id": "019a3e5c-5a00-7000-8000-000000000002",
    "type": STATUS_CHANGED,
    "data": {
        "reference": "R-7KQX4-M3DTW",
        "source_record_id": "EXAMPLE-0001",
        "version": 1,
        "status": "allocated",
        "changed_at": "2026-11-20T14:05:03Z",
        "missing": [],
    },
    "state": "delivered",
    "made_at": "2026-11-20T14:05:03Z",
    "next_attempt_at": None,
    "delivered_at": "2026-11-20T14:05:08Z",
    "attempts": [
        {"at": "2026-11-20T14:05:03Z", "status": 503, "trouble": None, "ms": 41},
        {"at": "2026-11-20T14:05:08Z", "status": 204, "trouble": None, "ms": 38},
    ],
}

EXAMPLE_DELIVERIES: Final = {"deliveries": [EXAMPLE_DELIVERY], "next_cursor": None}
