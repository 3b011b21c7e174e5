"""Ten thousand waiting rows of an import do not delay one urgent referral."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
import urllib3
from sqlalchemy import func, insert, select

from services.intake.tables import messaging
from services.notify.tables import alerts
from services.triage.tables import referrals
from shared.messaging.topology import QUEUES
from tests.faults.people import a_story, as_said_by_intake
from tests.support.hub_processes import WEB, HubProcesses, wait_until

if TYPE_CHECKING:
    from shared.service import Room

pytestmark = [pytest.mark.faults, pytest.mark.production]

BULK = 10_000
URGENT = 5
# What the workers have in hand when it comes, and what they do while it goes on to its alert: some hundreds.
MOST_AHEAD = BULK // 3
SECONDS = 240


def test_an_urgent_referral_goes_ahead_of_ten_thousand_that_wait(
    processes: HubProcesses,
) -> None:
    bulk = next(queue for queue in QUEUES if queue.name == "triage.bulk")
    with processes.house() as house:
        rooms = house.rooms
        keys = rooms["intake"].keys
        rows = [as_said_by_intake(a_story(number), keys, lane="bulk")[1] for number in range(BULK)]
        with rooms["intake"].database.transaction() as connection:
            connection.execute(insert(messaging.outbox), rows)
        processes.start("intake", WEB)
        wait_until(lambda: house.broker.depth(bulk) == BULK, SECONDS, "the import waits in triage.bulk")
        processes.start("triage-1", "triage-2", "notify")
        took, ahead = [], []
        for number in range(URGENT):
            before = triaged(rooms["triage"])
            took.append(post_and_wait(processes, rooms["notify"], number))
            ahead.append(triaged(rooms["triage"]) - before)
            assert house.broker.depth(bulk), "nothing was waiting any more: this shows nothing"
    # Counted in referrals and not in seconds: a busy machine is slow with all of them.
    print(f"ahead of it: {ahead}; from the POST to the alert: {[round(t, 2) for t in took]} s")  # noqa: T201 - the figures
    assert max(ahead) < MOST_AHEAD


def triaged(triage: Room) -> int:
    with triage.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(referrals)).scalar_one()


def post_and_wait(processes: HubProcesses, notify: Room, number: int) -> float:
    """Seconds from sending an urgent referral to its alert."""
    story = a_story(500_000 + number, risks={"assessed": True, "immediate_danger": True, "markers": []})
    before = urgent_alerts(notify)
    began = time.monotonic()
    answer = urllib3.request(
        "POST",
        f"{processes.url}/v1/referrals",
        body=json.dumps(story).encode(),
        headers={"Authorization": f"Bearer {processes.key_of('vcas')}", "Content-Type": "application/json"},
        retries=False,
        timeout=SECONDS,
    )
    assert answer.status == 201
    wait_until(lambda: urgent_alerts(notify) > before, SECONDS, "the alert is there", every=0.02)
    return time.monotonic() - began


def urgent_alerts(notify: Room) -> int:
    with notify.database.reading() as connection:
        return connection.execute(select(func.count()).where(alerts.c.urgent)).scalar_one()
