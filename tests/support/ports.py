"""Ports on the loopback address that are free and stay free."""

import os
import random
import socket

LOOPBACK = "127.0.0.1"

# The kernel gives outgoing connections ports from 32768 up. A server that was promised one of those can find
# it taken; worse, somebody waiting for the server can be given that very port and connect to itself.
_CHOICE = range(20_000, 32_000)

# Tests that run side by side in several processes each have a share of their own: between the look at a port
# and its use, no other process can take it.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_SHARE = _CHOICE[_WORKER::_WORKERS]

_given: set[int] = set()


def free_port() -> int:
    """Give a port that nobody listens on and that this process has not been given before."""
    while True:
        port = random.choice(_SHARE)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        _given.add(port)
        return port


def is_listening(port: int) -> bool:
    """Tell whether somebody takes connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
