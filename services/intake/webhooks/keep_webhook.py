"""Set an agency's webhook up, change it, give it a new secret, or take it away."""

from __future__ import annotations

import secrets as random_bytes
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.intake.webhooks import endpoints_store, waiting_store
from services.intake.webhooks.domain.endpoint import OVERLAP, Endpoint, Secret
from shared.problems import Conflict, Fault, NotFound, Unprocessable
from shared.signature import SECRET_BYTES, write_secret
from shared.target import NOT_TO_BE_CALLED

if TYPE_CHECKING:
    from shared.calling import Line
    from shared.messaging.unit import Unit
    from shared.target import Target


class NoWebhook(NotFound):
    """You have no webhook."""

    code = "no_webhook"
    advice = "Make one with PUT /v1/webhook."


class WebhookDisabled(Conflict):
    """Your webhook is disabled, so nothing is sent to it."""

    code = "webhook_disabled"
    advice = "GET /v1/webhook says why. PUT it again first: what waits is sent then."


@dataclass(frozen=True)
class Kept:
    """The webhook as it is now; the secret is there when it was made just now, and never again."""

    endpoint: Endpoint
    secrets: list[Secret]
    secret: str | None


def check_target(target: Target, line: Line) -> None:
    """Refuse an address that the hub would not call."""
    if not line.reaches(target):
        raise Unprocessable(errors=[Fault("/url", *NOT_TO_BE_CALLED)])


def put_webhook(agency: str, url: str, unit: Unit) -> Kept:
    """Have changes of status sent there from now on; what waits is due now, with all attempts before it."""
    endpoint = Endpoint(agency, url, made_at=unit.now, put_at=unit.now)
    if endpoints_store.add_endpoint(unit, endpoint):
        secret, text = _new_secret(agency, unit)
        return Kept(endpoint, [secret], text)
    known = hold_webhook(agency, unit)
    endpoint = replace(endpoint, made_at=known.made_at, last_delivered_at=known.last_delivered_at)
    endpoints_store.change_endpoint(unit, endpoint)
    waiting_store.send_all_again(unit, agency)
    return Kept(endpoint, endpoints_store.secrets_of(unit.connection, agency, unit.now), None)


def renew_secret(agency: str, unit: Unit) -> Kept:
    """Sign with a new secret from now on; the one before it signs as well until the overlap is over."""
    endpoint = hold_webhook(agency, unit)
    before = endpoints_store.secrets_of(unit.connection, agency, unit.now)[0]
    secret, text = _new_secret(agency, unit)
    return Kept(endpoint, [secret, replace(before, expires_at=unit.now + OVERLAP)], text)


def remove_webhook(agency: str, unit: Unit) -> None:
    """Send nothing more, and forget what was sent."""
    hold_webhook(agency, unit)
    endpoints_store.remove_endpoint(unit, agency)


def hold_webhook(agency: str, unit: Unit) -> Endpoint:
    """The agency's endpoint, locked until the unit ends; `NoWebhook` when there is none."""
    endpoint = endpoints_store.hold_endpoint(unit, agency)
    if endpoint is None:
        raise NoWebhook
    return endpoint


def hold_active_webhook(agency: str, unit: Unit) -> Endpoint:
    """The same; `WebhookDisabled` when nothing would be sent."""
    endpoint = hold_webhook(agency, unit)
    if endpoint.state == "disabled":
        raise WebhookDisabled
    return endpoint


def _new_secret(agency: str, unit: Unit) -> tuple[Secret, str]:
    secret = random_bytes.token_bytes(SECRET_BYTES)
    return endpoints_store.add_secret(unit, agency, secret, unit.now + OVERLAP), write_secret(secret)
