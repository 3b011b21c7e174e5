"""Notify's wire shapes: signing in, and an alert as a coordinator's screen gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from services.notify.domain.alert import Kind, State
from shared.directory import Role
from shared.openapi import FLAG, INSTANT, TEXT, UUID_TEXT, WHOLE, Shape, a_list_of, an_object, maybe
from shared.problems import Fault, Unprocessable, pointer_to

if TYPE_CHECKING:
    from services.notify.domain.alert import Alert


class SignInSchema(Schema):
    """Who signs in."""

    class Meta:
        unknown = RAISE

    # No text with a NUL can be looked for in PostgreSQL, and no address has one.
    email = fields.String(required=True, validate=(validate.Length(1, 254), validate.Regexp(r"^[^\x00]*$")))
    password = fields.String(required=True, validate=validate.Length(1, 200))


_sign_in = SignInSchema()


def read_sign_in(body: object) -> tuple[str, str]:
    """E-mail and password; `Unprocessable` with every fault."""
    try:
        read = _sign_in.load(body)  # type: ignore[arg-type]  # marshmallow itself refuses what is no object
    except ValidationError as error:
        messages: Any = error.messages
        faults = [
            Fault(pointer_to(name), "not_allowed", "Send email and password as text.")
            if name in _sign_in.fields
            # The name of an unknown field is not ours, and so is not repeated.
            else Fault("", "not_allowed", "Send an object with email and password, and nothing else.")
            for name in messages
        ]
        raise Unprocessable(errors=faults) from None
    return read["email"], read["password"]


TOKEN: Final = Shape(
    "Token",
    an_object(
        {
            "token": {**TEXT, "description": "To be shown as `Authorization: Bearer <token>`."},
            "expires_in": {**WHOLE, "description": "Seconds for which it is good."},
            "role": {"enum": list(get_args(Role))},
            "team": {**TEXT, "description": "The slug of the member's team; empty for those of no team."},
            "agency": {**TEXT, "description": "The slug of a practitioner's agency; empty for the rest."},
        }
    ),
)

ALERT: Final = Shape(
    "Alert",
    an_object(
        {
            "id": UUID_TEXT,
            "case": {**TEXT, "description": "The case's reference."},
            "kind": {"enum": list(get_args(Kind))},
            "team": TEXT,
            "urgent": FLAG,
            "state": {"enum": list(get_args(State))},
            "raised_at": INSTANT,
            "acknowledged_at": maybe(INSTANT),
            "acknowledged_by": {**maybe(TEXT), "description": "The address of who has it."},
        }
    ),
)

ALERTS: Final = Shape(
    "Alerts",
    an_object(
        {
            "alerts": a_list_of(ALERT),
            "next_cursor": {**maybe(TEXT), "description": "Where the next page begins; null on the last."},
        }
    ),
)


def write_alert(alert: Alert) -> dict[str, Any]:
    """The alert in JSON."""
    return {
        "id": str(alert.id),
        "case": alert.case,
        "kind": alert.kind,
        "team": alert.team,
        "urgent": alert.urgent,
        "state": alert.state,
        "raised_at": alert.raised_at.isoformat().replace("+00:00", "Z"),
        "acknowledged_at": alert.acknowledged_at.isoformat().replace("+00:00", "Z")
        if alert.acknowledged_at
        else None,
        "acknowledged_by": alert.acknowledged_by,
    }
