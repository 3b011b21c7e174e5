"""Many referrals in one body: each is answered on its own, and one bad one costs no good one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from services.wsgi import Front
from tests.support.builders import a_referral, an_account, an_event
from tests.support.houses import Hub, infrastructure, make_hub

__all__ = ["infrastructure", "make_hub"]


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub at rest, on each infrastructure."""
    return make_hub()


def send(hub: Hub, bodies: object, agency: str = "vcas", **headers: str) -> TestResponse:
    return hub.front.post(
        "/v1/referrals/batch",
        json={"referrals": bodies},
        headers={"Authorization": f"Bearer {hub.key_of(agency)}", **headers},
    )


def outcomes(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [result["outcome"] for result in answer.get_json()["results"]]


def test_each_is_answered_on_its_own_and_in_its_place(hub: Hub) -> None:
    bodies: list[Any] = [an_account("ONE"), {"nonsense": True}, an_account("TWO"), None, "text"]
    answer = send(hub, bodies).get_json()
    assert answer["counts"] == {"new": 2, "repeat": 0, "amended": 0, "refused": 3}
    first, second, third, fourth, fifth = answer["results"]
    assert [one["receipt"]["source_record_id"] for one in (first, third)] == ["ONE", "TWO"]
    assert first["status"] == 201
    pointers = {fault["pointer"] for fault in second["problem"]["errors"]}
    assert {"/source_record_id", "/nonsense"} <= pointers
    assert [one["problem"]["status"] for one in (second, fourth, fifth)] == [422] * 3
    hub.settle()
    assert {line["source_record_id"] for line in hub.links().values()} == {"ONE", "TWO"}


def test_a_receipt_is_the_one_that_a_single_request_gives(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE"))
    result = send(hub, [an_account("ONE")]).get_json()["results"][0]
    assert (result["outcome"], result["status"], result["receipt"]) == ("repeat", 200, receipt)


def test_sending_a_batch_again_makes_nothing_new(hub: Hub) -> None:
    bodies = [an_account(f"RECORD-{number}") for number in range(250)]
    assert outcomes(send(hub, bodies)) == ["new"] * 250
    assert outcomes(send(hub, bodies)) == ["repeat"] * 250
    hub.settle()
    assert len(hub.links()) == 250


def test_a_batch_is_said_in_the_order_in_which_it_came(hub: Hub) -> None:
    bodies = [an_account(f"RECORD-{number * 37 % 100}") for number in range(100)]
    receipts = [result["receipt"] for result in send(hub, bodies).get_json()["results"]]
    room = hub.rooms["intake"]
    outbox = room.service.tables.outbox
    with room.database.reading() as connection:
        said = connection.execute(select(outbox.c.body).order_by(outbox.c.id)).scalars().all()
    assert [json.loads(body)["subject"] for body in said] == [receipt["reference"] for receipt in receipts]


def test_a_record_that_stands_twice_in_a_batch_is_taken_in_its_order(hub: Hub) -> None:
    def told(summary: str) -> dict[str, Any]:
        return a_referral(event=an_event(summary=summary))

    bodies = [told("First."), told("Second."), told("First."), told("Third."), told("Third.")]
    answer = send(hub, bodies)
    assert outcomes(answer) == ["new", "amended", "repeat", "amended", "repeat"]
    versions = [result["receipt"]["version"] for result in answer.get_json()["results"]]
    assert versions == [1, 2, 1, 3, 3]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/referrals", "required"),
        ({"referrals": []}, "/referrals", "too_few"),
        ({"referrals": {}}, "/referrals", "wrong_type"),
        ({"referrals": [{}] * 1001}, "/referrals", "too_many"),
        ({"referrals": [{}], "more": 1}, "/more", "unknown_field"),
        ([], "", "wrong_type"),
    ],
)
def test_what_is_no_batch_is_refused_whole(hub: Hub, body: object, pointer: str, code: str) -> None:
    answer = hub.front.post(
        "/v1/referrals/batch", json=body, headers={"Authorization": f"Bearer {hub.key_of('vcas')}"}
    )
    assert answer.status_code == 422
    assert (pointer, code) in {(fault["pointer"], fault["code"]) for fault in answer.get_json()["errors"]}


def test_a_batch_may_be_larger_than_one_referral_but_not_without_bounds(hub: Hub) -> None:
    long = [an_account(f"LONG-{n}", services_wanted=[]) for n in range(3)]
    for one in long:
        one["event"]["summary"] = "Invented. " * 399
    padding = " " * 2 * 1024 * 1024
    headers = {"Authorization": f"Bearer {hub.key_of('vcas')}", "Content-Type": "application/json"}
    with_padding = hub.front.post("/v1/referrals/batch", data="{" + padding + "}", headers=headers)
    assert with_padding.status_code == 422
    assert hub.front.post("/v1/referrals", data="{" + padding + "}", headers=headers).status_code == 413
    too_large = hub.front.post("/v1/referrals/batch", data="{" + padding * 5 + "}", headers=headers)
    assert too_large.status_code == 413
    assert outcomes(send(hub, long)) == ["new"] * 3


def test_batches_with_the_same_records_at_once_make_each_once(hub: Hub) -> None:
    bodies = [an_account(f"SHARED-{number}") for number in range(40)]
    front, together = Front(hub.rooms), threading.Barrier(3)
    answers: list[TestResponse] = []

    def post(order: int) -> None:
        together.wait(60)
        answers.append(
            Client(front).post(
                "/v1/referrals/batch",
                json={"referrals": bodies[::order]},
                headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
            )
        )

    threads = [threading.Thread(target=post, args=(order,)) for order in (1, -1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    taken = [outcome for answer in answers for outcome in outcomes(answer)]
    assert sorted(taken) == ["new"] * 40 + ["repeat"] * 80
    hub.settle()
    assert len(hub.links()) == 40
