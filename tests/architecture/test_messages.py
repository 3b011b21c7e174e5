"""Every message has a queue and a service that hears it, and nobody waits for what is never said."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from services.every import SERVICES
from shared.contracts import MESSAGES
from shared.contracts.envelope import LANES, Message
from shared.directory import Directory
from shared.house import topology_for
from shared.messaging.reconcile import hearers_of
from shared.messaging.topology import QUEUES, leads_to, queues_of
from shared.service import Room
from shared.settings import SERVICE_NAMES
from tests.contracts.examples import examples, name_of
from tests.support.houses import embedded_hub

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Room]]:
    """Every service, furnished and not running."""
    hub = embedded_hub(tmp_path_factory.mktemp("rooms") / "home")
    yield hub.rooms
    hub.close()


def ways_of(message: Message) -> set[str]:
    """Every routing key that a message of this contract can have: each lane, each team of the directory."""
    fields = set(type(message).__struct_fields__)
    ways = set()
    for lane in LANES:
        for team in Directory.read().teams if "to_team" in fields else ("",):
            # A message that always travels in one lane has no field for it.
            changes: dict[str, str] = {"travels": lane} if "travels" in fields else {}
            changes |= {"to_team": team} if team else {}
            ways.add(msgspec.structs.replace(message, **changes).routing_key)
    return ways


def test_the_services_have_the_names_that_the_settings_know() -> None:
    assert set(SERVICES) == set(SERVICE_NAMES)


@pytest.mark.parametrize("message_type", sorted(MESSAGES))
def test_whichever_way_a_message_goes_somebody_hears_it(message_type: str, rooms: dict[str, Room]) -> None:
    contract = MESSAGES[message_type]
    for way in ways_of(examples()[name_of(contract)]):
        hearers = hearers_of(way)
        assert hearers, way
        for hearer in hearers:
            assert contract in rooms[hearer].service.hears(rooms[hearer]), f"{hearer} does not know {way}"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_can_hear_reaches_it_on_every_way(name: str, rooms: dict[str, Room]) -> None:
    for contract in rooms[name].service.hears(rooms[name]):
        assert MESSAGES[contract.TYPE] is contract
        for way in ways_of(examples()[name_of(contract)]):
            taking = [q for q in queues_of(name) if any(leads_to(key, way) for key in q.bindings)]
            assert len(taking) == 1, f"{way} comes to {name} by {[q.name for q in taking]}"


def test_no_queue_is_bound_to_what_is_never_said() -> None:
    ways = {way for message in examples().values() for way in ways_of(message)}
    for queue in QUEUES:
        assert queue.is_dead == (not queue.bindings)
        for key in queue.bindings:
            assert any(leads_to(key, way) for way in ways), f"{queue.name} ← {key}"
    assert len({queue.name for queue in QUEUES}) == len(QUEUES)


def test_every_service_has_a_queue_for_what_was_given_out_too_often() -> None:
    for name in SERVICES:
        assert [queue.name for queue in queues_of(name) if queue.is_dead] == [f"{name}.dead"]


def test_a_team_with_a_system_of_its_own_has_a_queue_for_its_cases_and_no_others(
    rooms: dict[str, Room], tmp_path: Path
) -> None:
    own = tmp_path / "directory.yaml"
    text = (ROOT / "shared" / "directories" / "county_durham_and_darlington.yaml").read_text(encoding="utf-8")
    own.write_text(
        text.replace("{name: Restorative Cleveland}", "{name: Restorative Cleveland, over_amqp: true}"),
        encoding="utf-8",
    )
    room = rooms["triage"]
    with_own = room.service.furnish(dataclasses.replace(room.settings, directory=str(own)))
    (queue,) = set(topology_for([with_own])) - set(QUEUES)
    assert queue.name == "team.restorative_cleveland"
    routed = examples()["case.routed.1"]
    taken = {way for way in ways_of(routed) if any(leads_to(key, way) for key in queue.bindings)}
    assert taken == {f"case.routed.{lane}.restorative_cleveland" for lane in LANES}


def test_every_message_that_is_said_is_in_the_vocabulary() -> None:
    said = set()
    for path in (ROOT / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "say"
            ):
                (what,) = node.args
                assert isinstance(what, ast.Call), f"{path}:{node.lineno}: say a message where it is made"
                assert isinstance(what.func, ast.Name)
                said.add(what.func.id)
    assert said == {contract.__name__ for contract in MESSAGES.values()}
