"""A small load client: so many connections at once, each request prepared before the clock starts.

It speaks just enough HTTP/1.1 for the benchmarks. It is one process with one loop, the same for every server
that is measured, so that what it takes of the machine it takes from all of them; its own processor time is
told with the figures. `keep_alive=False` opens a connection for each request, because gunicorn's sync
workers close it after each answer anyway.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.measuring import Slice

_ENOUGH_SECONDS = 30


def request(body: bytes, *, path: str, bearer: str, keep_alive: bool) -> bytes:
    """One POST as it stands on the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {bearer}\r\nContent-Length: {len(body)}\r\n"
        f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class _Line:
    """One connection and the answer that is coming in on it."""

    socket: socket.socket
    answer: bytearray = field(default_factory=bytearray)

    def status_if_whole(self) -> int | None:
        head_end = self.answer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        head = bytes(self.answer[:head_end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return int(head[9:12]) if len(self.answer) >= head_end + 4 + length else None


class LoadClient:
    """Posts prepared requests to one port as fast as they are answered."""

    def __init__(self, port: int, *, connections: int = 8, keep_alive: bool = False) -> None:
        """Take the server's port; nothing is connected yet."""
        self._port = port
        self._connections = connections
        self._keep_alive = keep_alive
        self.statuses: Counter[int] = Counter()

    def run(self, requests: Iterable[bytes], seconds: float) -> Slice:
        """Post until the time is over or nothing is left; every answer counted was a 2xx."""
        left = iter(requests)
        self.statuses.clear()
        began = time.perf_counter()
        end = began + seconds
        with selectors.DefaultSelector() as selector:
            for _ in range(self._connections):
                self._send(selector, left, None)
            while selector.get_map():
                ready = selector.select(_ENOUGH_SECONDS)
                assert ready, "the server gave no answer"
                for key, _ in ready:
                    self._receive(selector, key.data, left, end)
        taken = time.perf_counter() - began
        done = sum(count for status, count in self.statuses.items() if 200 <= status < 300)
        assert done == self.statuses.total(), f"not all were taken: {dict(self.statuses)}"
        return Slice(done, taken)

    def _send(self, selector: selectors.BaseSelector, left: Iterator[bytes], line: _Line | None) -> None:
        prepared = next(left, None)
        if prepared is None:
            if line is not None:
                line.socket.close()
            return
        if line is None:
            connection = socket.create_connection(("127.0.0.1", self._port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = _Line(connection)
        line.answer.clear()
        line.socket.sendall(prepared)
        selector.register(line.socket, selectors.EVENT_READ, line)

    def _receive(
        self, selector: selectors.BaseSelector, line: _Line, left: Iterator[bytes], end: float
    ) -> None:
        received = line.socket.recv(65536)
        line.answer += received
        status = line.status_if_whole()
        if status is None:
            assert received, "the server closed the connection before it had answered"
            return
        self.statuses[status] += 1
        selector.unregister(line.socket)
        if not self._keep_alive:
            line.socket.close()
        if time.perf_counter() < end:
            self._send(selector, left, line if self._keep_alive else None)
        elif self._keep_alive:
            line.socket.close()
