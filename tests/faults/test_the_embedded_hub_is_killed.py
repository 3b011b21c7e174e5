"""The hub in one process is killed again and again: at each start it says by itself what nobody had heard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from tests.faults.agency_system import AgencySystem
from tests.faults.people import a_story
from tests.faults.test_everything_dies_in_turn import let_claims_run_out
from tests.faults.total_queue import assert_nothing_lost_nothing_twice, has_come_to_rest, standing
from tests.support.houses import Hub, embedded_hub
from tests.support.hub_processes import wait_until
from tests.support.ports import LOOPBACK, free_port
from tests.support.server_process import launch

pytestmark = pytest.mark.faults

REFERRALS = 240
KILLS = 4
SECONDS = 240


class Running:
    """`hub up` on a folder, in a process of its own."""

    def __init__(self, home: Path) -> None:
        """Choose a port; nothing runs yet."""
        self._home, self._port = home, free_port()
        self.url = f"http://{LOOPBACK}:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it takes referrals."""
        self._process = launch(
            [sys.executable, "-m", "services.cli", "up", "--home", self._home, "--port", str(self._port)],
            environment={"PATH": os.environ["PATH"], "HUB_GATHER_SECONDS": "1"},
            directory=Path(__file__).parents[2],
            log=self._home.parent / "hub.log",
        )
        wait_until(self._answers, SECONDS, "the hub serves")

    def _answers(self) -> bool:
        try:
            ready = urllib3.request("GET", f"{self.url}/health/ready", timeout=5, retries=False)
        except urllib3.exceptions.HTTPError:
            return False
        return ready.status == 200

    def end(self, how: signal.Signals) -> int:
        """Send it this signal; how it ended."""
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(how)
        return process.wait(SECONDS)

    def clear_up(self) -> None:
        """Kill it if it runs."""
        if self._process is not None:
            self.end(signal.SIGKILL)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub at rest whose folder the process works on; here it is only looked at."""
    made = embedded_hub(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def running(hub: Hub) -> Iterator[Running]:
    """The process, not started yet."""
    process = Running(hub.settings.home)
    yield process
    process.clear_up()


def test_a_hub_killed_while_referrals_come_in_loses_nothing_and_does_nothing_twice(
    hub: Hub, running: Running
) -> None:
    running.start()
    agency = AgencySystem(running.url, hub.key_of("vcas"), threads=4, seconds=SECONDS)
    numbers = iter(range(1, REFERRALS + 1))
    for kill in range(KILLS):
        agency.give(a_story(next(numbers)) for _ in range(REFERRALS // KILLS))
        # Each time a little further on.
        wait_until(taken(hub, kill * REFERRALS // KILLS + 10 + kill), SECONDS, "some are taken")
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
        running.start()
    acknowledged = agency.finish()
    assert acknowledged.failures == []
    wait_until(lambda: standing(hub.rooms).alerted, SECONDS, "all is alerted")
    assert running.end(signal.SIGTERM) == 0
    let_claims_run_out(hub.rooms["notify"])
    running.start()
    references = list(acknowledged.references.values())
    wait_until(has_come_to_rest(hub.rooms, references), SECONDS, "everything has come to rest")
    assert running.end(signal.SIGTERM) == 0
    assert_nothing_lost_nothing_twice(hub.rooms, references, hub.mails(), cases_expected=REFERRALS)


def taken(hub: Hub, count: int) -> Callable[[], bool]:
    """A condition to wait for: so many referrals have been taken."""
    return lambda: standing(hub.rooms).taken.total() >= count


def test_what_had_left_and_was_not_heard_is_said_again_by_the_next_start(hub: Hub, running: Running) -> None:
    receipt = hub.take(a_story(1))
    intake, *_ = hub.house._desks
    assert intake.relay.step(hub.clock()) == 1  # into the memory of this process, which the next one has not
    assert standing(hub.rooms).unsent == 0
    running.start()
    wait_until(has_come_to_rest(hub.rooms, [receipt["reference"]]), SECONDS, "it has come to its coordinator")
    assert running.end(signal.SIGTERM) == 0
    assert_nothing_lost_nothing_twice(hub.rooms, [receipt["reference"]], hub.mails(), cases_expected=1)
