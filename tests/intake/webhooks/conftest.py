"""What tests of pushing ask for: a hub that may call the loopback address, and agencies with servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from tests.support.webhook_receiver import Received, Receiver

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.support.houses import Hub

LOOPBACK_NETWORK = "127.0.0.0/8"


@dataclass
class Agency:
    """An agency's system: its key, its server, and the secrets that it was given, the newest first."""

    hub: Hub
    name: str
    server: Receiver
    secrets: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: object = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.hub.key_of(self.name)}"}
        return self.hub.front.open(path, method=method, headers=headers, json=body)

    def put(self, url: str | None = None) -> dict[str, Any]:
        """Set the webhook up, or change it."""
        answer = self.ask("PUT", "/v1/webhook", {"url": url or self.server.url})
        assert answer.status_code in (200, 201), answer.text
        return self._kept(answer)

    def renew_secret(self) -> dict[str, Any]:
        answer = self.ask("POST", "/v1/webhook/secret")
        assert answer.status_code == 201, answer.text
        return self._kept(answer)

    def _kept(self, answer: TestResponse) -> dict[str, Any]:
        told: dict[str, Any] = answer.get_json()
        if "secret" in told:
            self.secrets.insert(0, told["secret"])
        return told

    def webhook(self) -> dict[str, Any]:
        answer = self.ask("GET", "/v1/webhook")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    def deliveries(self, query: str = "") -> list[dict[str, Any]]:
        """What was pushed or waits, the newest event first."""
        answer = self.ask("GET", f"/v1/webhook/deliveries{query}")
        assert answer.status_code == 200, answer.text
        told: list[dict[str, Any]] = answer.get_json()["deliveries"]
        return told

    def statuses(self) -> list[tuple[str, str]]:
        """Which record was said to stand where, in the order of arrival."""
        return [
            (received.event["data"]["source_record_id"], received.event["data"]["status"])
            for received in self.server.received
        ]


def verified(received: Received, secret: str) -> dict[str, Any]:
    """The event, as the reference library reads it with this secret."""
    read: dict[str, Any] = Webhook(secret).verify(received.body, dict(received.headers))
    return read


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub that may call this machine."""
    return make_hub(webhook_private_networks=LOOPBACK_NETWORK)


@pytest.fixture
def server() -> Iterator[Receiver]:
    """A server of an agency's own."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def agency(hub: Hub, server: Receiver) -> Agency:
    """An agency with a webhook."""
    made = Agency(hub, "vcas", server)
    made.put()
    return made
