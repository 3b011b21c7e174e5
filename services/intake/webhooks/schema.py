"""Wire and domain of webhooks: what an agency sends to set one up, what it is told, and the event itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from marshmallow import ValidationError

from services.intake.domain.kept_referral import MISSING
from services.intake.fields import Advice, Instant, PartSchema, Text, read_part
from services.intake.webhooks.domain.delivery import STATES, Change, Delivery, State
from shared.problems import Fault, Unprocessable
from shared.target import LONGEST, Reproof, Target, read_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.intake.webhooks.domain.endpoint import Endpoint, Secret

MOST_LISTED: Final = 200
_DIGITS: Final = len(str(MOST_LISTED))

WHY_DISABLED: Final = {
    "gone": "The endpoint answered 410 Gone. PUT the webhook again when it wants to hear once more.",
    "failing": "The endpoint has taken nothing for five days. PUT the webhook again when it answers.",
}


class WebAddress(Text):
    """An address that may be called, as far as its own words tell."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - as marshmallow has it
        """The address, as given."""
        address = super().deserialize(value)
        if isinstance(address, str) and isinstance(reproof := read_target(address), Reproof):
            raise ValidationError([Advice(*reproof)])
        return address

    def as_json_schema(self, found: dict[str, Any]) -> dict[str, Any]:
        """An address of the usual form."""
        return super().as_json_schema(found) | {"format": "uri", "examples": ["https://agency.example/hub"]}


class WebhookAddressSchema(PartSchema):
    """Where changes of status are to be sent."""

    part = dict
    url = WebAddress(LONGEST, required=True)


class SinceSchema(PartSchema):
    """From when on everything is to be sent again."""

    part = dict
    since = Instant(required=True)


_WEBHOOK: Final = WebhookAddressSchema()
_SINCE: Final = SinceSchema()


def read_webhook(body: object) -> tuple[str, Target]:
    """The address that an agency wants to be called at; `Unprocessable` with every fault."""
    url: str = read_part(_WEBHOOK, body, "the webhook")["url"]
    target = read_target(url)
    assert isinstance(target, Target)  # noqa: S101 - the door has let it in
    return url, target


def read_since(body: object) -> dt.datetime:
    """From when on an agency wants everything sent again; `Unprocessable` with every fault."""
    since: dt.datetime = read_part(_SINCE, body, "the request")["since"]
    return since


def read_id(text: str) -> UUID | None:
    """The id that this text is; None if it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read_page(asked: Mapping[str, str]) -> tuple[State | None, UUID | None, int]:
    """The query of a list of deliveries: state, the place of the cursor, how many."""
    faults = []
    state = next((known for known in STATES if known == asked.get("state")), None)
    if "state" in asked and state is None:
        faults.append(
            Fault("/state", "not_allowed", f"Ask for {', '.join(STATES)}, or leave it out for all.")
        )
    before = read_id(asked["cursor"]) if "cursor" in asked else None
    if "cursor" in asked and before is None:
        faults.append(Fault("/cursor", "not_allowed", "Send the cursor as it was given."))
    limit = asked.get("limit", "50")
    small = limit.isascii() and limit.isdigit() and len(limit) <= _DIGITS
    if not (small and 1 <= int(limit) <= MOST_LISTED):
        faults.append(Fault("/limit", "not_allowed", f"Ask for 1 to {MOST_LISTED}."))
    if faults:
        raise Unprocessable(errors=faults)
    return state, before, int(limit)


# --------------------------------------------------------------------------------------- what is told


def write_event(kind: str, made_at: dt.datetime, change: Change | None) -> bytes:
    """The body of a delivery, to the letter what is signed: a referral, where it stands, and no person."""
    return msgspec.json.encode(
        {
            "type": kind,
            "timestamp": _instant(made_at if change is None else change.at),
            "data": {} if change is None else write_change(change),
        }
    )


def write_change(change: Change) -> dict[str, Any]:
    """One step of a referral."""
    return {
        "reference": change.reference,
        "source_record_id": change.source_record_id,
        "version": change.version,
        "status": change.status,
        "changed_at": _instant(change.at),
        "missing": [{"code": code, "detail": MISSING.get(code, "")} for code in change.missing],
    }


def write_webhook(endpoint: Endpoint, secrets: list[Secret]) -> dict[str, Any]:
    """How the agency's webhook stands; its secrets by their ids alone."""
    return {
        "url": endpoint.url,
        "state": endpoint.state,
        "disabled": None
        if endpoint.reason is None
        else {
            "reason": endpoint.reason,
            "since": _maybe(endpoint.disabled_at),
            "detail": WHY_DISABLED[endpoint.reason],
        },
        "failing_since": _maybe(endpoint.failing_since),
        "last_delivered_at": _maybe(endpoint.last_delivered_at),
        "made_at": _instant(endpoint.made_at),
        "secrets": [
            {
                "id": str(secret.id),
                "made_at": _instant(secret.made_at),
                "expires_at": _maybe(secret.expires_at),
            }
            for secret in secrets
        ],
    }


def write_delivery(delivery: Delivery) -> dict[str, Any]:
    """One delivery with its attempts; `id` is what was sent as webhook-id."""
    return {
        "id": str(delivery.id),
        "type": delivery.type,
        "data": {} if delivery.change is None else write_change(delivery.change),
        "state": delivery.state,
        "made_at": _instant(delivery.made_at),
        "next_attempt_at": _maybe(delivery.due_at),
        "delivered_at": _maybe(delivery.delivered_at),
        "attempts": [
            {
                "at": _instant(attempt.at),
                "status": attempt.status,
                "trouble": attempt.trouble,
                "ms": attempt.ms,
            }
            for attempt in delivery.attempts
        ],
    }


def _instant(value: dt.datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _maybe(value: dt.datetime | None) -> str | None:
    return None if value is None else _instant(value)
