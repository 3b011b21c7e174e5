"""A process that dies between any two of its steps loses nothing and does nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from services.every import SERVICES
from tests.faults import dying
from tests.faults.people import a_story
from tests.faults.total_queue import assert_nothing_lost_nothing_twice, has_come_to_rest, standing
from tests.support.houses import Hub
from tests.support.hub_processes import wait_until
from tests.support.ports import LOOPBACK, free_port, is_listening

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.support.smtp_server import SMTPServer

pytestmark = pytest.mark.faults

REFERRALS = 3
HEAL_SECONDS = 30
Arrived = Callable[[], "list[EmailMessage]"]


@pytest.fixture
def hub(make_hub: Callable[..., Hub], infrastructure: str, request: pytest.FixtureRequest) -> Hub:
    """A hub at rest; on production infrastructure its mail goes to a real server."""
    if infrastructure == "embedded":
        return make_hub()
    smtp: SMTPServer = request.getfixturevalue("smtp")
    return make_hub(mail_url=smtp.url)


@pytest.fixture
def arrived(
    hub: Hub, infrastructure: str, request: pytest.FixtureRequest
) -> Callable[[], list[EmailMessage]]:
    """Every mail that was taken, repeats included."""
    if infrastructure == "embedded":
        return hub.mails
    smtp: SMTPServer = request.getfixturevalue("smtp")
    return lambda: [mail.message for mail in smtp.mails]


@pytest.mark.parametrize(
    ("service", "point"),
    [
        ("intake", dying.RELAY_BEFORE_CONFIRM),
        ("intake", dying.RELAY_BEFORE_MARK),
        ("triage", dying.RELAY_BEFORE_MARK),
        ("intake", dying.RELAY_IN_TRANSACTION),
        *(("triage", point) for point in dying.CONSUMER),
        ("notify", dying.CONSUMER_IN_TRANSACTION),
        ("notify", dying.CONSUMER_BEFORE_ACKNOWLEDGEMENT),
        ("intake", dying.CONSUMER_BEFORE_ACKNOWLEDGEMENT),
        *(("notify", point) for point in dying.SENDER),
    ],
)
def test_a_hub_killed_between_two_steps_finishes_when_it_is_started_again(
    service: str, point: str, hub: Hub, arrived: Arrived
) -> None:
    references = [str(hub.take(a_story(number))["reference"]) for number in range(1, REFERRALS + 1)]
    dying.dies_at(point, service, settings_of(hub))
    assert not standing(hub.rooms).at_rest, "it died when there was nothing left to do"
    start_again(hub, references)
    assert_nothing_lost_nothing_twice(hub.rooms, references, arrived(), cases_expected=REFERRALS)


def test_a_referral_whose_receipt_never_came_is_the_same_referral_when_it_is_sent_again(
    hub: Hub, arrived: Arrived
) -> None:
    port = free_port()
    end = dying.begin_dying_at(dying.INTAKE_BEFORE_RESPONSE, "intake", settings_of(hub), port)
    wait_until(lambda: is_listening(port), HEAL_SECONDS, "the hub that is to die serves")
    with pytest.raises(urllib3.exceptions.HTTPError):
        post(port, hub.key_of("vcas"), a_story(1))
    assert end() == -9
    kept = standing(hub.rooms).taken
    assert kept.total() == 1, "it died before the commit"
    answer = hub.post(a_story(1))
    assert answer.status_code == 200
    assert answer.get_json()["reference"] in kept
    start_again(hub, list(kept))
    assert_nothing_lost_nothing_twice(hub.rooms, kept, arrived(), cases_expected=1)


def settings_of(hub: Hub) -> dict[str, str]:
    """What another process needs to be the same hub; the keys are in its home."""
    urls = {f"HUB_{name.upper()}_DATABASE_URL": hub.settings.database_urls[name] for name in SERVICES}
    return urls | {
        "HUB_HOME": str(hub.settings.home),
        "HUB_BROKER_URL": hub.settings.broker_url,
        "HUB_MAIL_URL": hub.settings.mail_url,
    }


def start_again(hub: Hub, references: list[str]) -> None:
    """What the next process does: a volatile broker is filled again, and everybody goes on."""
    if hub.house.broker.volatile:
        hub.house.reconcile()
    # A letter that was in the dead process's hand is taken up when its claim has run out.
    hub.clock.move(minutes=2)
    rest = has_come_to_rest(hub.rooms, references)

    def settled() -> bool:
        hub.settle()
        return rest()

    wait_until(settled, HEAL_SECONDS, "everything has come to rest")


def post(port: int, key: str, story: dict[str, Any]) -> None:
    urllib3.request(
        "POST",
        f"http://{LOOPBACK}:{port}/v1/referrals",
        body=json.dumps(story).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        retries=False,
        timeout=30,
    )
