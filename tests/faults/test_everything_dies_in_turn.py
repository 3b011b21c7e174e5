"""While two thousand referrals come in, every process of the hub and both its servers are killed in turn."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from services.notify.tables import dispatches
from shared.messaging.topology import QUEUES
from tests.faults.agency_system import AgencySystem
from tests.faults.people import a_story
from tests.faults.total_queue import assert_nothing_lost_nothing_twice, has_come_to_rest, standing
from tests.support.hub_processes import WEB, HubProcesses, wait_until
from tests.support.rabbitmq_server import RabbitMQServer

if TYPE_CHECKING:
    from shared.service import Room
    from tests.support.postgresql_server import PostgreSQLServer
    from tests.support.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.production]

REFERRALS = 2000
# Another seed is another order and other moments; a failure tells which it was.
SEED = int(os.environ.get("FAULTS_SEED", "20261122"))
SECONDS = 240
VICTIMS = (
    "notify",
    "PostgreSQL",
    "intake",
    "intake",
    WEB,
    WEB,
    "the broker",
    "the broker",
    "the broker's disk",
    "triage-1",
    "triage-1",
    "triage-2",
)


@pytest.fixture
def own_broker() -> Iterator[RabbitMQServer]:
    """A broker of this test's own, because its disk is lost with whatever else is on it."""
    with RabbitMQServer() as server:
        yield server


def test_nothing_is_lost_and_nothing_is_done_twice_whatever_dies(
    tmp_path: Path,
    own_broker: RabbitMQServer,
    postgresql: PostgreSQLServer,
    database_urls: dict[str, str],
    smtp: SMTPServer,
) -> None:
    dice = random.Random(SEED)
    victims = dice.sample(VICTIMS, len(VICTIMS))
    print(f"FAULTS_SEED={SEED}: {', '.join(victims)}")  # noqa: T201 - pytest shows it with a failure
    hub = HubProcesses(
        tmp_path, broker_url=own_broker.amqp_url, database_urls=database_urls, mail_url=smtp.url
    )
    with hub:
        hub.prepare()
        hub.start()
        agency = AgencySystem(hub.url, hub.key_of("vcas"), seconds=SECONDS)
        began = time.monotonic()
        portion = -(-REFERRALS // len(victims))
        for turn, victim in enumerate(victims):
            numbers = range(turn * portion + 1, min(REFERRALS, (turn + 1) * portion) + 1)
            agency.give(a_story(number) for number in numbers)
            time.sleep(dice.uniform(0.2, 1.5))
            if victim == "PostgreSQL":
                postgresql.kill_9()
                postgresql.start()
            elif victim == "the broker":
                own_broker.kill_9()
                own_broker.start()
            elif victim == "the broker's disk":
                own_broker.kill_9()
                own_broker.wipe()
                own_broker.start()
                assert hub.hub("prepare").returncode == 0
                assert hub.hub("reconcile").returncode == 0
            else:
                hub.kill_9(victim)
                time.sleep(dice.uniform(0, 0.5))
                hub.start(victim)
        acknowledged = agency.finish()
        posted = time.monotonic()
        assert acknowledged.failures == []
        assert len(acknowledged.references) == REFERRALS
        references = list(acknowledged.references.values())
        with hub.house() as house:
            try:
                wait_until(lambda: standing(house.rooms).alerted, SECONDS, "all is alerted", every=0.5)
                hub.stop("notify")
                let_claims_run_out(house.rooms["notify"])
                hub.start("notify")
                rest = has_come_to_rest(house.rooms, references)
                # What was said again, or tells nobody anything, is heard too.
                wait_until(
                    lambda: rest() and not left_in_queues(own_broker), SECONDS, "all is at rest", every=0.5
                )
            except TimeoutError as late:
                late.add_note(str(standing(house.rooms)))
                raise
            hub.stop()
            mails = [mail.message for mail in smtp.mails]
            assert_nothing_lost_nothing_twice(house.rooms, references, mails, cases_expected=REFERRALS)
            assert left_in_queues(own_broker) == {}
    print(  # noqa: T201 - shown by `pytest -s`
        f"{REFERRALS} posted in {posted - began:.0f} s ({acknowledged.tried_again} tries again, "
        f"{acknowledged.repeats} answered 200), at rest {time.monotonic() - posted:.0f} s later; "
        f"{len(mails)} mails arrived"
    )


def let_claims_run_out(notify: Room) -> None:
    """Make due what was in a dead sender's hand, as it is after 90 seconds; no sender may live."""
    with notify.database.transaction() as connection:
        held = dispatches.c.due_at.is_not(None)
        connection.execute(update(dispatches).where(held).values(due_at=notify.clock()))


def left_in_queues(broker: RabbitMQServer) -> dict[str, int]:
    """What is still in any queue, given out or not."""
    listed = broker.ctl("list_queues", "name", "messages", "--no-table-headers")
    counts = {queue: int(count) for queue, count in (line.split() for line in listed.splitlines())}
    assert counts.keys() == {queue.name for queue in QUEUES}
    return {queue: count for queue, count in counts.items() if count}
