"""What cannot be understood is parked with its reason, and delays nobody."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika
import pytest
from sqlalchemy import Column, select

from services.intake.tables import referrals as taken
from services.notify.tables import alerts
from services.triage.tables import cases, referrals
from shared.identity import new_id
from shared.messaging.carrier import Outgoing
from shared.messaging.topology import EXCHANGE, QUEUES
from tests.faults.agency_system import AgencySystem
from tests.faults.people import a_story
from tests.faults.poison import poisons
from tests.faults.total_queue import assert_nothing_lost_nothing_twice, has_come_to_rest, parked, standing
from tests.support.houses import embedded_hub
from tests.support.hub_processes import WEB, WORKERS, HubProcesses, wait_until

if TYPE_CHECKING:
    from shared.sealing import KeyRing
    from shared.service import Room
    from tests.faults.total_queue import Rooms
    from tests.support.smtp_server import SMTPServer

pytestmark = pytest.mark.faults

POISON = 1000
MOST_POISON = 8000
GOOD = 60
SECONDS = 240

HEARD = {"triage": "referral.received", "notify": "case.routed", "intake": "case.joined"}


class Poisoner:
    """Throws poison into every queue, a little at a time, until told that it is enough."""

    def __init__(self, vhost: str, keys: KeyRing) -> None:
        """Begin."""
        self._vhost, self._keys = vhost, keys
        self._enough = threading.Event()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def at_work(self) -> bool:
        """Whether poison is still flowing."""
        return self._thread.is_alive()

    def finish(self) -> int:
        """Throw the rest of the least amount; how many were thrown."""
        self._enough.set()
        self._thread.join()
        return self.reasons.total()

    def _work(self) -> None:
        sources = {q.name: poisons(n, HEARD[q.hearer], self._keys) for n, q in enumerate(QUEUES)}
        with pika.BlockingConnection(pika.URLParameters(self._vhost)) as connection:
            channel = connection.channel()
            while self.reasons.total() < (POISON if self._enough.is_set() else MOST_POISON):
                for queue in QUEUES:
                    one = next(sources[queue.name])
                    properties = pika.BasicProperties(delivery_mode=2, **one.properties)
                    # A key that is no text, but leads here all the same.
                    strange = queue.name == "notify.urgent"
                    key: Any = b"case.routed.urgent.\xff" if strange else queue.name
                    channel.basic_publish(EXCHANGE if strange else "", key, one.body, properties)
                    reason = "delivered_too_often" if queue.is_dead else one.reason
                    self.reasons[queue.name, reason] += 1
                    if strange:
                        self.reasons["intake.events", reason] += 1  # it hears of every case too
                connection.process_data_events(0.05)


@pytest.mark.production
def test_good_referrals_go_their_way_while_poison_flows_into_every_queue(
    processes: HubProcesses, vhost: str, smtp: SMTPServer
) -> None:
    processes.start()
    with processes.house() as house:
        agency = AgencySystem(processes.url, processes.key_of("vcas"), threads=2, seconds=SECONDS)
        agency.give(a_story(number) for number in range(1, GOOD + 1))
        wait_until(lambda: alerted(house.rooms) == GOOD, SECONDS, "the first are alerted")
        poisoner = Poisoner(vhost, house.rooms["intake"].keys.messages)
        wait_until(lambda: parked(house.rooms), SECONDS, "poison has arrived")
        agency.give(a_story(number) for number in range(GOOD + 1, 2 * GOOD + 1))
        wait_until(lambda: alerted(house.rooms) == 2 * GOOD, SECONDS, "the others are alerted")
        assert poisoner.at_work, "the good ones came through only when the poison was over"
        thrown = poisoner.finish()
        acknowledged = agency.finish()
        references = list(acknowledged.references.values())
        rest = has_come_to_rest(house.rooms, references)
        wait_until(lambda: standing(house.rooms).parked >= thrown and rest(), SECONDS, "all is handled")
        found = parked(house.rooms)
        assert Counter((one.queue, one.reason) for one in found) == poisoner.reasons
        assert [name for name in (WEB, *WORKERS) if not processes.running(name)] == []
        stumbles = [line for name in WORKERS for line in stumbles_in(processes.log_of(name))]
        assert stumbles == [], "\n".join(stumbles)
        mails = [mail.message for mail in smtp.mails]
        assert_nothing_lost_nothing_twice(
            house.rooms, references, mails, cases_expected=2 * GOOD, parked_expected=thrown
        )
        before, during = worst_wait(house.rooms, 1, GOOD), worst_wait(house.rooms, GOOD + 1, 2 * GOOD)
    print(  # noqa: T201 - shown by `pytest -s`
        f"{thrown} messages of poison; from receipt to alert at worst {during:.2f} s, "
        f"without poison {before:.2f} s"
    )


def test_the_embedded_hub_parks_poison_too(tmp_path: Path) -> None:
    hub = embedded_hub(tmp_path / "home")
    keys = hub.rooms["intake"].keys.messages
    expected: Counter[tuple[str, str]] = Counter()
    references = []
    publisher = hub.house.broker.publisher()
    for number, queue in enumerate(QUEUES):
        for key in queue.bindings[:1]:
            for one in islice(poisons(number, HEARD[queue.hearer], keys), 22):
                publisher.publish([Outgoing(new_id(), "poison", key.replace("*", "normal"), one.body)])
                expected[queue.name, one.reason] += 1
        references.append(hub.take(a_story(number))["reference"])
    publisher.close()
    hub.settle()
    assert {one.queue for one in parked(hub.rooms)} == {queue for queue, _ in expected}
    assert expected <= Counter((one.queue, one.reason) for one in parked(hub.rooms))
    assert_nothing_lost_nothing_twice(
        hub.rooms, references, hub.mails(), parked_expected=len(parked(hub.rooms))
    )
    hub.close()


def stumbles_in(log: str) -> list[str]:
    return [line for line in log.splitlines() if "stopped for a moment" in line]


def alerted(rooms: Rooms) -> int:
    return standing(rooms).alerts.total()


def worst_wait(rooms: Rooms, first: int, last: int) -> float:
    """Seconds from the receipt to the alert, of the slowest of these stories."""
    received = read(rooms["intake"], taken.c.reference, taken.c.received_at)
    records = read(rooms["intake"], taken.c.reference, taken.c.source_record_id)
    raised = read(rooms["notify"], alerts.c.case, alerts.c.raised_at)
    with rooms["triage"].database.reading() as connection:
        query = select(referrals.c.reference, cases.c.reference.label("case")).join(
            cases, cases.c.id == referrals.c.case_id
        )
        case_of = {row.reference: row.case for row in connection.execute(query)}
    wanted = {f"INVENTED-{number:06}" for number in range(first, last + 1)}
    waits: list[dt.timedelta] = [
        raised[case_of[reference]] - at for reference, at in received.items() if records[reference] in wanted
    ]
    return max(waits).total_seconds()


def read(room: Room, key: Column[str], value: Column[Any]) -> dict[str, Any]:
    with room.database.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(select(key, value))}
