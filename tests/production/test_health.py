"""A worker's container is well while it holds its connections, and says which one is missing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.production.stack import DEPLOY
from tests.support.ports import LOOPBACK, free_port


def check(what: str, **urls: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(DEPLOY / "check_health.py"), what],
        env={"PATH": os.environ["PATH"], **urls},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_worker_with_both_connections_open_is_well() -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as broker,
        socket.create_server((LOOPBACK, 0)) as database,
        socket.create_connection(broker.getsockname()),
        socket.create_connection(database.getsockname()),
    ):
        done = check(
            "worker",
            HUB_BROKER_URL=f"amqp://hub-triage:invented@rabbitmq:{broker.getsockname()[1]}/hub",
            HUB_TRIAGE_DATABASE_URL=f"postgresql+psycopg://hub_triage:invented@postgres:{database.getsockname()[1]}/triage",
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_worker_that_lost_its_broker_is_ill_and_its_password_is_not_told() -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as database,
        socket.create_connection(database.getsockname()),
    ):
        done = check(
            "worker",
            HUB_BROKER_URL=f"amqp://hub-triage:invented@rabbitmq:{free_port()}/hub",
            HUB_TRIAGE_DATABASE_URL=f"postgresql+psycopg://hub_triage:invented@postgres:{database.getsockname()[1]}/triage",
        )
    assert done.returncode == 1
    assert done.stderr == "no open connection: HUB_BROKER_URL\n"


def test_a_service_that_does_not_answer_is_ill() -> None:
    done = check("web", HTTP_BIND=f"{LOOPBACK}:{free_port()}")
    assert done.returncode == 1
    assert done.stderr.startswith("no answer")


def test_who_watches_is_well_for_as_long_as_it_has_looked_lately(tmp_path: Path) -> None:
    sign = tmp_path / "looked"
    assert check("watch", WATCH_SIGN=str(sign)).stderr == "has not looked yet\n"
    sign.touch()
    assert check("watch", WATCH_SIGN=str(sign)).returncode == 0
    os.utime(sign, (0, 0))
    done = check("watch", WATCH_SIGN=str(sign))
    assert done.returncode == 1
    assert done.stderr.startswith("last looked ")
