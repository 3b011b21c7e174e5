"""Referrals accepted a second over HTTP: validated, sealed, stored, in the outbox, committed.

The hub's app under gunicorn, beside a bare Flask route that inserts one row under the same gunicorn, and
beside FastAPI under uvicorn doing the same work. Two worker processes each, eight connections of the same
client, every referral another. Each server has a database of its own on the same PostgreSQL.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from sqlalchemy import create_engine

from benchmarks.ground import Ground, Process
from benchmarks.http_client import LoadClient, request
from benchmarks.invented import bodies
from benchmarks.measuring import Aim, Contender, Outcome, Slice, compare, interleave
from benchmarks.peers import flask_insert
from benchmarks.processor import metered, own

HUB = "hub: intake, gunicorn sync"
BATCH = "hub: the same in batches of 100"
FLASK = "Flask inserting one row, gunicorn sync"
FASTAPI_ASYNC = "FastAPI, same work, asyncio"
FASTAPI_SYNC = "FastAPI, same work, threads"
FASTAPI_KEPT = "FastAPI asyncio with kept connections"
IN_A_BATCH = 100
EMPTY_BATCH = b'{"referrals":[]}'
_PER_SECOND = 4000  # more than any of them takes, so that nothing runs out


def a_batch(referrals: Iterator[bytes], most: int) -> bytes:
    """The next of them in one body; an empty batch when there are no more."""
    return b'{"referrals":[' + b",".join(islice(referrals, most)) + b"]}"


def measure(ground: Ground, *, quick: bool) -> Outcome:
    """Run the rounds."""
    seconds, rounds = (1.0, 3) if quick else (2.0, 9)
    gunicorn = ("-m", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:PORT", "--log-level", "warning")
    uvicorn = ("-m", "uvicorn", "--workers", "2", "--port", "PORT", "--log-level", "info")

    hub_url, peer_url = ground.database("intake"), ground.database("intake")
    bare_url = ground.postgresql.create_database("bare")
    flask_insert.metadata.create_all(create_engine(bare_url))
    hub = ground.serve(
        *gunicorn, 'services.wsgi:app_of("intake")', environment={"HUB_INTAKE_DATABASE_URL": hub_url}
    )
    bare = ground.serve(
        *gunicorn, "benchmarks.peers.flask_insert:make_app()", environment={"PEER_DATABASE_URL": bare_url}
    )
    peer = ground.serve(
        *uvicorn, "benchmarks.peers.fastapi_hub:app", environment={"PEER_DATABASE_URL": peer_url}
    )
    hub_key, peer_key = ground.api_key(hub_url), ground.api_key(peer_url)

    def contender(
        name: str, server: tuple[int, Process], path: str, bearer: str, *, keep_alive: bool = False
    ) -> Contender:
        port, process = server
        meters = {"server": process.meter, "PostgreSQL": ground.postgresql_meter, "client": own}
        client = LoadClient(port, keep_alive=keep_alive)

        def requests(count: int) -> Iterator[bytes]:
            for body in bodies(count):
                yield request(body, path=path, bearer=bearer, keep_alive=keep_alive)

        def run() -> Slice:
            prepared = list(requests(int(_PER_SECOND * seconds)))
            with metered(meters) as costs:
                done = client.run(prepared, seconds)
            return replace(done, costs=costs)

        # Connections, caches and the first pages of the tables, before anything is timed.
        client.run(list(requests(200)), seconds)
        return Contender(name, run)

    def in_batches() -> Contender:
        port, process = hub
        meters = {"server": process.meter, "PostgreSQL": ground.postgresql_meter, "client": own}
        client = LoadClient(port)

        def requests(count: int) -> Iterator[bytes]:
            several = bodies(count * IN_A_BATCH)
            for _ in range(count):
                body = a_batch(several, IN_A_BATCH)
                yield request(body, path="/v1/referrals/batch", bearer=hub_key, keep_alive=False)

        def run() -> Slice:
            prepared = list(requests(int(_PER_SECOND * seconds) // IN_A_BATCH))
            with metered(meters) as costs:
                done = client.run(prepared, seconds)
            return replace(done, done=done.done * IN_A_BATCH, costs=costs)

        client.run(list(requests(4)), seconds)
        return Contender(BATCH, run)

    contenders = [
        in_batches(),
        contender(HUB, hub, "/v1/referrals", hub_key),
        contender(FLASK, bare, "/v1/referrals", hub_key),
        contender(FASTAPI_ASYNC, peer, "/async", peer_key),
        contender(FASTAPI_SYNC, peer, "/sync", peer_key),
        contender(FASTAPI_KEPT, peer, "/async", peer_key, keep_alive=True),
    ]
    outcome = Outcome("intake: referrals accepted", "a second")
    interleave(outcome, contenders, rounds, 20 if quick else 150)
    for _, process in (hub, bare, peer):
        process.stop()

    faster = max((FASTAPI_ASYNC, FASTAPI_SYNC), key=lambda name: statistics.median(outcome.rates[name]))
    compare(outcome, HUB, [Aim(faster, 0.9), Aim(FLASK, 0.6), Aim(FASTAPI_KEPT)])
    compare(outcome, BATCH, [Aim(FLASK, 5 * 0.6), Aim(HUB)], told="batches")
    outcome.notes.append("two workers each, eight connections, a new one for each request except the last")
    return outcome
