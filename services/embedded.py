"""The embedded hub: all three services, their workers and the front door in one process."""

from __future__ import annotations

import fcntl
import json
import secrets
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from waitress.server import create_server

from services.every import SERVICES
from services.intake.keep_agency_keys import make_key
from services.notify.keep_staff import keep_staff
from services.watch import Watch
from services.wsgi import IN_MEMORY, Front
from shared.house import House, spare_the_search_for_circles
from shared.messaging.broker import open_broker
from shared.problems import Problem
from shared.sealing import make_keys_file, write_private
from shared.web import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.clock import Clock
    from shared.service import Room
    from shared.settings import Settings

CREDENTIALS = "credentials.json"
_HTTP_THREADS = 8


class PortTaken(Problem):
    """The hub cannot serve on that address."""

    status = 500
    code = "port_taken"


class HomeTaken(Problem):
    """Another hub is running on the same folder."""

    status = 500
    code = "home_taken"


@contextmanager
def alone_in(home: Path) -> Iterator[None]:
    """Hold the folder for this process; the files in it may have one relay and one broker only."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HomeTaken(
                f"Another hub is running on {home}. Stop it, or choose another --home."
            ) from error
        yield


def build(settings: Settings, clock: Clock | None = None) -> House:
    """All three services, prepared: keys, tables, queues and first credentials are there."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_keys_file(settings.home)
    given = {} if clock is None else {"clock": clock}
    house = House([s.furnish(settings, **given) for s in SERVICES.values()], open_broker(settings.broker_url))
    for room in house.rooms.values():
        room.database.close_to_others()  # earlier versions let them read
    house.prepare()
    first_credentials(house.rooms, settings.home / CREDENTIALS)
    return house


def first_credentials(rooms: Mapping[str, Room], path: Path) -> bool:
    """Keys for the directory's agencies and passwords for its staff, once, in a file only we can read."""
    if path.exists():
        return False
    intake, notify = rooms["intake"], rooms["notify"]
    agencies = {}
    with intake.unit() as unit:
        for slug in intake.directory.agencies:
            agencies[slug] = {"api_key": make_key(slug, intake.directory.agencies, unit)}
    staff = {}
    with notify.unit() as unit:
        for member in notify.directory.staff:
            if member.sign_in:
                password = secrets.token_urlsafe(15)
                caller = Caller(member.role, member.email, member.team, member.agency)
                keep_staff(caller, password, unit)
                staff[member.role] = {
                    "email": member.email,
                    "password": password,
                    "team": member.team,
                    "agency": member.agency,
                }
    write_private(path, json.dumps({"agencies": agencies, "staff": staff}, indent=1) + "\n")
    return True


def open_door(host: str, port: int) -> socket.socket:
    """The socket to serve on; `PortTaken` where there can be none."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise PortTaken(
            f"Cannot serve on {host}:{port} ({error.strerror}). Choose another with --port or --host."
        ) from error


def run(settings: Settings, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in hand; `ready` is told the port."""
    with alone_in(settings.home):
        _serve(settings, host, port, ready)


def _serve(settings: Settings, host: str, port: int, ready: Callable[[int], None]) -> None:
    # Threads that wait for a disk get the interpreter back after half a millisecond, not after five: with
    # relays, ears and senders in one process a request would otherwise wait for each of them in turn.
    sys.setswitchinterval(0.0005)
    house = build(settings)
    door = open_door(host, port)
    server = create_server(
        Front(house.rooms, house.broker),
        sockets=[door],
        threads=_HTTP_THREADS,
        **IN_MEMORY,
        ident=None,
        # Kept only where somebody said that a proxy stands in front.
        clear_untrusted_proxy_headers=not settings.proxies,
    )

    def close(_signal: int, _frame: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        # waitress ends its loop on this, lets requests in hand finish, and returns from `run`.
        raise SystemExit

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, close)
    spare_the_search_for_circles()
    house.start()
    over = threading.Event()
    threading.Thread(target=Watch(house).keep_on, args=(over,), name="watch", daemon=True).start()
    ready(int(door.getsockname()[1]))
    try:
        server.run()
    finally:
        server.close()
        over.set()
        house.stop()
