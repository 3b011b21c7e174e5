"""Looks the hub over: what is wrong with queues, bindings, relays and clocks, and what to do about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import urllib3
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from services.intake.imports.store import progress_of_all
from services.notify.dispatch_store import longest_wait
from shared.database import told_of
from shared.house import topology_for
from shared.messaging.carrier import BrokerAway
from shared.messaging.parking import count_held
from shared.messaging.topology import DEAD_EXCHANGE, EXCHANGE, queues_of
from shared.settings import database_setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.clock import Clock
    from shared.house import House
    from shared.messaging.topology import Queue
    from shared.service import Room

LAGGING = dt.timedelta(seconds=30)
CLOCKS_APART = dt.timedelta(seconds=5)
STANDING_STILL = dt.timedelta(minutes=2)
ROOM = 100 * 2**20  # bytes; below it somebody should look before nothing is taken any more


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: is it well, and if not, what to do."""

    what: str
    well: bool
    told: str
    advice: str = ""


def examine(
    house: House, *, clock: Clock, broker_url: str, management_url: str, least_free: int = ROOM
) -> Iterator[Finding]:
    """Every finding, the databases first."""
    for name, room in house.rooms.items():
        yield from _disk(name, room, least_free)
        yield from _database(name, room, clock)
        if name == "intake":
            yield from _imports(room, clock)
        if name == "notify":
            yield from _sender(room, clock)
    try:
        house.broker.check()
    except BrokerAway as problem:
        yield Finding(
            "broker",
            well=False,
            told=f"cannot be reached ({problem.detail})",
            advice="Start RabbitMQ, or check HUB_BROKER_URL.",
        )
        return
    yield Finding("broker", well=True, told="answers")
    if house.broker.volatile:
        yield Finding(
            "queues",
            well=True,
            told="live inside the embedded hub's process; `hub queues` counts what waits in them",
        )
        return
    for name in house.rooms:
        yield _worker(house.broker, name)
    queues = topology_for(house.rooms.values())
    for queue in queues:
        yield _queue(house.broker, queue)
    yield from _bindings(queues, broker_url, management_url)


def _disk(name: str, room: Room, least_free: int) -> Iterator[Finding]:
    free = room.database.free_bytes()
    if free is not None:
        yield Finding(
            f"{name} disk",
            well=free >= least_free,
            told=f"{free // 2**20} MiB free",
            advice="Make room on it: when it is full nothing is taken and nothing moves on. What was taken "
            "is not lost.",
        )


def _database(name: str, room: Room, clock: Clock) -> Iterator[Finding]:
    outbox = room.service.tables.outbox
    try:
        with room.database.reading() as connection:
            unsent = connection.execute(
                select(func.count(), func.min(outbox.c.said_at)).where(outbox.c.sent_at.is_(None))
            ).one()
            theirs, now = room.database.now(connection), clock()
        parked, waiting = count_held(room.books)
    except SQLAlchemyError as error:
        yield Finding(
            f"{name} database",
            well=False,
            told=f"cannot be read ({told_of(error)})",
            advice=f"Start it, check {database_setting(name)}, and run `hub prepare {name}`.",
        )
        return
    apart = abs(theirs - now)
    yield Finding(
        f"{name} clock",
        well=apart < CLOCKS_APART,
        told=f"{apart.total_seconds():.1f} s from ours",
        advice="Set both machines by NTP: due times and retries go by these clocks.",
    )
    count, oldest = unsent
    lag = now - oldest if count else dt.timedelta()
    yield Finding(
        f"{name} relay",
        well=lag < LAGGING,
        told=f"{count} unsent, the oldest {max(0, int(lag.total_seconds()))} s old"
        if count
        else "nothing unsent",
        advice=f"Is `hub work {name}` running? Its log says why messages do not leave; "
        "unroutable ones need `hub prepare`.",
    )
    yield Finding(
        f"{name} held",
        well=not parked,
        told=f"{parked} parked, {waiting} to be tried again",
        advice="See `hub parked list`; then `hub parked replay` or `hub parked drop`.",
    )


def _imports(room: Room, clock: Clock) -> Iterator[Finding]:
    try:
        with room.database.reading() as connection:
            unfinished, failing, since = progress_of_all(connection)
    except SQLAlchemyError:
        return  # told of already
    still = clock() - since if since is not None else dt.timedelta()
    yield Finding(
        "intake imports",
        well=not failing and still < STANDING_STILL,
        told=f"{unfinished} unfinished, {failing} of them failing" if unfinished else "none unfinished",
        advice="Is `hub work intake` running? Its log says where and why an import fails.",
    )


def _sender(room: Room, clock: Clock) -> Iterator[Finding]:
    try:
        with room.database.reading() as connection:
            due, wait = longest_wait(connection, clock())
    except SQLAlchemyError:
        return  # told of already
    yield Finding(
        "notify sender",
        well=wait < LAGGING,
        told=f"{due} due, the oldest for {int(wait.total_seconds())} s" if due else "nothing due",
        advice="Is `hub work notify` running? Its log says which channel does not answer.",
    )


def _queue(broker: Any, queue: Queue) -> Finding:  # noqa: ANN401 - RabbitMQ; the embedded broker has no leaders
    what = f"queue {queue.name}"
    refill = f"then `hub reconcile{f' --team {queue.team}' if queue.team else ''}`."
    if broker.depth(queue) is None:
        return Finding(what, well=False, told="is missing", advice=f"Run `hub prepare`, {refill}")
    if not broker.has_leader(queue):
        return Finding(
            what,
            well=False,
            told="has no leader: it takes nothing and gives nothing",
            advice=f"Delete it (rabbitmqctl delete_queue), run `hub prepare`, {refill}",
        )
    return Finding(what, well=True, told=f"{broker.depth(queue)} ready")


def _worker(broker: Any, name: str) -> Finding:  # noqa: ANN401 - as above
    unheard = [queue.name for queue in queues_of(name) if broker.hearers(queue) == 0]
    return Finding(
        f"{name} worker",
        well=not unheard,
        told=f"nobody hears {', '.join(unheard)}" if unheard else "hears its queues",
        advice=f"Is `hub work {name}` running? Its log says why it does not hear.",
    )


def _bindings(queues: tuple[Queue, ...], broker_url: str, management_url: str) -> Iterator[Finding]:
    if not management_url:
        yield Finding(
            "bindings", well=True, told="not looked at: set HUB_BROKER_MANAGEMENT_URL to have them checked"
        )
        return
    try:
        found = _bound(broker_url, management_url)
    except (urllib3.exceptions.HTTPError, ValueError, LookupError, TypeError) as error:
        yield Finding(
            "bindings",
            well=False,
            told=f"management does not answer ({type(error).__name__})",
            advice="Check HUB_BROKER_MANAGEMENT_URL and its user's monitoring tag.",
        )
        return
    # Without its binding a queue of the dead gets nothing: the broker holds what died, and counts it nowhere.
    missing = [
        f"{queue.name} ← {key}"
        for queue in queues
        for key in ((queue.name,) if queue.is_dead else queue.bindings)
        if key not in found.get(queue.name, ())
    ]
    yield Finding(
        "bindings",
        well=not missing,
        told=f"missing: {', '.join(missing)}" if missing else "all there",
        advice="Run `hub prepare`; messages that found no queue wait in the outbox and leave by themselves.",
    )


def _bound(broker_url: str, management_url: str) -> Mapping[str, set[str]]:
    path = urlsplit(broker_url).path
    vhost = unquote(path[1:]) if len(path) > 1 else "/"
    parts = urlsplit(management_url)
    headers = urllib3.make_headers(
        basic_auth=f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    )
    origin = f"{parts.scheme}://{parts.hostname}:{parts.port or 15672}"
    found: dict[str, set[str]] = {}
    with urllib3.PoolManager(timeout=5.0, retries=False) as pool:
        for exchange in (EXCHANGE, DEAD_EXCHANGE):
            answer = pool.request(
                "GET",
                f"{origin}/api/exchanges/{quote(vhost, safe='')}/{exchange}/bindings/source",
                headers=headers,
            )
            if answer.status == HTTPStatus.NOT_FOUND:  # no such exchange: nothing is bound to it
                continue
            for binding in answer.json():
                found.setdefault(binding["destination"], set()).add(binding["routing_key"])
    return found
