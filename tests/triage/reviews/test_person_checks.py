"""An assessment point learns who leads for somebody, where they and the person agreed, and else nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from services.api_reference import the_document
from services.intake.keep_agency_keys import make_key, revoke_key, tell_keys_again
from shared.agency_keys import key_id_of
from tests.support.builders import an_account
from tests.support.houses import StoppedClock
from tests.triage.cases.doing import a_crime, record, take, whole
from tests.triage.test_brought_again import withdraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.houses import Hub

NOTHING = {"known": False, "lead": None, "case": None}
POINTS = ("vcas", "vip", "restorative_hub", "community_peer_mentors")


def check(hub: Hub, point: str, body: object) -> Any:  # noqa: ANN401 - a response
    headers = {"Authorization": f"Bearer {hub.key_of(point)}"}
    return hub.front.post("/v1/person-checks", json=body, headers=headers)


def a_person(**account: str) -> dict[str, Any]:
    """Somebody as a point asks about them."""
    party = an_account("", **account)["parties"][0]  # type: ignore[arg-type]  # handed on
    contacts = [{"channel": one["channel"], "value": one["value"]} for one in party["contacts"]]
    return {key: party[key] for key in ("name", "date_of_birth", "address")} | {"contacts": contacts}


def known_to(hub: Hub, point: str, **account: str) -> str:
    """Somebody is in a case in which that point leads, and agreed to sharing; the case."""
    return take(hub, a_crime(f"BY-{point}", assessment_point=point, **account), "durham_constabulary")


def test_another_point_learns_who_leads_and_the_leading_one_which_case(hub: Hub) -> None:
    case = known_to(hub, "vip")
    assert check(hub, "vcas", a_person()).get_json() == {"known": True, "lead": "vip", "case": None}
    assert check(hub, "vip", a_person()).get_json() == {"known": True, "lead": "vip", "case": case}
    checks = [line for line in whole(hub, case, "supervisor")["history"] if line["what"] == "person_checked"]
    assert [(line["who"], line["detail"]) for line in checks] == [
        ("vcas", {"answered": True}),
        ("vip", {"answered": True}),
    ]


def test_a_name_and_a_home_are_a_sons_too_and_tell_of_nobody(hub: Hub) -> None:
    account = a_crime("BY-vip", assessment_point="vip")
    home = {"line1": "14 Nowhere Terrace", "postcode": "DL1 9ZA"}
    account["parties"][0]["address"] = home
    take(hub, account, "durham_constabulary")
    asked = a_person() | {"address": home}
    assert check(hub, "vcas", asked).get_json()["known"]
    his_own = ("date_of_birth", "contacts")
    assert check(hub, "vcas", {k: v for k, v in asked.items() if k not in his_own}).get_json() == NOTHING


def test_who_refused_sharing_in_a_referral_that_was_taken_back_is_not_known(hub: Hub) -> None:
    known_to(hub, "vip")
    assert check(hub, "vcas", a_person()).get_json()["known"]
    refusing = a_crime("REFUSED", kind="fraud", on="2026-02-02")
    refusing["parties"][0]["consents"][-1] |= {"to": "sharing", "decision": "refused"}
    receipt = hub.take(refusing, "restorative_hub")
    hub.settle()
    assert not check(hub, "vcas", a_person()).get_json()["known"]
    withdraw(hub, receipt, "restorative_hub")
    assert check(hub, "vcas", a_person()).get_json() == NOTHING


def test_without_an_agreement_between_the_two_points_nobody_is_known(hub: Hub) -> None:
    case = known_to(hub, "vip")
    assert check(hub, "community_peer_mentors", a_person()).get_json() == NOTHING
    (line,) = [one for one in whole(hub, case, "supervisor")["history"] if one["what"] == "person_checked"]
    assert (line["who"], line["detail"]) == ("community_peer_mentors", {"answered": False})


@pytest.mark.parametrize("decision", [None, "refused", "deferred"])
def test_without_the_persons_consent_to_sharing_nobody_is_known(hub: Hub, decision: str | None) -> None:
    account = a_crime(assessment_point="vip")
    consents = [one for one in account["parties"][0]["consents"] if one["to"] != "sharing"]
    account["parties"][0]["consents"] = [
        *consents,
        *([{"to": "sharing", "decision": decision}] if decision else []),
    ]
    take(hub, account, "durham_constabulary")
    assert check(hub, "vcas", a_person()).get_json() == NOTHING


def test_who_refused_once_is_not_told_of_though_they_agreed_elsewhere(hub: Hub) -> None:
    known_to(hub, "vip")
    again = a_crime("AGAIN", on="2025-01-01", kind="assault", assessment_point="vip")
    again["parties"][0]["consents"] = [
        {"to": "referral", "decision": "given"},
        {"to": "sharing", "decision": "refused"},
    ]
    take(hub, again, "durham_constabulary")
    assert check(hub, "vcas", a_person()).get_json() == NOTHING


def test_a_consent_that_is_taken_back_in_the_case_ends_it(hub: Hub) -> None:
    case = known_to(hub, "vip")
    assert check(hub, "vcas", a_person()).get_json()["known"] is True
    record(hub, case, "consent", "supervisor", side="initiator", to="sharing", decision="withdrawn")
    assert check(hub, "vcas", a_person()).get_json() == NOTHING


def test_who_agreed_in_one_case_is_told_of_by_that_one_alone(hub: Hub) -> None:
    """They agreed where the peer mentors lead, and the pathway has no agreement with those."""
    known_to(hub, "community_peer_mentors")
    again = a_crime("AGAIN", on="2025-01-01", kind="assault", assessment_point="vcas")
    again["parties"][0]["consents"] = [{"to": "referral", "decision": "given"}]
    take(hub, again, "durham_constabulary")
    assert check(hub, "vip", a_person()).get_json() == NOTHING


def test_who_is_only_like_somebody_is_not_known(hub: Hub) -> None:
    known_to(hub, "vip")
    assert check(hub, "vcas", a_person(given="Zebedee")).get_json() == NOTHING
    assert check(hub, "vcas", {"name": {"given": "Fable", "family": "Figment"}}).get_json() == NOTHING
    assert check(hub, "vcas", a_person(family="Nobody")).get_json() == NOTHING


def test_only_the_four_points_may_ask_and_only_with_a_key_that_is_good(hub: Hub) -> None:
    known_to(hub, "vip")
    assert {point: check(hub, point, a_person()).status_code for point in POINTS} == dict.fromkeys(
        POINTS, 200
    )
    for agency in ("durham_constabulary", "self_referral"):
        answer = check(hub, agency, a_person())
        assert answer.status_code == 404
        assert "four assessment points" in answer.get_json()["detail"]
    assert "404" in the_document()["paths"]["/v1/person-checks"]["post"]["responses"]
    assert hub.front.post("/v1/person-checks", json=a_person()).status_code == 401
    staff = {"Authorization": f"Bearer {hub.token_of('coordinator')}"}
    assert hub.front.post("/v1/person-checks", json=a_person(), headers=staff).status_code == 403


def test_a_new_key_asks_and_one_that_was_revoked_does_not_any_more(hub: Hub) -> None:
    intake = hub.rooms["intake"]
    with intake.unit() as unit:
        key = make_key("vcas", intake.directory.agencies, unit)
    hub.settle()
    headers = {"Authorization": f"Bearer {key}"}
    assert hub.front.post("/v1/person-checks", json=a_person(), headers=headers).status_code == 200
    key_id = key_id_of(key)
    assert key_id is not None
    with intake.unit() as unit:
        assert revoke_key(key_id, unit)
    hub.settle()
    assert hub.front.post("/v1/person-checks", json=a_person(), headers=headers).status_code == 401
    with intake.unit() as unit:
        assert not revoke_key(key_id, unit)
        assert tell_keys_again(unit) > 0
    hub.settle()
    assert check(hub, "vcas", a_person()).status_code == 200


@pytest.mark.parametrize("rate_per_minute", ["12000", "0"])
def test_a_point_that_asks_too_often_waits_however_much_else_is_allowed(
    make_hub: Callable[..., Hub], rate_per_minute: str
) -> None:
    clock = StoppedClock()
    hub = make_hub(clock, rate_per_minute=rate_per_minute)
    answers = [check(hub, "vcas", a_person()) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert check(hub, "vip", a_person()).status_code == 200
    clock.move(seconds=6)
    assert check(hub, "vcas", a_person()).status_code == 200


def test_how_long_an_answer_takes_does_not_tell_whether_somebody_is_known(hub: Hub) -> None:
    known_to(hub, "vip")
    stranger = a_person(given="Zebedee", family="Quirk", phone="07700 900777", born="1950-03-03")
    took = []
    for asked in (stranger, a_person()):
        begun = time.monotonic()
        assert check(hub, "community_peer_mentors", asked).get_json() == NOTHING
        took.append(time.monotonic() - begun)
    assert min(took) >= 0.1


def test_a_point_that_asks_many_processes_waits_as_if_it_had_asked_one(hub: Hub) -> None:
    first = hub.rooms["triage"]
    rooms = [first, *(first.service.furnish(hub.settings, hub.clock) for _ in range(2))]
    headers = {"Authorization": f"Bearer {hub.key_of('vcas')}"}
    clients = [Client(room.service.web(room)) for room in rooms]
    answers = [clients[n % 3].post("/v1/person-checks", json=a_person(), headers=headers) for n in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    for room in rooms[1:]:
        room.database.close()


def test_every_fault_of_a_check_is_told(hub: Hub) -> None:
    body = {"date_of_birth": "soon", "contacts": [{"channel": "pigeon"}], "mood": "bad"}
    answer = check(hub, "vcas", body)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.get_json()["errors"]} == {
        "",
        "/name",
        "/date_of_birth",
        "/contacts/0/value",
        "/contacts/0/channel",
    }
    assert "pigeon" not in answer.text


def test_each_fault_says_what_to_send_instead(hub: Hub) -> None:
    body = {
        "name": {"given": "\0", "family": "x" * 5000, "known_as": 1},
        "date_of_birth": "1984-02-30",
        "contacts": [{"channel": "pigeon", "value": "x"}],
    }
    told = {one["pointer"]: one["detail"] for one in check(hub, "vcas", body).get_json()["errors"]}
    assert told["/name/given"] == "Take out the NUL character."
    assert told["/name/family"].startswith("Shorten this to at most ")
    assert told["/name/known_as"] == "Send text in quotation marks."
    assert told["/date_of_birth"].startswith("Send a date that exists as YYYY-MM-DD")
    assert told["/contacts/0/channel"].startswith("One of mobile, landline")
