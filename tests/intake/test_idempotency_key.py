"""The same Idempotency-Key and the same body have the first answer again; another body has none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.intake.answer_once import claim_answer, read_claim
from services.intake.tables import first_answers
from tests.support.builders import Wire, a_referral, an_account, an_event
from tests.support.houses import Hub, infrastructure, make_hub

__all__ = ["infrastructure", "make_hub"]


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub at rest, on each infrastructure."""
    return make_hub()


def send(hub: Hub, body: object, key: str = "first-try", agency: str = "vcas") -> TestResponse:
    return hub.post(body, agency, **{"Idempotency-Key": key})


def begin(hub: Hub, body: Wire, key: str = "first-try") -> None:
    """As if a request had begun and its worker had died before it came to an answer."""
    lookup = hub.rooms["intake"].keys.lookup
    claim = read_claim(key, "vcas", "POST", "/v1/referrals", body, lookup)
    with hub.rooms["intake"].unit() as unit:
        assert claim_answer(claim, unit) is None


def test_the_first_answer_is_given_again_whatever_happened_since(hub: Hub) -> None:
    first = send(hub, a_referral())
    assert first.status_code == 201
    hub.take(a_referral(event=an_event(summary="Amended since.")))
    again = send(hub, a_referral())
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    # Without the key it is what it is: an older version that came late.
    assert hub.post(a_referral()).status_code == 200
    hub.settle()
    assert len(hub.links()) == 1


def test_a_key_means_the_same_with_and_without_quotation_marks(hub: Hub) -> None:
    assert send(hub, a_referral(), '"of-the-draft"').data == send(hub, a_referral(), "of-the-draft").data


def test_the_same_key_with_another_body_is_422(hub: Hub) -> None:
    send(hub, an_account("ONE"))
    answer = send(hub, an_account("TWO"))
    assert answer.status_code == 422
    assert answer.get_json()["type"].endswith("idempotency_key_reused")
    hub.settle()
    assert set(hub.links()) == {"vcas:ONE"}


def test_while_the_first_is_in_flight_the_second_is_409(hub: Hub) -> None:
    begin(hub, an_account("ONE"))
    answer = send(hub, an_account("ONE"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert send(hub, an_account("TWO")).status_code == 422


def test_what_was_begun_by_a_worker_that_died_is_tried_anew_after_a_minute(hub: Hub) -> None:
    begin(hub, an_account("ONE"))
    hub.clock.move(seconds=61)
    assert send(hub, an_account("ONE")).status_code == 201
    assert send(hub, an_account("ONE")).status_code == 201


def test_from_what_is_kept_of_a_request_nobody_can_try_out_what_it_said(hub: Hub) -> None:
    path = f"/v1/referrals/{hub.take(a_referral())['reference']}/withdrawal"
    body = {"reason": "Invented: she moved away."}
    headers = {"Authorization": f"Bearer {hub.key_of('vcas')}", "Idempotency-Key": "first-try"}
    assert hub.front.post(path, json=body, headers=headers).status_code == 200
    with hub.rooms["intake"].database.reading() as connection:
        kept = connection.execute(select(first_answers)).one()
    # Whoever has a stolen table has neither key, and may know all the rest.
    guessed = msgspec.json.encode(["POST", path, body], order="deterministic")
    for digest in (hashlib.sha256, hashlib.sha512, hashlib.md5):
        assert kept.request_hash not in digest(guessed).digest()
        assert kept.key_hash not in digest(b"first-try").digest()


def test_a_key_is_the_agency_s_own(hub: Hub) -> None:
    first = send(hub, an_account("ONE"))
    other = send(hub, an_account("ONE"), agency="vip")
    assert (first.status_code, other.status_code) == (201, 201)
    assert first.data != other.data


def test_a_request_that_was_refused_may_be_mended_under_the_same_key(hub: Hub) -> None:
    assert send(hub, {"nonsense": 1}).status_code == 422
    assert send(hub, an_account("ONE")).status_code == 201


def test_a_key_is_forgotten_after_a_day(hub: Hub) -> None:
    send(hub, an_account("ONE"))
    hub.clock.move(hours=24, seconds=1)
    assert send(hub, an_account("TWO")).status_code == 201
    hub.clock.move(hours=25)
    hub.settle()
    assert send(hub, an_account("THREE")).status_code == 201


@pytest.mark.parametrize("key", ["two words", "x" * 256, '""'])
def test_a_key_that_cannot_be_one_is_told(hub: Hub, key: str) -> None:
    answer = send(hub, an_account("ONE"), key)
    assert answer.status_code == 422
    assert answer.get_json()["type"].endswith("bad_idempotency_key")


def test_a_batch_is_answered_once_as_well(hub: Hub) -> None:
    def post() -> TestResponse:
        return hub.front.post(
            "/v1/referrals/batch",
            json={"referrals": [an_account("ONE"), {}]},
            headers={"Authorization": f"Bearer {hub.key_of('vcas')}", "Idempotency-Key": "batch"},
        )

    first, again = post(), post()
    assert first.get_json()["counts"]["new"] == 1
    assert again.data == first.data
