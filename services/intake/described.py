"""What the API's reference says of intake's routes: the shapes of their answers, and examples."""

from __future__ import annotations

from typing import Any, Final, get_args

from services.intake.domain.kept_referral import MISSING, Status
from services.intake.fields import MOST_IN_BATCH, NO_NUL, RECORD_ID, WITHIN_YEARS
from services.intake.listing import MOST_LISTED
from services.intake.schema import ReferralSchema
from shared.openapi import (
    INSTANT,
    PROBLEM,
    TEXT,
    THE_CURSOR,
    WHOLE,
    Asked,
    JsonSchema,
    Shape,
    a_list_of,
    an_object,
    how_many,
    maybe,
)

REFERENCE: Final[JsonSchema] = {
    "type": "string",
    "pattern": "^R-[0-9A-Z]{5}-[0-9A-Z]{5}$",
    "description": "The referral's number here; the last character checks the others.",
}

_WARNING: Final = Shape(
    "Warning",
    an_object(
        {
            "pointer": {**TEXT, "description": "Where it is in the referral (RFC 6901)."},
            "code": {**TEXT, "description": "What kind of warning this is; it stays the same."},
            "detail": {**TEXT, "description": "What to do about it."},
        }
    ),
)

_RECEIPT: Final[dict[str, Any]] = {
    "reference": REFERENCE,
    "source_record_id": {**TEXT, "maxLength": RECORD_ID, "description": "The agency's own record number."},
    "version": {"type": "integer", "minimum": 1, "description": "Counts the amendments of the record."},
    "status": {"const": "received"},
    "received_at": INSTANT,
    "warnings": {
        **a_list_of(_WARNING),
        "description": "What is strange or missing. The referral was taken all the same.",
    },
}

RECEIPT: Final = Shape("Receipt", an_object(_RECEIPT))

STATUS: Final = Shape(
    "ReferralStatus",
    an_object(
        _RECEIPT
        | {
            "status": {
                "enum": list(get_args(Status)),
                "description": "`returned`: something is missing; send it as an amendment.",
            },
            "updated_at": INSTANT,
            "missing": {
                **a_list_of(an_object({"code": {"enum": list(MISSING)}, "detail": TEXT})),
                "description": "While it is returned: what the case lacks, and how to bring it.",
            },
        }
    ),
)

STATUSES: Final = Shape(
    "ReferralStatuses",
    an_object(
        {
            "referrals": a_list_of(STATUS),
            "next_cursor": {**maybe(TEXT), "description": "Where the next page begins; null on the last."},
        }
    ),
)

_OUTCOMES: Final = ("new", "repeat", "amended", "refused")

BATCH: Final = Shape(
    "Batch",
    an_object(
        {
            "referrals": {
                "type": "array",
                "items": ReferralSchema,
                "minItems": 1,
                "maxItems": MOST_IN_BATCH,
                "description": "Each is read by itself.",
            }
        }
    )
    | {"additionalProperties": False},
)

BATCH_ANSWER: Final = Shape(
    "BatchAnswer",
    an_object(
        {
            "counts": an_object(dict.fromkeys(_OUTCOMES, WHOLE)),
            "results": a_list_of(
                Shape(
                    "Result",
                    an_object(
                        {
                            "outcome": {"enum": list(_OUTCOMES)},
                            "status": {
                                "type": "integer",
                                "description": "What the referral would have been answered by itself.",
                            },
                            "receipt": RECEIPT,
                            "problem": PROBLEM,
                        },
                        "receipt",
                        "problem",
                    ),
                )
            ),
        }
    ),
)

HISTORY: Final = Shape(
    "History",
    an_object(
        {
            "reference": REFERENCE,
            "source_record_id": TEXT,
            "versions": a_list_of(an_object({"version": WHOLE, "received_at": INSTANT})),
            "steps": a_list_of(
                an_object(
                    {
                        "status": {"enum": list(get_args(Status))},
                        "reasons": {**a_list_of(TEXT), "description": "What is missing, in codes."},
                        "at": INSTANT,
                    }
                )
            ),
        }
    ),
)

EXAMPLE_RECEIPT: Final = {
    "reference": "R-7KQX4-M3DTW",
    "source_record_id": "EXAMPLE-0001",
    "version": 1,
    "status": "received",
    "received_at": "2026-11-20T14:05:02Z",
    "warnings": [
        {
            "pointer": "/parties/0/contacts",
            "code": "no_safe_contact",
            "detail": "No contact is marked as safe, and one that is unknown counts as unsafe. "
            "Ask, and send safe: yes where it is.",
        }
    ],
}

EXAMPLE_STATUS: Final = EXAMPLE_RECEIPT | {
    "status": "allocated",
    "updated_at": "2026-11-20T14:05:03Z",
    "missing": [],
}
EXAMPLE_WITHDRAWN: Final = EXAMPLE_STATUS | {"status": "withdrawn"}

EXAMPLES: Final[dict[str, object]] = {
    "The least that is taken": {
        "source_record_id": "EXAMPLE-0002",
        "referred_at": "2026-11-20T14:05:00+00:00",
        "strand": "dispute",
        "referrer": {"organisation": "An invented agency"},
        "event": {"type": "noise"},
        "parties": [{"role": "party"}],
    },
    "A burglary, with somebody who wants to know why": {
        "source_record_id": "EXAMPLE-0001",
        "referred_at": "2026-11-20T14:05:00+00:00",
        "assessment_point": "vcas",
        "need_identified_by": "crime_or_incident",
        "initiated_by": "harmed",
        "strand": "crime",
        "referrer": {"name": "An invented officer", "organisation": "Victim Care and Advice Service"},
        "event": {
            "type": "burglary",
            "started_on": "2026-11-14",
            "references": [{"scheme": "crime", "value": "CRI00123456"}],
            "summary": "Invented for this example: a shed was broken into and two bicycles were taken.",
            "justice_stage": "charged",
        },
        "parties": [
            {
                "role": "harmed",
                "name": {"given": "Invented", "family": "Example"},
                "date_of_birth": "1984-02-11",
                "address": {"line1": "1 Example Street", "town": "Durham", "postcode": "DH1 9ZZ"},
                "contacts": [{"channel": "mobile", "value": "07700 900123", "safe": "yes"}],
                "wishes": ["explanation", "apology"],
                "consents": [{"to": "referral", "decision": "given", "decided_on": "2026-11-19"}],
            }
        ],
        "risks": {"assessed": True, "immediate_danger": False},
    },
}

PRIORITY: Final = Asked(
    "Priority",
    TEXT,
    "`u=6` or `u=7` (RFC 9218) calls this background work: it waits behind everything else.",
    "header",
    example="u=7",
)

IDEMPOTENCY_KEY: Final = Asked(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "A key of your own for this request, such as a UUID: sent again with it, the request is answered as it "
    "was the first time, for 24 hours.",
    "header",
    example="0f0e7c1e-8a5c-4a8e-9d0f-000000000001",
)

THE_REFERENCE: Final = Asked(
    "reference", TEXT, "The number on the receipt, in any spelling.", "path", example="R-7KQX4-M3DTW"
)

_SINCE: Final = {"type": "string", "format": "date-time", "pattern": WITHIN_YEARS}

PAGE: Final = (
    Asked("source_record_id", {**TEXT, "pattern": NO_NUL}, "Only the record with this number."),
    Asked(
        "updated_since",
        _SINCE,
        "Only what has changed since then; with the offset from UTC. Ask with a minute before the latest "
        "`updated_at` that you know: of two changes at nearly the same time the later can be there first.",
    ),
    THE_CURSOR,
    how_many(MOST_LISTED),
)

EXAMPLE_BATCH: Final = {"referrals": list(EXAMPLES.values())}

EXAMPLE_BATCH_ANSWER: Final = {
    "counts": {"new": 1, "repeat": 0, "amended": 0, "refused": 1},
    "results": [
        {"outcome": "new", "status": 201, "receipt": EXAMPLE_RECEIPT},
        {
            "outcome": "refused",
            "status": 422,
            "problem": {
                "type": "urn:referral-hub:problem:unprocessable",
                "title": "What was sent was read but cannot be taken as it is.",
                "status": 422,
                "instance": "",
                "detail": "There is 1 fault in the referral. Nothing was kept: correct it and send it again.",
                "errors": [
                    {
                        "pointer": "/strand",
                        "code": "required",
                        "detail": "This is required: give a value.",
                    }
                ],
            },
        },
    ],
}

EXAMPLE_HISTORY: Final = {
    "reference": "R-7KQX4-M3DTW",
    "source_record_id": "EXAMPLE-0001",
    "versions": [{"version": 1, "received_at": "2026-11-20T14:05:02Z"}],
    "steps": [
        {"status": "received", "reasons": [], "at": "2026-11-20T14:05:02Z"},
        {"status": "allocated", "reasons": [], "at": "2026-11-20T14:05:03Z"},
    ],
}
