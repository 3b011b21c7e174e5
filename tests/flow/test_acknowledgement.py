"""A coordinator says "I have it": only for their own team's case, and the first to say so stays."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tests.support.builders import an_account
from tests.support.houses import Hub

if TYPE_CHECKING:
    from werkzeug.test import TestResponse


def acknowledge(hub: Hub, alert_id: str, bearer: str) -> TestResponse:
    return hub.front.post(
        f"/v1/alerts/{alert_id}/acknowledgement", headers={"Authorization": f"Bearer {bearer}"}
    )


def test_a_coordinator_acknowledges_their_teams_alert_and_the_first_stays_the_one_who_has_it(
    hub: Hub,
) -> None:
    hub.take(an_account("MINE"))
    hub.settle()
    (alert,) = hub.alerts("coordinator")
    hub.clock.move(minutes=5)
    first = acknowledge(hub, alert["id"], hub.token_of("coordinator"))
    assert first.status_code == 200
    assert first.get_json()["state"] == "acknowledged"
    assert first.get_json()["acknowledged_by"] == "coordinator@referral-hub.example"
    hub.clock.move(minutes=5)
    again = acknowledge(hub, alert["id"], hub.token_of("supervisor"))
    assert again.get_json() == first.get_json()
    assert hub.ask("/v1/alerts?state=open", hub.token_of("coordinator")).get_json()["alerts"] == []
    (seen,) = hub.ask("/v1/alerts?state=acknowledged", hub.token_of("supervisor")).get_json()["alerts"]
    assert seen == first.get_json()


def test_another_teams_alert_is_not_there(hub: Hub) -> None:
    hub.take(an_account("THEIRS", postcode="TS1 9ZZ"))
    hub.settle()
    (alert,) = hub.alerts("supervisor")
    assert hub.alerts("coordinator") == []
    refused = acknowledge(hub, alert["id"], hub.token_of("coordinator"))
    unknown = acknowledge(hub, f"{secrets.token_hex(16)}", hub.token_of("coordinator"))
    assert (refused.status_code, unknown.status_code) == (404, 404)
    assert refused.get_json() | {"instance": ""} == unknown.get_json() | {"instance": ""}
    assert hub.alerts("supervisor")[0]["state"] == "open"


def test_staff_sign_in_with_their_password_and_nobody_else_does(hub: Hub) -> None:
    account = hub.credentials["staff"]["coordinator"]
    right = {"email": account["email"].upper(), "password": account["password"]}
    answer = hub.front.post("/v1/tokens", json=right)
    assert answer.status_code == 200
    assert (answer.get_json()["role"], answer.get_json()["team"]) == ("coordinator", "restorative_hub")
    assert hub.ask("/v1/alerts", answer.get_json()["token"]).status_code == 200
    for wrong in ({"password": "not this one"}, {"email": "nobody@referral-hub.example"}):
        refused = hub.front.post("/v1/tokens", json=right | wrong)
        assert refused.status_code == 401
    shapeless = hub.front.post("/v1/tokens", json={"email": 7})
    assert shapeless.status_code == 422
    assert {fault["pointer"] for fault in shapeless.get_json()["errors"]} == {"/email", "/password"}


def test_alerts_come_in_pages_each_of_them_once(hub: Hub) -> None:
    for number in range(5):
        hub.take(an_account(f"PAGE-{number}", family=f"Page{'abcde'[number]}"))
    hub.settle()
    found: list[str] = []
    cursor = ""
    while True:
        page = hub.ask(f"/v1/alerts?limit=2{cursor}", hub.token_of("coordinator")).get_json()
        found += [alert["id"] for alert in page["alerts"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == sorted(set(found))
    assert len(found) == 5
    for wrong in ("limit=0", "limit=201", "limit=x", "state=lost", "cursor=x"):
        assert hub.ask(f"/v1/alerts?{wrong}", hub.token_of("coordinator")).status_code == 422
