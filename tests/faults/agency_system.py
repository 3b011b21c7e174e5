"""An agency's system as it should be: it posts, and when no answer or a 5xx comes it posts again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

import urllib3

if TYPE_CHECKING:
    from tests.support.builders import Wire

_WAIT_SECONDS = 0.2
_REQUEST_SECONDS = 30


@dataclass
class Acknowledged:
    """What the hub has answered for, by the agency's own record number."""

    references: dict[str, str] = field(default_factory=dict)
    created: int = 0
    repeats: int = 0
    tried_again: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


class AgencySystem:
    """Posts stories over several connections at once, each until it is acknowledged or time runs out."""

    def __init__(self, url: str, key: str, *, threads: int = 6, seconds: float) -> None:
        """Begin to wait for stories; give up on all of them after so many seconds."""
        self._url = f"{url}/v1/referrals"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._left: SimpleQueue[Wire | None] = SimpleQueue()
        self._deadline = time.monotonic() + seconds
        self._pool = urllib3.PoolManager(maxsize=threads, retries=False, timeout=_REQUEST_SECONDS)
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        self.acknowledged = Acknowledged()
        for thread in self._threads:
            thread.start()

    def give(self, stories: Iterable[Wire]) -> None:
        """Have these posted."""
        for story in stories:
            self._left.put(story)

    def finish(self) -> Acknowledged:
        """Wait for the last answer."""
        for _ in self._threads:
            self._left.put(None)
        for thread in self._threads:
            thread.join()
        self._pool.clear()
        return self.acknowledged

    def _work(self) -> None:
        while (story := self._left.get()) is not None:
            self._post(story)

    def _post(self, story: Wire) -> None:
        body = json.dumps(story).encode()
        record = str(story["source_record_id"])
        told = self.acknowledged
        began = time.monotonic()
        while time.monotonic() < self._deadline:
            status, reference = self._try(body)
            with self._lock:
                if reference:
                    told.references[record] = reference
                    told.created += status == 201
                    told.repeats += status == 200
                    told.slowest = max(told.slowest, time.monotonic() - began)
                    return
                if 0 < status < 500:
                    told.failures.append(f"{record}: {status}")
                    return
                told.tried_again += 1
            time.sleep(_WAIT_SECONDS)
        with self._lock:
            told.failures.append(f"{record}: no answer in time")

    def _try(self, body: bytes) -> tuple[int, str]:
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=self._headers)
        except urllib3.exceptions.HTTPError:
            return 0, ""
        if answer.status not in (200, 201):
            return answer.status, ""
        return answer.status, str(json.loads(answer.data)["reference"])
