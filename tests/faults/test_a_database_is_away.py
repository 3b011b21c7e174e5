"""A database that is away, or whose disk is full, costs time: nothing is half kept, lost or done twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from shared.messaging.parking import count_held
from shared.messaging.topology import queues_of
from tests.faults.people import a_story
from tests.faults.total_queue import standing
from tests.support.houses import Hub
from tests.support.hub_processes import wait_until

if TYPE_CHECKING:
    from shared.database import Database
    from shared.messaging.carrier import Delivery, Hearing
    from tests.support.postgresql_server import PostgreSQLServer

pytestmark = pytest.mark.faults

SECONDS = 60
Away = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub of the test's own, at rest."""
    return make_hub()


@pytest.fixture
def away(hub: Hub, infrastructure: str, request: pytest.FixtureRequest) -> Away:
    """Take a service's database away for a while: its disk is full, or its server is killed."""

    @contextmanager
    def without(service: str) -> Iterator[None]:
        if infrastructure == "embedded":
            with full(hub.rooms[service].database):
                yield
            return
        server: PostgreSQLServer = request.getfixturevalue("postgresql")
        server.kill_9()
        try:
            yield
        finally:
            server.start()
            for room in hub.rooms.values():
                room.database.close()  # what is left of the connections of before

    return without


@contextmanager
def full(database: Database) -> Iterator[None]:
    """Not a page may be added to this file, as on a full disk."""

    def keep_from_growing(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own object
        connection.execute("PRAGMA max_page_count = 1")  # it cannot be less than there are

    database.engine.dispose()
    event.listen(database.engine, "connect", keep_from_growing)
    try:
        yield
    finally:
        event.remove(database.engine, "connect", keep_from_growing)
        database.engine.dispose()


def test_whoever_posts_meanwhile_is_told_to_send_it_again_and_it_is_taken_once(
    hub: Hub, away: Away, infrastructure: str, caplog: pytest.LogCaptureFixture
) -> None:
    hub.take(a_story(1))
    with away("intake"):
        # What a file has room for may still be taken: a page is more than one referral.
        refused = [
            answer for answer in map(hub.post, map(a_story, range(2, 40))) if answer.status_code != 201
        ]
    assert refused
    for answer in refused:
        assert (answer.status_code, answer.get_json()["type"].rpartition(":")[2]) == (503, "database_away")
        assert int(answer.headers["Retry-After"]) >= 1
    # Ops read in the log what it is.
    why = "OperationalError: database or disk is full" if infrastructure == "embedded" else "no connection"
    told = [vars(record)["error"] for record in caplog.records if record.message == "database away"]
    assert len(told) == len(refused)
    assert all(error.endswith(why) for error in told[:1])
    for number in range(2, 40):
        assert hub.take(a_story(number))["version"] == 1
    hub.settle()
    end = standing(hub.rooms)
    assert (end.taken.total(), len(end.cases), end.alerts.total()) == (39, 39, 39)


def test_a_worker_keeps_its_batch_in_hand_meanwhile_and_nothing_is_held_against_it(
    hub: Hub, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1, 40):
        hub.take(a_story(number))
    intake, triage, _ = hub.house._desks
    assert intake.relay.step(hub.clock()) == 39
    hearing = hub.house.broker.hearing(queues_of("triage"))
    with away("triage"):
        worker = threading.Thread(target=triage.consumer.step, args=(hearing, SECONDS))
        worker.start()
        wait_until(lambda: "batch kept in hand" in caplog.text, SECONDS, "the worker has noticed")
        assert worker.is_alive()
    worker.join(SECONDS)
    assert not worker.is_alive()
    hearing.close()
    assert count_held(triage.room.books) == (0, 0)
    hub.settle()
    end = standing(hub.rooms)
    assert (len(end.triaged), len(end.cases), end.alerts.total()) == (39, 39, 39)


class Interrupted:
    """A hearing during whose batch the server ends every connection, once, while it works for the batch."""

    def __init__(self, inner: Hearing, interrupt: Callable[[], object], at: int) -> None:
        """Wrap a hearing; `at` says during which of the batch's rounds."""
        self._inner, self._interrupt, self._at = inner, interrupt, at
        self.times = 0

    def take(self, limit: int, wait: float) -> list[Delivery]:
        return self._inner.take(limit, wait)

    def look_ahead(self, limit: int) -> Iterator[Delivery]:
        # The consumer looks ahead when something has been sent and not yet been answered.
        self.times += 1
        if self.times == self._at:
            self._interrupt()
        return self._inner.look_ahead(limit)

    def catch_up(self) -> bool:
        return self._inner.catch_up()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self._inner.acknowledge(deliveries)

    def rest(self, seconds: float) -> None:
        self._inner.rest(seconds)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.production
@pytest.mark.parametrize("infrastructure", ["production"])
@pytest.mark.parametrize("at", [1, 2, 3], ids=["claimed", "looked up", "committed"])
def test_what_may_or_may_not_have_been_committed_is_done_once(
    hub: Hub, postgresql: PostgreSQLServer, at: int
) -> None:
    for number in range(1, 4):
        hub.take(a_story(number))
    intake, triage, _ = hub.house._desks
    assert intake.relay.step(hub.clock()) == 3
    name = triage.room.database.url.database
    assert name
    inner = hub.house.broker.hearing(queues_of("triage"))
    hearing = Interrupted(inner, lambda: postgresql.disconnect(name), at)

    def step() -> bool:
        # The step looks for what is due again over a connection that is gone, too: a running house goes on.
        with suppress(DBAPIError):
            triage.consumer.step(hearing, 1)
        return len(standing(hub.rooms).triaged) == 3

    wait_until(step, SECONDS, "all three are triaged")
    assert hearing.times > at
    hearing.close()
    hub.settle()
    end = standing(hub.rooms)
    assert (len(end.triaged), len(end.cases), end.alerts.total()) == (3, 3, 3)
    assert count_held(triage.room.books) == (0, 0)
