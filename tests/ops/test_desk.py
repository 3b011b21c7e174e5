"""Ops see queues, outboxes and parked messages of all three services over HTTP, and never a person."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.ops.service import desk_of
from shared.database import Database
from shared.identity import new_id
from shared.messaging.broker import open_broker
from shared.messaging.carrier import Outgoing
from shared.messaging.topology import QUEUES
from shared.web import STAFF
from tests.support.builders import an_account
from tests.support.houses import BOTH, Hub
from tests.support.ports import free_port

everywhere = pytest.mark.parametrize("infrastructure", BOTH, indirect=True)


def throw(hub: Hub, *bodies: bytes, key: str = "referral.received.normal") -> None:
    """Somebody sends what nobody can read."""
    publisher = hub.house.broker.publisher()
    publisher.publish([Outgoing(new_id(), "unknown", key, body) for body in bodies])
    publisher.close()
    hub.settle()


def seen(hub: Hub, path: str) -> dict[str, Any]:
    answer = hub.ask(path, hub.token_of("ops"))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def replay(hub: Hub, parked_id: str) -> TestResponse:
    return hub.front.post(
        f"/v1/ops/parked/{parked_id}/replay", headers={"Authorization": f"Bearer {hub.token_of('ops')}"}
    )


@everywhere
def test_what_waits_is_counted_in_each_queue_and_each_service(hub: Hub) -> None:
    hub.take(an_account("WAITS"))
    told = seen(hub, "/v1/ops/queues")
    assert told["broker"] == "ok"
    assert {one["queue"] for one in told["queues"]} >= {queue.name for queue in QUEUES}
    assert {one["ready"] for one in told["queues"]} == {0}
    before = {one["service"]: one for one in told["services"]}
    assert [*before] == ["intake", "triage", "notify"]
    assert before["intake"]["unsent"] >= 1
    assert before["intake"]["oldest_unsent_at"].endswith("Z")
    hub.settle()
    for one in seen(hub, "/v1/ops/queues")["services"]:
        assert (one["unsent"], one["oldest_unsent_at"], one["parked"], one["database"]) == (0, None, 0, "ok")


@everywhere
def test_what_could_not_be_handled_is_listed_page_by_page_and_tried_again(hub: Hub) -> None:
    throw(hub, b"this is no message", b"nor is this")
    throw(hub, b"notify cannot read it", key="case.routed.normal.restorative_hub")
    first = seen(hub, "/v1/ops/parked?limit=2")
    rest = seen(hub, f"/v1/ops/parked?limit=2&cursor={first['next_cursor']}")
    assert rest["next_cursor"] is None
    parked = first["parked"] + rest["parked"]
    assert len({one["id"] for one in parked}) == len(parked) >= 3
    assert {one["service"] for one in parked} >= {"triage", "notify"}
    assert {one["reason"] for one in parked} == {"undecodable"}
    assert "no message" not in str(parked)

    answer = replay(hub, parked[0]["id"])
    assert (answer.status_code, answer.get_json()["id"]) == (202, parked[0]["id"])
    assert answer.get_json()["retry_at"]
    ids = [one["id"] for one in seen(hub, "/v1/ops/parked")["parked"]]
    assert parked[0]["id"] not in ids
    assert len(ids) == len(parked) - 1
    assert parked[0]["id"] in [one["id"] for one in seen(hub, "/v1/ops/parked?state=any")["parked"]]
    hub.clock.move(minutes=10)
    hub.settle()
    (again,) = [one for one in seen(hub, "/v1/ops/parked")["parked"] if one["id"] == parked[0]["id"]]
    assert again["attempts"] == parked[0]["attempts"] + 1


def test_a_message_that_is_not_held_is_404_and_a_question_that_is_wrong_422(hub: Hub) -> None:
    for unknown in (str(new_id()), "nonsense"):
        assert replay(hub, unknown).status_code == 404
    answer = hub.ask("/v1/ops/parked?state=lost&limit=0&cursor=x", hub.token_of("ops"))
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/state", "/limit", "/cursor"]


def test_the_desk_is_open_to_ops_alone(hub: Hub) -> None:
    for path in ("/v1/ops/queues", "/v1/ops/parked", "/ops"):
        assert hub.front.get(path).status_code == 401
        assert hub.ask(path, hub.key_of("vcas")).status_code == 401
        answers = {role: hub.ask(path, hub.token_of(role)).status_code for role in STAFF}
        assert answers == {role: 200 if role == "ops" else 403 for role in STAFF}


def test_metrics_tell_what_waits_in_all_three_and_each_service_its_own(hub: Hub) -> None:
    hub.take(an_account("COUNTED"))
    hub.clock.move(seconds=7)
    answer = hub.front.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert re.findall(r'^hub_outbox_unsent\{service="(\w+)"\}', answer.text, re.MULTILINE) == [*hub.rooms]
    assert 'hub_outbox_unsent{service="intake"} 1' in answer.text
    assert 'hub_outbox_oldest_unsent_seconds{service="intake"} 7' in answer.text
    assert len(re.findall(r"^# TYPE hub_outbox_unsent gauge$", answer.text, re.MULTILINE)) == 1
    for name, room in hub.rooms.items():
        told = room.service.web(room).test_client().get("/metrics").text
        assert set(re.findall(r'service="(\w+)"', told)) == {name}


def test_a_database_that_is_away_is_told_and_hides_nothing_of_the_others(hub: Hub, tmp_path: Path) -> None:
    throw(hub, b"this is no message")
    away = Database(f"sqlite:///{tmp_path}/no/such/folder/intake.db")
    rooms = hub.rooms | {"intake": replace(hub.rooms["intake"], database=away)}
    desk = desk_of(rooms, hub.house.broker).test_client()
    bearer = {"Authorization": f"Bearer {hub.token_of('ops')}"}
    told = desk.get("/v1/ops/queues", headers=bearer).get_json()
    assert {one["service"]: (one["database"], one["parked"]) for one in told["services"]} == {
        "intake": ("away", None),
        "triage": ("ok", 1),
        "notify": ("ok", 0),
    }
    figures = desk.get("/metrics").text
    assert 'hub_database_up{service="intake"} 0' in figures
    assert 'hub_messages_parked{service="triage"} 1' in figures
    assert 'hub_messages_parked{service="intake"}' not in figures
    page = desk.get("/ops", headers=bearer).text
    assert "Its database does not answer" in page
    assert "It cannot be listed" in page
    away.close()


def test_a_broker_that_is_away_is_told(hub: Hub) -> None:
    desk = desk_of(
        hub.rooms, open_broker(f"amqp://nobody:invented@localhost:{free_port()}/hub")
    ).test_client()
    bearer = {"Authorization": f"Bearer {hub.token_of('ops')}"}
    told = desk.get("/v1/ops/queues", headers=bearer).get_json()
    assert (told["broker"], told["queues"]) == ("away", [])
    assert len(told["services"]) == 3
    assert "The broker does not answer" in desk.get("/ops", headers=bearer).text
