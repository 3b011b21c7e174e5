"""Post a file of referrals through the HTTP API, each with its agency's key, as agencies' systems would."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from queue import Queue
from typing import TYPE_CHECKING, Any

import urllib3

from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_TRIES = 12
_LONGEST_WAIT = 30.0
_WAITING_LINES = 50


class BadLine(Problem):
    """A line of the file is not `{"agency": slug, "referral": {…}}` with an agency whose key is known."""

    status = 422
    code = "bad_line"


@dataclass
class Report:
    """What became of the lines."""

    outcomes: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every line was taken."""
        return not self.troubles


class Replay:
    """Posts lines with several connections; lines of one record stay in their order."""

    def __init__(
        self,
        url: str,
        keys: Mapping[str, str],
        *,
        workers: int,
        rate: float,
        bulk: bool,
        tries: int = _TRIES,
        tell: Callable[[str], object] = str,
    ) -> None:
        """Take the hub's address and each agency's key; `rate` is lines a second, 0 for no limit.

        `tries` is how often a line is sent that is not answered; `tell` hears, once, that nobody answers.
        """
        self._url = url.rstrip("/") + "/v1/referrals"
        self._keys = keys
        self._rate = rate
        self._bulk = bulk
        self._tries = tries
        self._tell = tell
        self._told = False
        # Whether a line was given up because nobody answered: then those after it are not waited for as long.
        self._gone = False
        self._pool = urllib3.PoolManager(maxsize=workers, retries=False, timeout=30.0)
        self._queues: list[Queue[tuple[int, dict[str, Any]] | None]] = [
            Queue(_WAITING_LINES) for _ in range(workers)
        ]
        self._lock = threading.Lock()
        self.report = Report()

    def run(self, lines: Iterable[str], done: Callable[[], None]) -> Report:
        """Post every line; `done` is called after each."""
        threads = [
            threading.Thread(target=self._work, args=(queue, done), daemon=True) for queue in self._queues
        ]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        for number, line in enumerate(filter(str.strip, lines), 1):
            if self._rate:
                time.sleep(max(0.0, began + number / self._rate - time.monotonic()))
            try:
                read = self._read(line)
            except BadLine as problem:
                self._count("not read", f"line {number}: {problem.detail}")
                done()
                continue
            place = hash((read["agency"], str(read["referral"].get("source_record_id"))))
            self._queues[place % len(self._queues)].put((number, read))
        for queue in self._queues:
            queue.put(None)
        for thread in threads:
            thread.join()
        return self.report

    def _read(self, line: str) -> dict[str, Any]:
        try:
            read = json.loads(line)
        except ValueError:
            read = None
        if not isinstance(read, dict) or not isinstance(read.get("referral"), dict):
            message = 'not a JSON object with "agency" and "referral"'
            raise BadLine(message)
        if read.get("agency") not in self._keys:
            message = "there is no key for this agency; see `hub agencies add`"
            raise BadLine(message)
        return read

    def _work(self, queue: Queue[tuple[int, dict[str, Any]] | None], done: Callable[[], None]) -> None:
        while (item := queue.get()) is not None:
            number, read = item
            self._post(number, read)
            with self._lock:
                done()

    def _post(self, number: int, read: dict[str, Any]) -> None:
        headers = {
            "Authorization": f"Bearer {self._keys[read['agency']]}",
            "Content-Type": "application/json",
        }
        if self._bulk:
            headers["Priority"] = "u=7"
        body = json.dumps(read["referral"]).encode()
        wait, status = 0.2, 0
        answer: urllib3.BaseHTTPResponse | None = None
        for _ in range(1 if self._gone else self._tries):
            try:
                answer = self._pool.request("POST", self._url, body=body, headers=headers)
            except urllib3.exceptions.HTTPError:
                self._nobody_answers()
                if self._gone:
                    break
                time.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
                continue
            status = answer.status
            self._gone = False
            if (
                status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR)
                and status < HTTPStatus.BAD_GATEWAY
            ):
                break
            told = answer.headers.get("Retry-After", "")
            asked = min(_LONGEST_WAIT, float(told)) if told.isdecimal() else 0.0
            # Who counts requests knows when to come again; who is away only guesses.
            time.sleep(asked if asked and status == HTTPStatus.TOO_MANY_REQUESTS else max(asked, wait))
            wait = min(_LONGEST_WAIT, wait * 2)
        self._gone = self._gone or not status
        if status == HTTPStatus.CREATED:
            self._count("new")
        elif status == HTTPStatus.OK:
            self._count("known (repeats and amendments)")
        else:
            self._count(
                "refused" if status else "no answer",
                f"line {number}: {_why(status, answer if status else None)}",
            )

    def _nobody_answers(self) -> None:
        with self._lock:
            if not self._told:
                self._told = True
                self._tell("The hub does not answer. Trying again: stop with Ctrl-C, or start the hub.")

    def _count(self, outcome: str, trouble: str = "") -> None:
        with self._lock:
            self.report.outcomes[outcome] += 1
            if trouble:
                self.report.troubles.append(trouble)


def _why(status: int, answer: Any) -> str:  # noqa: ANN401 - urllib3's response
    if answer is None:
        return "the hub did not answer"
    try:
        problem = answer.json()
        faults = "; ".join(f"{fault['pointer']} {fault['code']}" for fault in problem.get("errors", ()))
        return f"{status} {problem.get('title', '')} {faults}".strip()
    except (ValueError, AttributeError, KeyError):
        return str(status)
