"""A team's own system takes its team's cases from its own queue, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pika
import pika.exceptions
import pytest
from click.testing import CliRunner

from services.cli import hub as command
from services.doctor import examine
from shared.directory import DEFAULT
from tests.support.builders import an_account
from tests.support.houses import Hub, Place, production_hub
from tests.support.ports import LOOPBACK
from tests.support.rabbitmq_server import RabbitMQServer

pytestmark = pytest.mark.production

SAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "team_consumer.py"
CLEVELAND, HUB = "restorative_cleveland", "restorative_hub"


@pytest.fixture
def hub(place: Place, tmp_path: Path) -> Iterator[Hub]:
    """A hub in which two teams have systems of their own."""
    text = DEFAULT.read_text(encoding="utf-8")
    for name in ("{name: Restorative Cleveland}", '{name: "Restorative Hub, County Durham and Darlington"}'):
        assert name in text
        text = text.replace(name, name.replace("}", ", over_amqp: true}"))
    directory = tmp_path / "directory.yaml"
    directory.write_text(text, encoding="utf-8")
    hub = production_hub(tmp_path / "home", place, directory=str(directory))
    yield hub
    hub.close()


def user_of(team: str, place: Place) -> str:
    """The URL of a team's own user, with the rights that docs/production.md gives it."""
    name = f"team-{team}"
    # Over HTTP: each `rabbitmqctl` starts an Erlang of its own for a second.
    place.broker.manage("PUT", f"/api/users/{name}", {"password": "invented-password", "tags": ""})
    rights = {"configure": "^$", "write": "^$", "read": rf"^team\.{team}$"}
    place.broker.manage("PUT", f"/api/permissions/{place.vhost}/{name}", rights)
    return f"amqp://{name}:invented-password@{LOOPBACK}:{place.broker.port}/{place.vhost}"


@pytest.fixture
def users(place: Place, hub: Hub) -> Iterator[dict[str, str]]:
    """Both teams' users."""
    yield {team: user_of(team, place) for team in (CLEVELAND, HUB)}
    for team in (CLEVELAND, HUB):
        place.broker.manage("DELETE", f"/api/users/team-{team}")


def run_sample(url: str, team: str, count: int) -> list[list[str]]:
    """What the sample consumer prints for so many messages, word by word."""
    environment = os.environ | {"TEAM_BROKER_URL": url, "TEAM_QUEUE": f"team.{team}"}
    done = subprocess.run(
        [sys.executable, str(SAMPLE), "--count", str(count)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line.split() for line in done.stdout.splitlines()]


def refused(url: str, queue: str) -> bool:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        try:
            channel.basic_get(queue)
        except pika.exceptions.ChannelClosedByBroker as error:
            return error.reply_code == 403
    return False


def waiting(place: Place, team: str) -> int:
    with pika.BlockingConnection(pika.URLParameters(place.broker.add_vhost(place.vhost))) as connection:
        declared = connection.channel().queue_declare(f"team.{team}", passive=True)
        return int(declared.method.message_count)


def test_a_team_s_own_consumer_receives_its_cases_and_no_others(
    hub: Hub, users: dict[str, str], place: Place
) -> None:
    receipt = hub.take(an_account("OURS", postcode="TS1 9ZZ", family="Ours"))
    hub.take(an_account("THEIRS", postcode="DL1 9ZZ", family="Theirs"))
    hub.take(an_account("OURS-TOO", postcode="TS24 9ZZ", family="Oursalso"))
    hub.settle()
    hub.front.post(
        f"/v1/referrals/{receipt['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    hub.settle()
    links = hub.links()
    ours, too, theirs = (links[f"vcas:{record}"]["case"] for record in ("OURS", "OURS-TOO", "THEIRS"))
    found = {(words[0], words[1]) for words in run_sample(users[CLEVELAND], CLEVELAND, 3)}
    assert found == {("case.routed", ours), ("case.routed", too), ("case.referral_withdrawn", ours)}
    assert {(words[0], words[1]) for words in run_sample(users[HUB], HUB, 1)} == {("case.routed", theirs)}
    assert [waiting(place, team) for team in (CLEVELAND, HUB)] == [0, 0]


def test_what_was_for_a_team_is_said_again_when_its_queue_was_lost_with_the_broker_s_disk(
    hub: Hub, users: dict[str, str], place: Place
) -> None:
    hub.take(an_account("OURS", postcode="TS1 9ZZ", family="Ours"))
    hub.take(an_account("THEIRS", postcode="DL1 9ZZ", family="Theirs"))
    hub.settle()
    with pika.BlockingConnection(pika.URLParameters(place.broker.add_vhost(place.vhost))) as connection:
        for team in (CLEVELAND, HUB):
            connection.channel().queue_delete(f"team.{team}")
    examined = examine(hub.house, clock=hub.clock, broker_url=hub.settings.broker_url, management_url="")
    (advice,) = [finding.advice for finding in examined if finding.what == f"queue team.{CLEVELAND}"]
    assert f"`hub reconcile --team {CLEVELAND}`" in advice
    hub.house.prepare()
    before = (hub.links(), len(hub.alerts()), len(hub.mails()))
    # What the team's own system has done stands in no inbox of ours.
    assert sum(hub.house.reconcile().values()) == 0
    told = CliRunner().invoke(command, ["reconcile", "--team", CLEVELAND], env=dict(hub.environment))
    assert told.stdout.splitlines()[-1] == f"{CLEVELAND}: 1 to be said again"
    hub.settle()
    ours = hub.links()["vcas:OURS"]["case"]
    assert [tuple(words[:2]) for words in run_sample(users[CLEVELAND], CLEVELAND, 1)] == [
        ("case.routed", ours)
    ]
    assert [waiting(place, team) for team in (CLEVELAND, HUB)] == [0, 0]
    assert (hub.links(), len(hub.alerts()), len(hub.mails())) == before


def test_a_team_without_a_system_of_its_own_is_named(hub: Hub) -> None:
    told = CliRunner().invoke(command, ["reconcile", "--team", "duty_desk"], env=dict(hub.environment))
    assert (told.exit_code, "No team of this name" in told.output) == (2, True)


def test_a_second_team_s_user_is_refused(users: dict[str, str], rabbitmq: RabbitMQServer) -> None:
    for user, own, other in ((CLEVELAND, CLEVELAND, HUB), (HUB, HUB, CLEVELAND)):
        assert not refused(users[user], f"team.{own}")
        for queue in (f"team.{other}", "triage.urgent", "notify.events", "intake.events"):
            assert refused(users[user], queue), queue


def test_what_a_team_reads_from_its_queue_shows_no_person(hub: Hub, users: dict[str, str]) -> None:
    hub.take(an_account("OURS", postcode="TS1 9ZZ", family="Recognisable"))
    hub.settle()
    with pika.BlockingConnection(pika.URLParameters(users[CLEVELAND])) as connection:
        _, _, body = connection.channel().basic_get(f"team.{CLEVELAND}", auto_ack=True)
    assert body is not None
    assert b"case.routed" in body
    assert b"Recognisable" not in body
    assert b"TS1 9ZZ" not in body
    assert b"TS19ZZ" not in body
