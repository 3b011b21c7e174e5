"""A worker that was killed is told to ops by mail, and the telling ends when it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.watch import Watch
from tests.support.hub_processes import HubProcesses, wait_until

if TYPE_CHECKING:
    from tests.support.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.production]

SECONDS = 60
RUNNING = ("intake", "triage-1", "notify")
OPS = "ops@referral-hub.example"


def test_ops_have_a_mail_when_a_worker_is_killed_and_it_ends_when_it_is_back(
    processes: HubProcesses, smtp: SMTPServer
) -> None:
    processes.start(*RUNNING)
    with processes.house() as house:
        watch = Watch(house)
        wait_until(lambda: watch.step() == {}, SECONDS, "all is well")
        processes.kill_9("triage-1")
        wait_until(lambda: "triage.urgent" in watch.step().get("ops_worker", ""), SECONDS, "it is missed")
        wait_until(lambda: subjects_to_ops(smtp), SECONDS, "ops have a mail")
        watch.step()
        assert subjects_to_ops(smtp) == ["Urgent: a worker of the hub is gone"]
        processes.start("triage-1")
        wait_until(lambda: watch.step() == {}, SECONDS, "all is well again")


def test_what_the_watch_finds_while_the_sender_is_dead_is_told_when_it_is_back(
    processes: HubProcesses, smtp: SMTPServer
) -> None:
    processes.start(*RUNNING)
    with processes.house() as house:
        watch = Watch(house)
        wait_until(lambda: watch.step() == {}, SECONDS, "all is well")
        processes.kill_9("notify")
        wait_until(lambda: "notify.events" in watch.step().get("ops_worker", ""), SECONDS, "it is missed")
        assert subjects_to_ops(smtp) == []
        processes.start("notify")
        wait_until(lambda: subjects_to_ops(smtp), SECONDS, "ops have a mail")


def subjects_to_ops(smtp: SMTPServer) -> list[str]:
    return [str(mail.message["Subject"]) for mail in smtp.mails if mail.message["To"] == OPS]
