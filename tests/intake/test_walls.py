"""What one agency sent is nowhere to be seen for another: not there, not countable, not to be guessed.

Whoever asks for another agency's is answered as if it were nobody's, to the last byte but the correlation id.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from services.wsgi import web_of
from shared.identity import REFERRAL, new_id, new_reference
from shared.web import AGENCY
from tests.support.builders import a_referral, an_account
from tests.support.houses import Hub
from tests.support.spreadsheets import MAPPING, a_csv, a_row
from tests.support.webhook_receiver import Receiver

MINE, OTHERS = "vcas", "vip"
in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)

# What is sent along: what the route takes, and what it does not.
BODIES: tuple[Any, ...] = (
    None,
    {},
    {"reason": "Invented."},
    {"since": "2026-01-01T00:00:00Z"},
    [1],
)
# Headers that count what the asking agency itself has done.
OWN_COUNT = {"RateLimit", "RateLimit-Policy"}


def ask(hub: Hub, agency: str, method: str, path: str, **more: Any) -> TestResponse:  # noqa: ANN401 - as the client has it
    headers = {"Authorization": f"Bearer {hub.key_of(agency)}"}
    return hub.front.open(path, method=method, headers=headers, **more)


def all_of(answer: TestResponse, *own: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Everything that an answer says, without its correlation id and without what the asker itself sent."""
    body = answer.data
    for part in (answer.headers["X-Correlation-ID"], *own):
        body = body.replace(part.encode(), b"-")
    headers = [
        (name, value)
        for name, value in answer.headers.items()
        if name not in OWN_COUNT | {"X-Correlation-ID", "Date"}
    ]
    return answer.status_code, headers, body


@dataclass(frozen=True)
class Ids:
    """What the parts of a path can stand for: something of the other agency's, or nothing at all."""

    others: dict[str, str]
    nobodys: dict[str, str]


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub that may call this machine."""
    return make_hub(webhook_private_networks="127.0.0.0/8")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The other agency's own server."""
    with Receiver() as server:
        yield server


@pytest.fixture
def ids(hub: Hub, receiver: Receiver) -> Ids:
    """Something of each kind that belongs to the other agency."""
    assert ask(hub, OTHERS, "PUT", "/v1/webhook", json={"url": receiver.url}).status_code == 201
    receipt = hub.take(an_account("THEIRS"), OTHERS)
    sent = {"file": (io.BytesIO(a_csv([a_row()])), "theirs.csv"), "mapping": MAPPING}
    imported = ask(hub, OTHERS, "POST", "/v1/imports", data=sent)
    assert imported.status_code == 202, imported.text
    hub.settle()
    deliveries = ask(hub, OTHERS, "GET", "/v1/webhook/deliveries").get_json()["deliveries"]
    return Ids(
        others={
            "reference": receipt["reference"],
            "delivery_id": deliveries[0]["id"],
            "import_id": imported.get_json()["id"],
        },
        nobodys={
            "reference": new_reference(REFERRAL),
            "delivery_id": str(new_id()),
            "import_id": str(new_id()),
        },
    )


def routes_of(app: Flask) -> list[tuple[Rule, str]]:
    """Every route that an agency may use and that has a part to be filled in, by each of its methods."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if rule.arguments and AGENCY in getattr(app.view_functions[rule.endpoint], "open_to", ())
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
    ]


def filled(rule: Rule, ids: dict[str, str]) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda part: ids[part[1]], rule.rule)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of any database meanwhile: the same work takes the same time, on a slow day too.

    A key is believed for some seconds before it is looked at again: that is the asker's own.
    """
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "agency_keys" not in statement and statement != "BEGIN":
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_by_no_route_is_another_s_told_from_nobody_s(hub: Hub, ids: Ids) -> None:
    before = ask(hub, OTHERS, "GET", f"/v1/referrals/{ids.others['reference']}/history").data
    seen, looked = set(), 0
    for name, room in hub.rooms.items():
        for rule, method in routes_of(web_of(room)):
            assert rule.arguments <= ids.others.keys(), f"{rule.rule}: say here what another's would be"
            seen.add((name, rule.rule))
            for body in BODIES:
                answers, work = [], []
                for which in (ids.others, ids.nobodys):
                    sent = {} if body is None else {"json": body}
                    with statements() as asked:
                        answer = ask(hub, MINE, method, filled(rule, which), **sent)
                    answers.append(all_of(answer, *(which[part] for part in rule.arguments)))
                    work.append(asked)
                others, nobodys = answers
                assert others == nobodys, f"{method} {rule.rule} with {body}"
                assert work[0] == work[1], f"{method} {rule.rule} with {body}: one is more work"
                looked += bool(work[0])
                assert others[0] in (400, 404, 415, 422), f"{method} {rule.rule} with {body}"
    assert len(seen) >= 7
    assert looked >= len(seen)
    hub.settle()
    assert ask(hub, OTHERS, "GET", f"/v1/referrals/{ids.others['reference']}/history").data == before


def test_lists_and_their_filters_and_cursors_show_the_asker_s_own_and_nothing_else(
    hub: Hub, ids: Ids
) -> None:
    for number in range(3):
        hub.take(an_account(f"THEIRS-{number}", given=f"Their{'abc'[number]}"), OTHERS)
        hub.take(an_account(f"MINE-{number}", given=f"Mine{'abc'[number]}"), MINE)
    hub.settle()
    for path, key in (
        ("/v1/referrals", "referrals"),
        ("/v1/imports", "imports"),
        ("/v1/webhook/deliveries", "deliveries"),
    ):
        theirs = ask(hub, OTHERS, "GET", f"{path}?limit=1").get_json()
        assert theirs[key]
        everything = ask(hub, MINE, "GET", path).get_json()[key]
        cursor = theirs["next_cursor"]
        if cursor is not None:
            after = ask(hub, MINE, "GET", f"{path}?cursor={cursor}").get_json()[key]
            assert all(one in everything for one in after)
        assert "THEIRS" not in str(everything)
        assert ids.others["reference"] not in str(everything)
    mine = ask(hub, MINE, "GET", "/v1/referrals?updated_since=2000-01-01T00:00:00Z").get_json()
    assert {one["source_record_id"] for one in mine["referrals"]} == {"MINE-0", "MINE-1", "MINE-2"}
    others, nobodys = (
        all_of(ask(hub, MINE, "GET", f"/v1/referrals?source_record_id={record}"))
        for record in ("THEIRS", "NOBODYS")
    )
    assert others == nobodys


def test_a_record_number_that_another_agency_uses_is_as_free_as_any(hub: Hub, ids: Ids) -> None:
    theirs = ask(hub, OTHERS, "GET", f"/v1/referrals/{ids.others['reference']}").get_json()
    answers = [hub.post(an_account(record, family="Else")) for record in ("THEIRS", "NOBODYS")]
    told = [answer.get_json() for answer in answers]
    assert [answer.status_code for answer in answers] == [201, 201]
    for one in told:
        for own in ("reference", "source_record_id"):
            one.pop(own)
    assert told[0] == told[1]
    batch = ask(
        hub, "durham_constabulary", "POST", "/v1/referrals/batch",
        json={"referrals": [an_account("THEIRS", family="Yet"), an_account("NOBODYS", family="Other")]},
    )  # fmt: skip
    assert batch.get_json()["counts"] == {"new": 2, "repeat": 0, "amended": 0, "refused": 0}
    # An amendment of one's own record leaves the other's of the same number as it was.
    assert hub.take(an_account("THEIRS", family="Amended"))["version"] == 2
    hub.settle()
    assert ask(hub, OTHERS, "GET", f"/v1/referrals/{ids.others['reference']}").get_json() == theirs


@in_one_process
def test_an_idempotency_key_that_another_agency_used_is_as_free_as_any(hub: Hub) -> None:
    hub.take(an_account("THEIRS"), OTHERS, **{"Idempotency-Key": "one-key"})
    answer = hub.post(an_account("MINE"), MINE, **{"Idempotency-Key": "one-key"})
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


def what_is_told(hub: Hub, *, to_another_first: bool, end_it: bool) -> list[Any]:
    """Everything that an agency is told about a referral, pushed or asked for, without its reference."""
    with Receiver() as server:
        assert ask(hub, MINE, "PUT", "/v1/webhook", json={"url": server.url}).status_code == 201
        if to_another_first:
            theirs = hub.take(a_referral(source_record_id="THEIRS"), OTHERS)
            hub.settle()
            if end_it:
                path = f"/v1/referrals/{theirs['reference']}/withdrawal"
                assert ask(hub, OTHERS, "POST", path, json={"reason": "Invented."}).status_code == 200
                hub.settle()
        posted = hub.post(a_referral(source_record_id="MINE"), MINE)
        hub.settle()
        reference = posted.get_json()["reference"]
        told = [
            posted.data,
            *(
                ask(hub, MINE, "GET", path).data
                for path in (
                    f"/v1/referrals/{reference}",
                    f"/v1/referrals/{reference}/history",
                    "/v1/referrals",
                )
            ),
            *(received.body for received in server.received),
        ]
    if to_another_first and not end_it:
        assert len({line["case"] for line in hub.links().values()}) == 1
    return [text.replace(reference.encode(), b"-") for text in told]


@in_one_process
@pytest.mark.parametrize("end_it", [False, True])
def test_who_refers_a_person_learns_nothing_of_whoever_referred_them_before(
    make_hub: Callable[..., Hub], *, end_it: bool
) -> None:
    alone = make_hub(webhook_private_networks="127.0.0.0/8")
    second = make_hub(alone.clock, webhook_private_networks="127.0.0.0/8")
    first_told = what_is_told(alone, to_another_first=False, end_it=False)
    assert len(first_told) == 5
    assert what_is_told(second, to_another_first=True, end_it=end_it) == first_told
