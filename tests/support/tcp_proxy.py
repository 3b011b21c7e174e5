"""A stretch of network between two programs that can be cut, go silent or be slow."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK, free_port

_CHUNK = 65_536
_GLANCE_SECONDS = 0.1
# Close at once and tell the other side with a reset, as a broken line does.
_RESET = struct.pack("ii", 1, 0)


class TCPProxy:
    """Passes every connection to its port on to a target port of this machine, until told otherwise."""

    def __init__(self, target_port: int) -> None:
        """Choose the port; nothing listens yet."""
        self.port = free_port()
        self._target_port = target_port
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._cut = False
        self._delay = 0.0
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Listen, and begin to pass on."""
        listener = socket.create_server((LOOPBACK, self.port))
        listener.settimeout(_GLANCE_SECONDS)
        self._spawn(self._accept, listener)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every connection and stop listening."""
        self._closed.set()
        self.cut()
        self._flowing.set()
        for thread in list(self._threads):
            thread.join()

    def cut(self) -> None:
        """Reset every connection, and every new one, until restored."""
        with self._lock:
            self._cut = True
        self.drop()

    def drop(self) -> None:
        """Reset the connections of this moment; new ones are passed on."""
        with self._lock:
            dropped, self._sockets = self._sockets, set()
        for end in dropped:
            _reset(end)

    def blackhole(self) -> None:
        """Pass nothing on in either direction; connections stay open and new ones are taken."""
        self._flowing.clear()

    def delay(self, seconds: float) -> None:
        """Hold each piece of data back for so long, in each direction."""
        self._delay = seconds

    def restore(self) -> None:
        """Be a plain stretch of network again; what a black hole held back is passed on."""
        with self._lock:
            self._cut = False
        self._delay = 0.0
        self._flowing.set()

    def _spawn(self, work: Callable[..., None], *sockets: socket.socket) -> None:
        thread = threading.Thread(target=work, args=sockets, name="tcp-proxy", daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while not self._closed.is_set():
                with contextlib.suppress(TimeoutError):
                    self._pass_on(listener.accept()[0])

    def _pass_on(self, client: socket.socket) -> None:
        try:
            target = socket.create_connection((LOOPBACK, self._target_port), timeout=5)
        except OSError:
            _reset(client)
            return
        target.settimeout(None)
        with self._lock:
            cut = self._cut
            if not cut:
                self._sockets |= {client, target}
        if cut:
            _reset(client)
            _reset(target)
            return
        self._spawn(self._pump, client, target)
        self._spawn(self._pump, target, client)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        # An error means that one end is gone, or that this proxy reset it.
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                self._closed.wait(self._delay)
                self._flowing.wait()
                sink.sendall(data)
            # One side has said all it has to say; the other may still go on.
            sink.shutdown(socket.SHUT_WR)
            return
        with self._lock:
            self._sockets -= {source, sink}
        _reset(source)
        _reset(sink)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        # Wakes whoever is waiting for data on it; closing alone does not.
        end.shutdown(socket.SHUT_RDWR)
    end.close()
