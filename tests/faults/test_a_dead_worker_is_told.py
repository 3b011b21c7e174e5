"""What is ill with a hub of real processes is told to ops by mail, also when the sender was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pika
import pytest

from services.doctor import LAGGING
from services.watch import Watch
from shared.clock import utc_now
from shared.contracts import ReferralWithdrawn
from tests.support.hub_processes import HubProcesses, wait_until

if TYPE_CHECKING:
    from tests.support.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.production]

SECONDS = 60
RUNNING = ("intake", "triage-1", "notify")
OPS = "ops@referral-hub.example"


def test_when_the_sender_is_dead_the_watch_tells_ops_itself_and_nothing_is_told_twice(
    processes: HubProcesses, smtp: SMTPServer
) -> None:
    processes.start(*RUNNING)
    with processes.house() as house:
        watch = Watch(house)
        wait_until(lambda: watch.step() == {}, SECONDS, "all is well")
        processes.kill_9("notify")
        wait_until(lambda: "notify.events" in watch.step().get("ops_worker", ""), SECONDS, "it is missed")
        assert subjects_to_ops(smtp) == []
        # By its clock the half minute is over in which somebody else should have sent it.
        house.rooms["notify"].clock = lambda: utc_now() + 2 * LAGGING
        watch.step()
        expected = ["Urgent: a relay of the hub lags", "Urgent: a worker of the hub is gone"]
        assert sorted(subjects_to_ops(smtp)) == expected
        processes.start("notify")
        wait_until(lambda: watch.step() == {}, SECONDS, "all is well again")
        assert sorted(subjects_to_ops(smtp)) == expected


def test_a_killed_worker_a_parked_message_a_growing_queue_and_a_lagging_relay_reach_ops_by_mail(
    processes: HubProcesses, smtp: SMTPServer
) -> None:
    processes.start(*RUNNING)
    broker = processes.settings["HUB_BROKER_URL"]
    with processes.house() as house:
        watch = Watch(house, long=20)
        wait_until(lambda: watch.step() == {}, SECONDS, "all is well")
        publish(broker, 1)
        wait_until(lambda: "ops_parked" in watch.step(), SECONDS, "what nobody can read was parked")
        processes.kill_9("triage-1")
        wait_until(lambda: "ops_worker" in watch.step(), SECONDS, "it is missed")

        def grows() -> bool:
            publish(broker, 20)
            return "ops_queue" in watch.step()

        wait_until(grows, SECONDS, "its queue grows")
        processes.kill_9("intake")
        said = ReferralWithdrawn(
            reference="R-7KQX4-M3DTW", agency="vcas", version=1, withdrawn_at=utc_now(), reason="Invented"
        )
        with house.rooms["intake"].unit() as unit:
            unit.say(said)
        house.rooms["intake"].clock = lambda: utc_now() + 2 * LAGGING
        wait_until(lambda: "intake" in watch.step().get("ops_relay", ""), SECONDS, "its relay lags")
        wait_until(lambda: len(subjects_to_ops(smtp)) == 4, SECONDS, "ops have four mails")
        processes.start("intake", "triage-1")
        wait_until(lambda: watch.step().keys() == {"ops_parked"}, SECONDS, "all else is well again")
    assert sorted(subjects_to_ops(smtp)) == [
        "A queue of the hub grows",
        "The hub has parked a message",
        "Urgent: a relay of the hub lags",
        "Urgent: a worker of the hub is gone",
    ]


def publish(broker: str, count: int) -> None:
    """What nobody can read, confirmed by the broker."""
    with pika.BlockingConnection(pika.URLParameters(broker)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for _ in range(count):
            channel.basic_publish("", "triage.normal", b"invented")


def subjects_to_ops(smtp: SMTPServer) -> list[str]:
    return [str(mail.message["Subject"]) for mail in smtp.mails if mail.message["To"] == OPS]
