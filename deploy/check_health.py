"""Whether the container that runs this does its work: `check_health.py web`, `worker` or `watch`.

Web: the service answers that it is ready. Worker: it holds an open connection to the broker and one to its
database, as a worker that hears does. Watch: it has looked within the last two minutes. Standard library
only, and little of it: this runs every few seconds.
"""

import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

_ESTABLISHED = "01"  # Linux, include/net/tcp_states.h
_WATCHFUL = 120.0  # seconds: `hub watch` looks every thirty
_PORTS = {"amqp": 5672, "amqps": 5671, "postgresql+psycopg": 5432}


def main(what: str) -> str:
    """What is wrong; nothing when all is well."""
    return {"web": _web, "worker": _worker, "watch": _watch}[what]()


def _web() -> str:
    import http.client  # noqa: PLC0415 - half of the time that a worker's check would take

    host, _, port = os.environ.get("HTTP_BIND", "127.0.0.1:8000").rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=4)
    try:
        connection.request("GET", "/health/ready")
        status = connection.getresponse().status
    except OSError as error:
        return f"no answer ({type(error).__name__})"
    return "" if status == http.client.OK else f"answered {status}"


def _worker() -> str:
    connected = _connected_ports()
    wanted = {
        name: _port_of(url)
        for name, url in os.environ.items()
        if name == "HUB_BROKER_URL" or (name.startswith("HUB_") and name.endswith("_DATABASE_URL"))
    }
    missing = sorted(name for name, port in wanted.items() if port not in connected)
    return f"no open connection: {', '.join(missing)}" if missing else ""


def _watch() -> str:
    try:
        age = time.time() - Path(os.environ.get("WATCH_SIGN", "/tmp/looked")).stat().st_mtime  # noqa: S108 - the container's own
    except FileNotFoundError:
        return "has not looked yet"
    return f"last looked {age:.0f} seconds ago" if age > _WATCHFUL else ""


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or _PORTS[parts.scheme]


def _connected_ports() -> set[int]:
    """The remote ports of every open connection of this container (proc(5), /proc/net/tcp)."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            _, _, remote, state, *_ = line.split()
            if state == _ESTABLISHED:
                ports.add(int(remote.rpartition(":")[2], 16))
    return ports


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) or 0)
