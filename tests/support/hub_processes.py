"""A hub as it runs in production: each service and each worker a process of its own, to be killed at will."""

from __future__ import annotations

import base64
import functools
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import urllib3

from services.every import SERVICES
from shared.house import House
from shared.messaging.broker import open_broker
from shared.sealing import new_key_text
from shared.settings import Settings
from tests.support.ports import LOOPBACK, free_port
from tests.support.server_process import ServerDidNotStartError, launch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_CHECKOUT = Path(__file__).parents[2]
_START_SECONDS = 60
_COMMAND_SECONDS = 120
_GLANCE_SECONDS = 0.05

WEB = "intake-http"
WORKERS = ("intake", "triage-1", "triage-2", "notify")


def wait_until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1) -> None:
    """Return as soon as the condition holds; `TimeoutError` saying what was waited for when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for this: {what}")
        time.sleep(every)


class HubProcesses:
    """Intake's HTTP behind gunicorn, and a relay with consumer for each service; two of triage's.

    As a context manager it kills in the end whatever is left. Processes are started by the main thread, and
    die with the test run.
    """

    def __init__(
        self,
        directory: Path,
        *,
        broker_url: str,
        database_urls: Mapping[str, str],
        mail_url: str,
        **settings: str,
    ) -> None:
        """Choose keys and a port; nothing runs yet. `settings` are further HUB_ variables, by their names."""
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.settings = {
            "HUB_HOME": str(directory / "home"),
            "HUB_BROKER_URL": broker_url,
            **{f"HUB_{name.upper()}_DATABASE_URL": url for name, url in database_urls.items()},
            "HUB_MAIL_URL": mail_url,
            "HUB_SEALING_KEYS": new_key_text("k1"),
            "HUB_MESSAGE_KEYS": new_key_text("m1"),
            "HUB_LOOKUP_KEY": base64.b64encode(os.urandom(32)).decode(),
            "HUB_SESSION_SECRET": secrets.token_urlsafe(32),
            # Storms are gathered, but not for so long that a test would have to wait.
            "HUB_GATHER_SECONDS": "1",
            "HUB_LOG_LEVEL": "WARNING",
            **settings,
        }
        # gunicorn wants a home that it may write to.
        self._environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(directory)}
        self._environment |= {"PYTHONUNBUFFERED": "1", **self.settings}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Nothing is started by this; tests say what is to run."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill what is left."""
        for name in list(self._processes):
            self.kill_9(name)

    # ------------------------------------------------------------------------------------------ life

    def prepare(self) -> None:
        """Run `hub prepare`: tables, queues, and the first keys and passwords."""
        done = self.hub("prepare", "--credentials", self._credentials)
        if done.returncode != 0:
            raise ServerDidNotStartError(done.stdout + done.stderr)

    def hub(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run one `hub` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *map(str, arguments)],
            env=self._environment,
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )

    def start(self, *names: str) -> None:
        """Start these processes, or all, and return when each is at work."""
        wanted = [name for name in names or (WEB, *WORKERS) if not self.running(name)]
        # Each counts its own beginnings in its log, so that the one before is not taken for this one.
        began = {name: self.log_of(name).count("Working for") for name in wanted}
        for name in wanted:
            self._processes[name] = launch(
                self._command(name),
                environment=self._environment,
                directory=_CHECKOUT,
                log=self._log(name),
            )
        for name in wanted:
            self._wait_for(name, began[name])

    def running(self, name: str) -> bool:
        """Whether the process has been started and has not ended."""
        process = self._processes.get(name)
        return process is not None and process.poll() is None

    def kill_9(self, name: str) -> None:
        """Kill it as a power cut would, with every process that it has started."""
        process = self._processes.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, *names: str) -> None:
        """Ask these, or all, to finish what is in hand and end."""
        ending = {name: self._processes[name] for name in names or list(self._processes)}
        for process in ending.values():
            process.terminate()
        for name, process in ending.items():
            try:
                process.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill_9(name)
                raise
            del self._processes[name]

    def log_of(self, name: str) -> str:
        """All that the process has written, over all its lives."""
        log = self._log(name)
        return log.read_text(errors="replace") if log.exists() else ""

    # ------------------------------------------------------------------------------------- addresses

    @property
    def url(self) -> str:
        """Where intake serves."""
        return f"http://{LOOPBACK}:{self.port}"

    @functools.cached_property
    def credentials(self) -> dict[str, Any]:
        """What `hub prepare` wrote: keys of the agencies, passwords of the staff."""
        read: dict[str, Any] = json.loads(self._credentials.read_text(encoding="utf-8"))
        return read

    def key_of(self, agency: str) -> str:
        """An agency's API key."""
        return str(self.credentials["agencies"][agency]["api_key"])

    @contextmanager
    def house(self) -> Iterator[House]:
        """The same hub's rooms in this process, for looking at; nothing of it runs."""
        read = Settings.read(self.settings)
        house = House([s.furnish(read) for s in SERVICES.values()], open_broker(read.broker_url))
        try:
            yield house
        finally:
            house.stop()

    # ------------------------------------------------------------------------------------- furniture

    @property
    def _credentials(self) -> Path:
        return self.directory / "credentials.json"

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _command(self, name: str) -> list[str]:
        if name == WEB:
            app = 'services.wsgi:app_of("intake")'
            bind = f"{LOOPBACK}:{self.port}"
            settings = str(_CHECKOUT / "deploy" / "gunicorn.conf.py")
            return [sys.executable, "-m", "gunicorn", "-c", settings, "-w", "2", "-b", bind, app]
        return [sys.executable, "-m", "services.cli", "work", name.partition("-")[0]]

    def _wait_for(self, name: str, began: int) -> None:
        def ready() -> bool:
            if not self.running(name):
                raise ServerDidNotStartError(f"{name} ended\n{self.log_of(name)[-3000:]}")
            if name == WEB:
                return self._answers()
            return self.log_of(name).count("Working for") > began

        wait_until(ready, _START_SECONDS, f"{name} is at work", _GLANCE_SECONDS)

    def _answers(self) -> bool:
        try:
            return urllib3.request("GET", f"{self.url}/health/live", timeout=5, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False
