"""What an agency's system is answered, whatever it sends."""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest
from werkzeug.test import Client, TestResponse

from services.wsgi import Front
from shared.identity import new_id
from shared.messaging.topology import QUEUES
from shared.web import MAX_BODY
from tests.support.builders import a_minimal_referral, a_referral, an_account
from tests.support.houses import Hub

# What does not reach a database is answered the same on any.
in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)


def send(
    hub: Hub, body: bytes, content_type: str | None = "application/json", key: str | None = None
) -> TestResponse:
    headers = {"Authorization": f"Bearer {hub.key_of('vcas') if key is None else key}"}
    return hub.front.post("/v1/referrals", data=body, headers=headers, content_type=content_type)


def is_problem(answer: TestResponse, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    told: dict[str, object] = answer.get_json()
    assert told["status"] == status
    assert told["type"] == f"urn:referral-hub:problem:{code}"
    assert told["title"]
    assert told["instance"] == f"urn:uuid:{answer.headers['X-Correlation-ID']}"
    return told


@in_one_process
@pytest.mark.parametrize("body", [b"", b"{", b"no", b"\xff\xfe", b'{"a": NaN}', b"[" * 200_000, b'{"a":1}x'])
def test_what_is_not_json_is_400(hub: Hub, body: bytes) -> None:
    is_problem(send(hub, body), 400, "not_json")


@in_one_process
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The body is empty."),
        (b'{\n  "strand": "crime",\n}', "from line 3, column 1 on"),
        (b"{'strand': 'crime'}", "from line 1, column 2 on"),
        (b'{"strand": "crime"', "from line 1, column 19 on"),
        ('{"summary": "caf\u00e9"}'.encode("cp1252"), "byte 17 cannot be read"),
        (json.dumps({"strand": "crime"}).encode("utf-16"), "byte 1 cannot be read"),
        (b'{"police_calls": NaN}', "NaN"),
        (b'{"summary": "\\ud83d"}', "broken characters"),
        (b"[" * 200_000, "too deep"),
    ],
)
def test_what_is_not_json_is_told_with_its_place(hub: Hub, body: bytes, told: str) -> None:
    assert told in str(is_problem(send(hub, body), 400, "not_json")["detail"])


@in_one_process
def test_a_byte_order_mark_says_nothing(hub: Hub) -> None:
    body = json.dumps(a_referral()).encode()
    assert send(hub, b"\xef\xbb\xbf" + body).status_code == 201
    assert send(hub, body).status_code == 200


@in_one_process
@pytest.mark.parametrize(
    "body", ['{"a": 1, "a": 1}', '{"parties": [{"address": {"confidential": true, "confidential": false}}]}']
)
def test_a_property_that_stands_twice_is_400_for_nobody_knows_which_is_meant(hub: Hub, body: str) -> None:
    is_problem(send(hub, body.encode()), 400, "property_twice")


@in_one_process
@pytest.mark.parametrize(("name", "told"), [("family", "Send family once"), ("A Name", "Send it once")])
def test_the_property_that_stands_twice_is_named_where_it_is_a_name(hub: Hub, name: str, told: str) -> None:
    problem = is_problem(send(hub, f'{{"{name}": 1, "{name}": 2}}'.encode()), 400, "property_twice")
    assert str(problem["detail"]).startswith(told)


@in_one_process
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data", None])
def test_what_does_not_say_that_it_is_json_is_415(hub: Hub, content_type: str | None) -> None:
    is_problem(send(hub, b"{}", content_type), 415, "unsupported_media_type")


@in_one_process
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_what_is_no_json_is_400_whatever_it_calls_itself(hub: Hub, content_type: str | None) -> None:
    is_problem(send(hub, b"not json", content_type), 400, "not_json")
    is_problem(send(hub, b"", content_type), 400, "not_json")


@in_one_process
def test_json_by_another_name_is_taken(hub: Hub) -> None:
    body = json.dumps(a_referral()).encode()
    assert send(hub, body, "application/json; charset=utf-8").status_code == 201
    assert send(hub, body, "application/vnd.agency+json").status_code == 200


@in_one_process
def test_a_body_of_more_than_one_mebibyte_is_413(hub: Hub) -> None:
    is_problem(send(hub, b'{"a":"' + b"x" * MAX_BODY + b'"}'), 413, "too_large")
    # Just below, it is read, and found wrong for what it says.
    is_problem(send(hub, b'{"a":"' + b"x" * (MAX_BODY - 8) + b'"}'), 422, "unprocessable")


@in_one_process
@pytest.mark.parametrize("body", ["{}", "[]", "null", '"text"', "7", '{"event": []}'])
def test_json_of_another_shape_is_422_with_every_fault(hub: Hub, body: str) -> None:
    told = is_problem(send(hub, body.encode()), 422, "unprocessable")
    assert told["errors"]


@in_one_process
def test_every_fault_is_told_with_its_place_and_nothing_was_kept(hub: Hub) -> None:
    wrong = a_minimal_referral(
        strand="feud", parties=[{"role": "harmed", "date_of_birth": "1988-02-30"}], x=1
    )
    told = is_problem(hub.post(wrong), 422, "unprocessable")
    errors = told["errors"]
    assert isinstance(errors, list)
    assert {error["pointer"] for error in errors} == {"/strand", "/parties/0/date_of_birth", "/x"}
    assert hub.links() == {}


@in_one_process
@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dmNhczpub25l",
        "Bearer rh_abcdefghij_" + "x" * 43,
        "Bearer \x7f",
        "nonsense",
    ],
)
def test_without_a_valid_key_it_is_401(hub: Hub, authorization: str) -> None:
    answer = hub.front.post("/v1/referrals", json=a_referral(), headers={"Authorization": authorization})
    is_problem(answer, 401, "no_key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@in_one_process
def test_staff_may_not_refer_as_an_agency(hub: Hub) -> None:
    token = hub.token_of("supervisor")
    is_problem(send(hub, json.dumps(a_referral()).encode(), key=token), 403, "forbidden")


@pytest.mark.parametrize("reference", ["R-00000-00000", "C-7KQX4-M3DTW", "x", "%00", "..", "R-7KQX4-M3DTW"])
def test_a_reference_that_is_not_ones_own_is_404(hub: Hub, reference: str) -> None:
    answer = hub.ask(f"/v1/referrals/{reference}", hub.key_of("vcas"))
    assert answer.status_code == 404


def test_a_reference_is_found_however_it_is_typed(hub: Hub) -> None:
    receipt = hub.take(a_referral())
    typed = receipt["reference"].lower().replace("-", " ")
    answer = hub.ask(f"/v1/referrals/{typed}", hub.key_of("vcas"))
    assert answer.get_json()["reference"] == receipt["reference"]
    # One character mistyped is nobody's reference, never somebody else's.
    wrong = receipt["reference"][:-1] + ("3" if receipt["reference"][-1] != "3" else "4")
    assert hub.ask(f"/v1/referrals/{wrong}", hub.key_of("vcas")).status_code == 404


@in_one_process
def test_a_correlation_id_goes_on_and_anything_else_does_not(hub: Hub) -> None:
    own = str(new_id())
    assert hub.post(a_referral(), **{"X-Correlation-ID": own}).headers["X-Correlation-ID"] == own
    other = hub.post(a_referral(), **{"X-Correlation-ID": "Fable Figment"}).headers["X-Correlation-ID"]
    assert "Fable" not in other


def test_the_same_record_number_of_two_agencies_is_two_records(hub: Hub) -> None:
    first, second = hub.take(a_referral(), "vcas"), hub.take(a_referral(), "vip")
    assert first["reference"] != second["reference"]
    assert second["version"] == 1


@in_one_process
def test_people_who_refer_themselves_need_no_referrer_and_others_do(hub: Hub) -> None:
    alone = a_minimal_referral()
    del alone["referrer"]
    assert hub.post(alone, "self_referral").status_code == 201
    told = is_problem(hub.post(alone, "vcas"), 422, "unprocessable")
    assert isinstance(told["errors"], list)
    assert [error["pointer"] for error in told["errors"]] == ["/referrer"]


def test_a_referral_sent_many_times_at_once_is_one_record_with_one_receipt(hub: Hub) -> None:
    answers: list[TestResponse] = []
    together = threading.Barrier(6)
    front = Front(hub.rooms)

    def post() -> None:
        together.wait(60)
        answers.append(
            Client(front).post(
                "/v1/referrals",
                json=an_account("ONCE"),
                headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
            )
        )

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.text for answer in answers}) == 1
    hub.settle()
    assert len(hub.alerts()) == 1


def test_amendments_at_once_are_versions_one_after_the_other(hub: Hub) -> None:
    hub.take(an_account("AMENDED"))
    together, versions = threading.Barrier(4), []
    front = Front(hub.rooms)

    def amend(number: int) -> None:
        together.wait(60)
        answer = Client(front).post(
            "/v1/referrals",
            json=an_account("AMENDED", demand_baseline={"police_calls": number}),
            headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
        )
        versions.append(answer.get_json()["version"])

    threads = [threading.Thread(target=amend, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(versions) == [2, 3, 4, 5]
    hub.settle()
    assert hub.links()["vcas:AMENDED"]["version"] == 5


@pytest.mark.parametrize(
    ("priority", "queue"),
    [
        ("u=7", "triage.bulk"),
        ("i, u=6", "triage.bulk"),
        ("u=5", "triage.normal"),
        ("u=x", "triage.normal"),
        ("u=8", "triage.normal"),
        ("u=\xb2", "triage.normal"),  # a digit, and no number
        (f"u={'9' * 5000}", "triage.normal"),
    ],
)
@in_one_process
def test_background_work_travels_in_the_bulk_lane(hub: Hub, priority: str, queue: str) -> None:
    hub.take(an_account("LANE"), Priority=priority)
    assert hub.house._desks[0].relay.step(hub.clock()) == 1
    assert [one.name for one in QUEUES if hub.house.broker.depth(one)] == [queue]


# What nobody's browser sends, and somebody's scanner does.
UGLY = (
    "\x00",
    "a\x00b",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "9" * 5000,
    "-1",
    "0x1",
    "²",
)


def test_no_query_however_ugly_is_our_failure(hub: Hub) -> None:
    def cursor(text: str) -> str:
        return urlsafe_b64encode(text.encode()).decode()

    cursors = (
        cursor(f"9999-12-31T23:59:59-23:59 {new_id()}"),
        cursor(f"0001-01-01T00:00:00+23:59 {new_id()}"),
        cursor("2026-01-01T00:00:00+00:00 x"),
    )
    wrong = []
    for name in ("source_record_id", "updated_since", "cursor", "limit", "state", "unknown"):
        for value in (*UGLY, *cursors, "9999-12-31T23:59:59-23:59", "00500", "0001000000"):
            for path, bearer in (
                ("/v1/referrals", hub.key_of("vcas")),
                ("/v1/alerts", hub.token_of("supervisor")),
            ):
                status = hub.ask(f"{path}?{name}={quote(value)}", bearer).status_code
                if status >= 500 or (name == "limit" and status == 200):
                    wrong.append(f"{path}?{name}={value[:40]!r}: {status}")
    assert wrong == []


def test_no_sign_in_however_ugly_is_our_failure(hub: Hub) -> None:
    wrong = []
    for value in (*UGLY, "\ud800", "a" * 254, "é@é.example"):
        body = json.dumps({"email": value, "password": value}).encode()
        answer = hub.front.post("/v1/tokens", data=body, content_type="application/json")
        if answer.status_code not in (400, 401, 422):
            wrong.append(f"{value[:20]!r}: {answer.status_code}")
    assert wrong == []
