"""Where the time goes in intake, triage and relay by functions, and in a referral's whole way by stages."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from benchmarks import latency, relay, triage
from benchmarks.filled import messages
from benchmarks.ground import Ground
from benchmarks.intake import EMPTY_BATCH, IN_A_BATCH, a_batch
from benchmarks.invented import bodies
from benchmarks.joining import fellows
from benchmarks.measuring import Slice
from benchmarks.processor import metered, own
from benchmarks.sampler import Sampler

_COUNT = 2000
_MOST = 30


def profile_intake(ground: Ground) -> None:
    """The WSGI app alone, called in this process, referral by referral: no sockets, no gunicorn."""
    _profile_app(ground, "intake", "/v1/referrals", 1, _COUNT)


def profile_batches(ground: Ground) -> None:
    """The same, a hundred referrals in each body."""
    _profile_app(ground, "intake in batches", "/v1/referrals/batch", IN_A_BATCH, 10 * _COUNT)


def _profile_app(ground: Ground, name: str, path: str, in_each: int, count: int) -> None:
    url = ground.database("intake")
    key = ground.api_key(url)
    room = ground.room("intake", url)
    app = room.service.web(room)

    def work(count: int) -> None:
        statuses: set[str] = set()

        def start(status: str, *_: object) -> Callable[[bytes], object]:
            statuses.add(status)
            return lambda _: None

        waiting = bodies(count)
        sent = [*waiting] if in_each == 1 else [*iter(lambda: a_batch(waiting, in_each), EMPTY_BATCH)]
        for body in sent:
            b"".join(app(_environ(body, path, key), start))
        assert statuses <= {"201 CREATED", "200 OK"}, statuses

    work(300)
    with metered({"hub": own, "PostgreSQL": ground.postgresql_meter}) as costs, Sampler() as sampler:
        began = time.perf_counter()
        work(count)
        taken = time.perf_counter() - began
    _tell(name, Slice(count, taken, costs), sampler)


def _environ(body: bytes, path: str, key: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def profile_triage(ground: Ground) -> None:
    """The consumer with weighed matching, from a filled queue."""
    register = triage.known_register(ground, 3000)
    sampler = Sampler()
    done = triage.consume(ground, register, messages(ground, 2 * _COUNT), sampler)
    _tell("triage", done, sampler)


def profile_exact(ground: Ground) -> None:
    """The consumer with the exact rule, from a filled queue."""
    register = triage.exact_register(ground, 3000)
    sampler = Sampler()
    told = fellows(ground, 4 * _COUNT, register.known)
    _tell("triage by the exact rule", triage.join_exactly(ground, register, told, sampler), sampler)


def profile_relay(ground: Ground) -> None:
    """The relay, from a filled outbox."""
    sampler = Sampler()
    done = relay.carry(ground, messages(ground, 4 * _COUNT), sampler)
    _tell("relay", done, sampler)


def profile_latency(ground: Ground) -> None:
    """Both modes at twenty referrals a second, stage by stage."""
    for name, running in (("embedded", latency.embedded), ("production", latency.production)):
        with running(ground) as hub:
            ways = latency.travel(hub, 10 * latency.PER_SECOND)
            print(f"\nlatency, {name}, {len(ways)} referrals at {latency.PER_SECOND} a second:")
            for stage in latency.stages(hub, ways):
                print(f"  {stage.name:44} p50 {stage.p50:7.1f} ms   p99 {stage.p99:7.1f} ms")


def _tell(name: str, done: Slice, sampler: Sampler) -> None:
    each = done.seconds / done.done * 1e6
    costs = ", ".join(f"{party} {cost / done.done * 1e6:,.0f}" for party, cost in done.costs.items())
    print(f"\n{name}: {each:,.0f} microseconds each ({done.rate:,.0f} a second)")
    print(f"processor time in microseconds each: {costs}")
    sampler.tell(_MOST)
