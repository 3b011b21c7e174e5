"""gunicorn, with the settings of production, takes referrals into PostgreSQL and stops in order."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.intake.keep_agency_keys import make_key
from services.intake.service import INTAKE
from shared.database import Database, migrate
from shared.settings import Settings
from tests.conftest import FreshDatabase
from tests.production.stack import DEPLOY, ROOT, environment_of
from tests.support.builders import a_referral
from tests.support.ports import LOOPBACK, free_port

pytestmark = pytest.mark.production

START_SECONDS = 30
COMMAND = [
    *(sys.executable, "-m", "gunicorn"),
    *("-c", str(DEPLOY / "gunicorn.conf.py")),
    'services.wsgi:app_of("intake")',
]


def prepare_intake(url: str) -> None:
    database = Database(url)
    migrate(database, INTAKE.migrations)
    database.close()


@dataclass
class Served:
    """Intake behind gunicorn, an agency's key, and what it wrote to its log."""

    process: subprocess.Popen[bytes]
    port: int
    key: str
    log: Path

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(LOOPBACK, self.port, timeout=60)

    def post(self, body: bytes, path: str = "/v1/referrals") -> tuple[int, bytes]:
        connection = self.connect()
        connection.request("POST", path, body, self.headers)
        answer = connection.getresponse()
        told = answer.status, answer.read()
        connection.close()
        return told

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

    @property
    def ready(self) -> bool:
        connection = self.connect()
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()


@pytest.fixture
def served(fresh_database: FreshDatabase, hub_secrets: dict[str, str], tmp_path: Path) -> Iterator[Served]:
    """Intake as its container runs it: the same command, the same settings, another address and database."""
    environment = environment_of("intake", hub_secrets) | {
        "HUB_INTAKE_DATABASE_URL": fresh_database(prepare_intake),
        "HUB_HOME": str(tmp_path),
    }
    room = INTAKE.furnish(Settings.read(environment))
    with room.unit() as unit:
        key = make_key("vcas", room.directory.agencies, unit)
    room.database.close()
    port = free_port()
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            COMMAND,
            env=environment
            | {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "HOME": str(tmp_path),
                "HTTP_BIND": f"{LOOPBACK}:{port}",
                "WEB_CONCURRENCY": "2",
            },
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    made = Served(process, port, key, log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not made.ready:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield made
    finally:
        process.kill()
        process.wait()


def test_a_referral_is_taken_and_known_when_it_comes_again(served: Served) -> None:
    body = json.dumps(a_referral()).encode()
    status, receipt = served.post(body)
    assert status == 201
    assert served.post(body) == (200, receipt)


def test_a_request_in_hand_is_answered_before_gunicorn_stops(served: Served) -> None:
    body = json.dumps(a_referral()).encode()
    with socket.create_connection((LOOPBACK, served.port), timeout=60) as connection:
        head = [
            "POST /v1/referrals HTTP/1.1",
            "Host: hub.example",
            f"Authorization: Bearer {served.key}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
        ]
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        # A worker has it in hand: it asks for the rest.
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(body[:100])
        served.process.send_signal(signal.SIGTERM)
        connection.sendall(body[100:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 201")
    assert served.process.wait(timeout=60) == 0


def test_nothing_that_was_typed_into_an_address_is_logged(served: Served) -> None:
    served.post(b"{}", "/v1/referrals?name=Figment")
    # A path that leads nowhere, and a question that no route knows: both are answered, and neither is quoted.
    for address, status in (("/v1/referrals/Figment", 404), ("/v1/referrals/Figment?born=1988-02-29", 422)):
        connection = served.connect()
        connection.request("GET", address, headers=served.headers)
        assert connection.getresponse().status == status
        connection.close()
    # Not HTTP at all: what gunicorn says of it goes the same way as everything else.
    with socket.create_connection((LOOPBACK, served.port), timeout=60) as bare:
        bare.sendall(b"Figment was here\r\n\r\n")
        assert bare.recv(1000).startswith(b"HTTP/1.1 400")
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=60) == 0
    lines = served.log.read_text(encoding="utf-8").splitlines()
    assert {"answered", "Invalid request"} <= {json.loads(line)["event"] for line in lines}
    assert not [line for line in lines if "Figment" in line or "1988-02-29" in line]


def test_a_container_that_cannot_start_says_why_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        COMMAND,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "HUB_HOME": str(tmp_path),
            "HTTP_BIND": f"{LOOPBACK}:{free_port()}",
            "WEB_CONCURRENCY": "1",
            "HUB_NO_SUCH_SETTING": "1",
        },
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert done.returncode != 0
    assert "HUB_NO_SUCH_SETTING: there is no such setting" in done.stderr
