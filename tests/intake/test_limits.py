"""How much a caller may ask for, how fast keys can be tried, and what a compressed body may hold."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from shared.web import MAX_BODY
from tests.intake.test_api import is_problem
from tests.support.builders import a_referral, an_account
from tests.support.houses import Hub

# What does not reach a database is answered the same on any.
pytestmark = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)

MakeHub = Callable[..., Hub]
WRONG = f"rh_abcdefghij_{'x' * 43}"


def test_every_answer_says_how_much_is_left(make_hub: MakeHub) -> None:
    hub = make_hub(rate_per_minute="600")
    answer = hub.ask("/v1/referrals", hub.key_of("vcas"))
    assert answer.headers["RateLimit-Policy"] == '"default";q=600;w=60'
    assert answer.headers["RateLimit"] == '"default";r=599;t=1'
    # What is refused costs as well.
    assert hub.post({}).headers["RateLimit"] == '"default";r=598;t=1'


def test_who_asks_too_often_is_told_when_to_come_again_and_then_served(make_hub: MakeHub) -> None:
    hub = make_hub(rate_per_minute="3")
    key = hub.key_of("vcas")
    assert [hub.ask("/v1/referrals", key).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = hub.post(a_referral())
    is_problem(answer, 429, "too_many_requests")
    assert answer.headers["Retry-After"] == "20"
    assert answer.headers["RateLimit"] == '"default";r=0;t=60'
    assert hub.links() == {}
    # Others are served, and whoever watches the hub always is.
    assert hub.post(a_referral(), "vip").status_code == 201
    assert {hub.front.get("/health/ready").status_code for _ in range(9)} == {200}
    hub.clock.move(seconds=20)
    assert hub.post(a_referral()).status_code == 201


def test_a_batch_costs_by_its_size(make_hub: MakeHub) -> None:
    hub = make_hub(rate_per_minute="100")
    batch = {"referrals": [an_account(f"BATCH-{number}") for number in range(200)]}
    headers = {"Authorization": f"Bearer {hub.key_of('vcas')}"}
    answer = hub.front.post("/v1/referrals/batch", json=batch, headers=headers)
    assert answer.get_json()["counts"]["new"] == 200
    assert answer.headers["RateLimit"].startswith('"default";r=79;')


def test_people_without_a_key_are_told_apart_by_their_address(make_hub: MakeHub) -> None:
    hub = make_hub(rate_per_minute="2")
    here = {"REMOTE_ADDR": "192.0.2.1"}
    told = [hub.front.get("/v1/openapi.json", environ_overrides=here).status_code for _ in range(3)]
    assert told == [200, 200, 429]
    there = {"REMOTE_ADDR": "192.0.2.2"}
    assert hub.front.get("/v1/openapi.json", environ_overrides=there).status_code == 200


def test_keys_cannot_be_tried_at_speed_and_a_key_that_was_right_still_opens(make_hub: MakeHub) -> None:
    hub = make_hub(wrong_keys_per_minute="5")
    assert hub.ask("/v1/referrals", hub.key_of("vcas")).status_code == 200
    assert [hub.ask("/v1/referrals", WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
    # Not even a right one is looked at now, so that a guesser learns nothing.
    answer = hub.ask("/v1/referrals", hub.key_of("vip"))
    is_problem(answer, 429, "too_many_requests")
    assert answer.headers["Retry-After"] == "12"
    # An agency's own forgotten program does not lock its agency out.
    assert hub.ask("/v1/referrals", hub.key_of("vcas")).status_code == 200
    elsewhere = hub.front.get(
        "/v1/referrals",
        headers={"Authorization": f"Bearer {hub.key_of('vip')}"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert elsewhere.status_code == 200
    hub.clock.move(seconds=12)
    assert hub.ask("/v1/referrals", hub.key_of("vip")).status_code == 200


def test_right_keys_are_not_counted_as_tries(make_hub: MakeHub) -> None:
    hub = make_hub(wrong_keys_per_minute="1")
    for agency in ("vcas", "vip", "durham_constabulary", "restorative_hub"):
        assert hub.ask("/v1/referrals", hub.key_of(agency)).status_code == 200


# ----------------------------------------------------------------------------------- compressed bodies


def send(hub: Hub, body: bytes, coding: str) -> TestResponse:
    return hub.front.post(
        "/v1/referrals",
        data=body,
        headers={
            "Authorization": f"Bearer {hub.key_of('vcas')}",
            "Content-Encoding": coding,
            "Content-Type": "application/json",
        },
    )


def test_a_compressed_body_is_read_as_what_it_holds(hub: Hub) -> None:
    body = json.dumps(a_referral()).encode()
    first = send(hub, gzip.compress(body), "gzip")
    assert first.status_code == 201
    again = [send(hub, zlib.compress(body), "deflate"), send(hub, body, "identity")]
    assert [(answer.status_code, answer.text) for answer in again] == [(200, first.text)] * 2


def test_a_compressed_body_may_not_hold_more_than_a_plain_one(hub: Hub) -> None:
    bomb = gzip.compress(b" " * 200 * MAX_BODY)
    assert len(bomb) < MAX_BODY
    is_problem(send(hub, bomb, "gzip"), 413, "too_large")
    # One that never says anything is no longer than any other body either.
    silent = zlib.compressobj(9, zlib.DEFLATED, 31)
    blocks = silent.compress(b"{") + silent.flush(zlib.Z_FULL_FLUSH)
    is_problem(send(hub, blocks + b"\0\0\0\xff\xff" * MAX_BODY, "gzip"), 413, "too_large")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        gzip.compress(b"{}")[:-3],
        gzip.compress(b"{}")[:-8] + b"x" * 8,
        gzip.compress(b"{}") + b"{}",
        b"\x1f\x8b",
    ],
    ids=["nothing", "not_packed", "cut_short", "wrong_sum", "something_after_it", "only_its_mark"],
)
def test_what_cannot_be_unpacked_is_400(hub: Hub, body: bytes) -> None:
    is_problem(send(hub, body, "gzip"), 400, "not_inflatable")


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "x", ""])
def test_what_is_packed_in_another_way_is_415_and_told_which_are_taken(hub: Hub, coding: str) -> None:
    answer = send(hub, b"{}", coding)
    is_problem(answer, 415, "unknown_coding")
    assert answer.headers["Accept-Encoding"] == "gzip, deflate"
