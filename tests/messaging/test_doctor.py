"""The doctor finds what is wrong, says what to do about it, and leaves alone what is well."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable

import pika
import pytest

from services.doctor import CLOCKS_APART, LAGGING, ROOM, Finding, examine
from shared.clock import utc_now
from shared.messaging.broker import open_broker
from shared.messaging.topology import DEAD_EXCHANGE, EXCHANGE
from tests.support.builders import an_account
from tests.support.houses import Hub
from tests.support.rabbitmq_server import RabbitMQServer
from tests.support.spreadsheets import AGENCY, MAPPING, a_csv, a_row

on_production = pytest.mark.parametrize(
    "infrastructure", [pytest.param("production", marks=pytest.mark.production)], indirect=True
)


def findings(
    hub: Hub,
    *,
    management_url: str = "",
    clock: Callable[[], dt.datetime] = utc_now,
    least_free: int = ROOM,
) -> dict[str, Finding]:
    examined = examine(
        hub.house,
        clock=clock,
        broker_url=hub.settings.broker_url,
        management_url=management_url,
        least_free=least_free,
    )
    return {finding.what: finding for finding in examined}


def ill(found: dict[str, Finding]) -> set[str]:
    """What is ill, but for workers: a hub here hears only while a test has it do so."""
    for finding in found.values():
        assert finding.well or finding.advice, f"{finding.what}: what is to be done?"
    return {what for what, finding in found.items() if not finding.well and not what.endswith(" worker")}


def test_a_hub_that_is_well_is_found_well(hub: Hub) -> None:
    hub.take(an_account("WELL"))
    hub.settle()
    found = findings(hub)
    assert ill(found) == set()
    assert {"broker", "intake clock", "triage relay", "notify held"} <= set(found)
    assert ("queue triage.urgent" in found) is not hub.house.broker.volatile


def test_a_disk_that_is_nearly_full_is_found_where_it_is_the_hub_s_own(hub: Hub) -> None:
    found = findings(hub, least_free=2**62)
    disks = {f"{name} disk" for name in hub.rooms}
    assert ill(found) == (disks if hub.house.broker.volatile else set())
    assert all(found[disk].told.endswith("MiB free") for disk in disks & set(found))


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_an_import_that_stands_still_is_found(hub: Hub) -> None:
    assert findings(hub)["intake imports"].told == "none unfinished"
    answer = hub.front.post(
        "/v1/imports",
        data={"file": (io.BytesIO(a_csv([a_row()])), "export.csv"), "mapping": MAPPING},
        headers={"Authorization": f"Bearer {hub.key_of(AGENCY)}"},
    )
    assert answer.status_code == 202
    assert ill(findings(hub, clock=hub.clock)) == set()
    hub.clock.move(minutes=3)
    found = findings(hub, clock=hub.clock)
    assert "1 unfinished, 0 of them failing" in found["intake imports"].told
    assert "intake imports" in ill(found)


def test_a_relay_that_lags_is_found(hub: Hub) -> None:
    hub.take(an_account("WAITS"))
    assert ill(findings(hub)) == set()
    hub.clock.move(seconds=LAGGING.total_seconds() + 1)
    found = findings(hub, clock=hub.clock)
    assert "1 unsent" in found["intake relay"].told
    assert ill(found) >= {"intake relay"}
    assert "triage relay" not in ill(found)


def test_clocks_that_are_apart_are_found(hub: Hub) -> None:
    apart = CLOCKS_APART + dt.timedelta(seconds=2)
    for found in (
        findings(hub, clock=lambda: utc_now() + apart),
        findings(hub, clock=lambda: utc_now() - apart),
    ):
        assert {f"{name} clock" for name in hub.rooms} <= ill(found)


def test_a_database_that_is_not_prepared_is_found_and_the_rest_is_still_looked_at(
    make_hub: Callable[..., Hub], tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    hub = make_hub(triage_database_url=f"sqlite:///{empty}/triage.db")
    found = findings(hub)
    assert ill(found) == {"triage database"}
    assert "hub prepare triage" in found["triage database"].advice
    assert found["notify relay"].well


@on_production
def test_a_queue_and_a_binding_that_are_gone_are_found(
    make_hub: Callable[..., Hub], rabbitmq: RabbitMQServer, vhost: str
) -> None:
    hub = make_hub(broker_url=vhost)
    management = rabbitmq.management_url.replace("http://", "http://guest:guest@")
    assert ill(findings(hub, management_url=management)) == set()
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        channel = connection.channel()
        channel.queue_unbind("notify.urgent", EXCHANGE, "case.routed.urgent.*")
        channel.queue_delete("triage.bulk")
    found = findings(hub, management_url=management)
    assert ill(found) == {"queue triage.bulk", "bindings"}
    assert "notify.urgent ← case.routed.urgent.*" in found["bindings"].told
    assert "triage.bulk ← referral.received.bulk" in found["bindings"].told
    assert "hub prepare" in found["queue triage.bulk"].advice
    hub.house.prepare()
    assert ill(findings(hub, management_url=management)) == set()


@on_production
def test_a_worker_that_is_gone_is_found(hub: Hub) -> None:
    hub.settle()
    workers = {f"{name} worker" for name in hub.rooms}
    assert all(findings(hub)[worker].well for worker in workers)
    hub.house._hearings.pop("triage").close()
    found = findings(hub)
    assert {worker for worker in workers if not found[worker].well} == {"triage worker"}
    assert "nobody hears triage.urgent, triage.normal" in found["triage worker"].told
    assert "`hub work triage`" in found["triage worker"].advice


@on_production
def test_a_way_of_the_dead_that_is_gone_is_found(
    make_hub: Callable[..., Hub], rabbitmq: RabbitMQServer, vhost: str
) -> None:
    hub = make_hub(broker_url=vhost)
    management = rabbitmq.management_url.replace("http://", "http://guest:guest@")
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        channel = connection.channel()
        channel.queue_unbind("triage.dead", DEAD_EXCHANGE, "triage.dead")
        found = findings(hub, management_url=management)
        assert (ill(found), found["bindings"].told) == ({"bindings"}, "missing: triage.dead ← triage.dead")
        channel.exchange_delete(DEAD_EXCHANGE)
        channel.exchange_delete(EXCHANGE)
    found = findings(hub, management_url=management)
    assert ill(found) == {"bindings"}
    assert "notify.dead ← notify.dead" in found["bindings"].told
    assert "triage.normal ← referral.received.normal" in found["bindings"].told
    hub.house.prepare()
    assert ill(findings(hub, management_url=management)) == set()


@on_production
def test_a_queue_without_a_leader_is_found(
    make_hub: Callable[..., Hub], rabbitmq: RabbitMQServer, vhost: str
) -> None:
    hub = make_hub(broker_url=vhost)
    # The one member of this queue stops: to whoever only looks at it, it is there and empty.
    member = f"{{'{vhost.rpartition('/')[2]}_triage.normal', node()}}"
    assert rabbitmq.ctl("eval", f"ra:stop_server(quorum_queues, {member}).") == "ok"
    found = findings(hub)
    assert ill(found) == {"queue triage.normal"}
    assert "has no leader" in found["queue triage.normal"].told
    assert "hub reconcile" in found["queue triage.normal"].advice


@on_production
def test_management_that_does_not_answer_is_found(hub: Hub) -> None:
    found = findings(hub, management_url="http://guest:wrong@127.0.0.1:1")
    assert ill(found) == {"bindings"}
    assert "wrong" not in found["bindings"].told


@on_production
def test_a_broker_that_cannot_be_reached_is_found(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub()
    hub.house.broker = open_broker("amqp://guest:a-secret@127.0.0.1:1/%2F")
    found = findings(hub)
    assert ill(found) == {"broker"}
    assert "a-secret" not in str(found)
