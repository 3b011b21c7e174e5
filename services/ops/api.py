"""The desk of ops over HTTP: queues, what is parked, and having it tried again."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Blueprint, current_app, request

from shared.openapi import (
    INSTANT,
    TEXT,
    THE_CURSOR,
    UUID_TEXT,
    WHOLE,
    Answer,
    Asked,
    Shape,
    a_list_of,
    an_object,
    described,
    how_many,
    maybe,
)
from shared.problems import Fault, NotFound, Unprocessable
from shared.web import open_to

if TYPE_CHECKING:
    import datetime as dt

    from services.ops.desk import Desk
    from shared.messaging.parking import Parked

api = Blueprint("ops", __name__)

OPS: Final = ("ops",)
NO_SUCH_MESSAGE: Final = "There is no parked message with this id."
_MOST: Final = 200
_SMALL: Final = re.compile(r"[0-9]{1,3}")

_QUEUES: Final = Shape(
    "OpsQueues",
    an_object(
        {
            "broker": {"enum": ["ok", "away"], "description": "Whether the broker answers."},
            "queues": a_list_of(
                Shape(
                    "OpsQueue",
                    an_object(
                        {
                            "queue": TEXT,
                            "hearer": {
                                **TEXT,
                                "description": "The service, or team, that hears it.",
                            },
                            "ready": {
                                **maybe(WHOLE),
                                "description": "Messages that wait in it; null where there is no such queue.",
                            },
                        }
                    ),
                )
            ),
            "services": a_list_of(
                Shape(
                    "OpsService",
                    an_object(
                        {
                            "service": TEXT,
                            "database": {
                                "enum": ["ok", "away"],
                                "description": "Whether its database answers; if not, all else is null.",
                            },
                            "unsent": {**maybe(WHOLE), "description": "Messages that have not left."},
                            "oldest_unsent_at": maybe(INSTANT),
                            "to_try_again": {
                                **maybe(WHOLE),
                                "description": "Messages that are tried again by themselves.",
                            },
                            "parked": {**maybe(WHOLE), "description": "Messages that wait for a person."},
                        }
                    ),
                )
            ),
        }
    ),
)
_PARKED: Final = Shape(
    "ParkedMessage",
    an_object(
        {
            "id": UUID_TEXT,
            "service": TEXT,
            "queue": TEXT,
            "type": {
                **maybe(TEXT),
                "description": "What kind of message it is; null if that cannot be read.",
            },
            "subject": {**maybe(TEXT), "description": "The reference of what it is about."},
            "reason": {**TEXT, "description": "Why it could not be handled: a stable code."},
            "detail": TEXT,
            "attempts": WHOLE,
            "held_at": INSTANT,
            "retry_at": {**maybe(INSTANT), "description": "When it is tried again; null while it is parked."},
            "size": {**WHOLE, "description": "The bytes of its sealed body, which nobody sees here."},
        }
    ),
)
_PAGE: Final = Shape(
    "ParkedMessages",
    an_object(
        {
            "parked": a_list_of(_PARKED),
            "next_cursor": {**maybe(TEXT), "description": "Where the next page begins; null on the last."},
        }
    ),
)


def the_desk() -> Desk:
    """The desk at which this app stands."""
    desk: Desk = current_app.extensions["hub_desk"]
    return desk


@api.get("/v1/ops/queues")
@open_to(*OPS)
@described("Ops", answers={200: Answer("What waits where.", _QUEUES)})
def get_queues() -> dict[str, Any]:
    """How much waits in each queue, in each service's outbox, and among the messages that are held."""
    depths = the_desk().depths()
    return {
        "broker": "away" if depths is None else "ok",
        "queues": [vars(depth) for depth in depths or ()],
        "services": [
            {
                "service": name,
                "database": "ok" if found else "away",
                "unsent": found.unsent if found else None,
                "oldest_unsent_at": _instant(found.oldest_unsent_at) if found else None,
                "to_try_again": found.to_try_again if found else None,
                "parked": found.parked if found else None,
            }
            for name, found in the_desk().services().items()
        ],
    }


@api.get("/v1/ops/parked")
@open_to(*OPS)
@described(
    "Ops",
    asks=(
        Asked(
            "state",
            {"enum": ["parked", "any"], "default": "parked"},
            "Also those that are tried again by themselves (`any`).",
        ),
        THE_CURSOR,
        how_many(_MOST),
    ),
    answers={200: Answer("A page of them.", _PAGE)},
)
def get_parked() -> dict[str, Any]:
    """Messages that could not be handled, the oldest first, with their reasons and never their content."""
    faults = []
    state, limit, cursor = (request.args.get(name) for name in ("state", "limit", "cursor"))
    if state not in (None, "parked", "any"):
        faults.append(Fault("/state", "not_allowed", "Ask for parked or any."))
    if limit is not None and not (_SMALL.fullmatch(limit) and 1 <= int(limit) <= _MOST):
        faults.append(Fault("/limit", "not_allowed", f"Ask for 1 to {_MOST}."))
    after = uuid_of(cursor) if cursor is not None else None
    if cursor is not None and after is None:
        faults.append(Fault("/cursor", "not_allowed", "Send the cursor as it was given."))
    if faults:
        raise Unprocessable(errors=faults)
    most = int(limit or 50)
    found = the_desk().parked(waiting_too=state == "any", after=after, limit=most + 1)
    page = found[:most]
    return {
        "parked": [write_parked(name, one) for name, one in page],
        "next_cursor": str(page[-1][1].id) if len(found) > len(page) else None,
    }


@api.post("/v1/ops/parked/<parked_id>/replay")
@open_to(*OPS)
@described(
    "Ops",
    asks=(Asked("parked_id", TEXT, "The id of the parked message.", "path"),),
    answers={202: Answer("It is tried again at once.", _PARKED)},
)
def post_parked_replay(parked_id: str) -> tuple[dict[str, Any], int]:
    """Have a message tried again at once; when it fails again it is parked again."""
    wanted = uuid_of(parked_id)
    found = the_desk().replay(wanted) if wanted else None
    if found is None:
        raise NotFound(NO_SUCH_MESSAGE)
    return write_parked(*found), HTTPStatus.ACCEPTED


def write_parked(service: str, one: Parked) -> dict[str, Any]:
    """A held message in JSON."""
    return {
        "id": str(one.id),
        "service": service,
        "queue": one.queue,
        "type": one.type or None,
        "subject": one.subject or None,
        "reason": one.reason,
        "detail": one.detail,
        "attempts": one.attempts,
        "held_at": _instant(one.held_at),
        "retry_at": _instant(one.retry_at),
        "size": one.size,
    }


def uuid_of(text: str) -> UUID | None:
    """The id that this is; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _instant(at: dt.datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
