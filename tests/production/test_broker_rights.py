"""Each user of RabbitMQ can do what its container has to do, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pika
import pika.exceptions
import pytest
import urllib3
from pika.adapters.blocking_connection import BlockingChannel

from shared.contracts import ReferralReceived
from shared.messaging.carrier import Outgoing
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import DEAD_EXCHANGE, EXCHANGE, QUEUES, Queue, queues_of, team_queue
from tests.support.ports import LOOPBACK
from tests.support.rabbitmq_server import RabbitMQServer

pytestmark = pytest.mark.production

SERVICES = ("intake", "triage", "notify")
VHOST = "hub"

Address = Callable[[str], str]


@pytest.fixture(scope="module")
def definitions(secrets_folder: Path) -> dict[str, list[dict[str, str]]]:
    """What RabbitMQ is given at every start."""
    path = secrets_folder / "deploy" / "secrets" / "definitions.json"
    read: dict[str, list[dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def address(
    rabbitmq: RabbitMQServer,
    definitions: dict[str, list[dict[str, str]]],
    hub_secrets: dict[str, str],
) -> Iterator[Address]:
    """The broker's URL for one of its users, once `hub-prepare` has made the queues."""
    rabbitmq.mend()
    rabbitmq.manage("POST", "/api/definitions", definitions)

    def of(user: str) -> str:
        password = hub_secrets[f"{user.removeprefix('hub-').upper()}_BROKER_PASSWORD"]
        return f"amqp://{user}:{password}@{LOOPBACK}:{rabbitmq.port}/{VHOST}"

    RabbitMQ(of("hub-prepare")).prepare((*QUEUES, team_queue("invented_team_2")))
    yield of
    rabbitmq.mend()
    rabbitmq.delete_vhost(VHOST)
    for user in definitions["users"]:
        rabbitmq.manage("DELETE", f"/api/users/{user['name']}")


def refused(url: str, attempt: Callable[[BlockingChannel], object]) -> bool:
    """Whether RabbitMQ forbids it (403 ACCESS_REFUSED)."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        try:
            attempt(channel)
        except pika.exceptions.ChannelClosedByBroker as error:
            return error.reply_code == 403
        channel.close()
    return False


def a_message(routing_key: str) -> Outgoing:
    return Outgoing(uuid4(), "invented", routing_key, b"an invented body")


def test_there_is_no_user_but_those_of_the_hub(definitions: dict[str, list[dict[str, str]]]) -> None:
    assert {user["name"] for user in definitions["users"]} == {
        "hub-prepare",
        "hub-ops",
        *(f"hub-{service}" for service in SERVICES),
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_what_it_has_to_say_and_the_hearer_hears_it(address: Address, service: str) -> None:
    publisher = RabbitMQ(address(f"hub-{service}")).publisher()
    said = a_message(f"{ReferralReceived.TYPE}.normal")
    published = publisher.publish([said])
    publisher.close()
    assert published.confirmed == {said.id}
    hearing = RabbitMQ(address("hub-triage")).hearing(queues_of("triage"))
    deliveries = hearing.take(10, wait=60)
    hearing.acknowledge(deliveries)
    hearing.close()
    assert [delivery.body for delivery in deliveries] == [said.body]


def test_what_finds_no_queue_comes_back_to_the_service(address: Address) -> None:
    publisher = RabbitMQ(address("hub-intake")).publisher()
    said = a_message("nobody.hears.this")
    published = publisher.publish([said])
    publisher.close()
    assert published.unroutable == {said.id}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_all_its_queues(address: Address, service: str) -> None:
    hearing = RabbitMQ(address(f"hub-{service}")).hearing(queues_of(service))
    assert hearing.take(1, wait=0) == []
    hearing.close()


@pytest.mark.parametrize("user", [f"hub-{service}" for service in SERVICES])
@pytest.mark.parametrize("queue", [*QUEUES, team_queue("invented_team_2")], ids=lambda queue: queue.name)
def test_a_service_reads_its_own_queues_only(address: Address, user: str, queue: Queue) -> None:
    own = user == f"hub-{queue.hearer}"
    assert refused(address(user), lambda channel: channel.basic_get(queue.name)) is not own


@pytest.mark.parametrize("user", ["hub-ops", *(f"hub-{service}" for service in SERVICES)])
def test_nobody_but_prepare_changes_queues_exchanges_or_bindings(address: Address, user: str) -> None:
    own = queues_of(user.removeprefix("hub-"))
    mine = own[0].name if own else "intake.events"
    attempts: list[Callable[[BlockingChannel], object]] = [
        lambda channel: channel.queue_declare("triage.invented", durable=True),
        lambda channel: channel.queue_declare("", exclusive=True),
        lambda channel: channel.queue_delete(mine),
        lambda channel: channel.exchange_declare("invented", "topic"),
        lambda channel: channel.exchange_delete(EXCHANGE),
        lambda channel: channel.queue_bind(mine, EXCHANGE, "referral.received.urgent"),
        lambda channel: channel.queue_unbind(mine, EXCHANGE, "referral.received.urgent"),
    ]
    assert [refused(address(user), attempt) for attempt in attempts] == [True] * len(attempts)


@pytest.mark.parametrize("user", [f"hub-{service}" for service in SERVICES])
@pytest.mark.parametrize("exchange", ["", DEAD_EXCHANGE, "amq.topic", "amq.direct"])
def test_a_service_publishes_to_the_hubs_exchange_only(address: Address, user: str, exchange: str) -> None:
    assert refused(address(user), lambda channel: channel.basic_publish(exchange, "triage.urgent", b"x"))


@pytest.mark.parametrize("user", ["hub-prepare", "hub-ops"])
@pytest.mark.parametrize("exchange", ["", EXCHANGE])
def test_who_makes_or_watches_queues_puts_nothing_into_them(
    address: Address, user: str, exchange: str
) -> None:
    assert refused(address(user), lambda channel: channel.basic_publish(exchange, "triage.urgent", b"x"))


def test_ops_can_examine_every_queue(address: Address) -> None:
    broker = RabbitMQ(address("hub-ops"))
    broker.check()
    for queue in (*QUEUES, team_queue("invented_team_2")):
        assert broker.depth(queue) == 0
        assert broker.has_leader(queue)


@pytest.mark.parametrize(
    ("user", "status"), [("hub-ops", 200), *((f"hub-{service}", 401) for service in SERVICES)]
)
def test_only_ops_may_ask_the_management_page(
    rabbitmq: RabbitMQServer, address: Address, hub_secrets: dict[str, str], user: str, status: int
) -> None:
    password = hub_secrets[f"{user.removeprefix('hub-').upper()}_BROKER_PASSWORD"]
    answer = urllib3.request(
        "GET",
        f"{rabbitmq.management_url}/api/exchanges/{VHOST}/{EXCHANGE}/bindings/source",
        headers=urllib3.make_headers(basic_auth=f"{user}:{password}"),
        timeout=10,
        retries=False,
    )
    assert answer.status == status
    if status == 200:
        bound = {(binding["destination"], binding["routing_key"]) for binding in answer.json()}
        assert {(queue.name, key) for queue in QUEUES for key in queue.bindings} <= bound


def test_ops_may_not_change_the_broker_by_its_management_page(
    rabbitmq: RabbitMQServer, address: Address, hub_secrets: dict[str, str]
) -> None:
    answer = urllib3.request(
        "PUT",
        f"{rabbitmq.management_url}/api/users/intruder",
        headers=urllib3.make_headers(basic_auth=f"hub-ops:{hub_secrets['OPS_BROKER_PASSWORD']}"),
        json={"password": "invented", "tags": "administrator"},
        timeout=10,
        retries=False,
    )
    assert answer.status == 401


def test_what_a_service_gives_up_comes_to_its_dead(address: Address) -> None:
    # The broker carries it there itself, with the rights of whoever declared the queue.
    publisher = RabbitMQ(address("hub-intake")).publisher()
    published = publisher.publish([a_message(f"{ReferralReceived.TYPE}.bulk")])
    publisher.close()
    assert len(published.confirmed) == 1
    with pika.BlockingConnection(pika.URLParameters(address("hub-triage"))) as connection:
        channel = connection.channel()
        for method, _, _ in channel.consume("triage.bulk", inactivity_timeout=60):
            assert method is not None
            channel.basic_reject(method.delivery_tag or 0, requeue=False)
            break
        channel.cancel()
        for method, properties, body in channel.consume("triage.dead", inactivity_timeout=60):
            assert method is not None
            assert properties is not None
            assert body == b"an invented body"
            assert (properties.headers or {})["x-first-death-queue"] == "triage.bulk"
            channel.basic_ack(method.delivery_tag or 0)
            break
        channel.cancel()


def test_a_wrong_password_opens_nothing(rabbitmq: RabbitMQServer, address: Address) -> None:
    url = f"amqp://hub-intake:guessed@{LOOPBACK}:{rabbitmq.port}/{VHOST}"
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika.URLParameters(url))


def test_a_user_of_the_hub_has_no_place_in_another_virtual_host(
    rabbitmq: RabbitMQServer, address: Address, vhost: str
) -> None:
    elsewhere = address("hub-triage").rpartition("/")[0] + "/" + vhost.rpartition("/")[2]
    with pytest.raises(pika.exceptions.ProbableAccessDeniedError):
        pika.BlockingConnection(pika.URLParameters(elsewhere))
