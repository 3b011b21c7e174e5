"""An agency sets its webhook up, sees how it stands, and takes it away."""

from __future__ import annotations

import logging
from base64 import b64decode
from pathlib import Path

import pytest

from services.intake import keys_store
from services.intake.keep_agency_keys import make_key, revoke_key
from services.intake.webhooks.endpoints_store import SEALED
from shared.calling import Line
from shared.logs import JsonLine
from shared.resealing import reseal
from shared.settings import BadSettings, Settings
from tests.intake.webhooks.conftest import Agency
from tests.support.builders import an_account
from tests.support.houses import Hub, embedded_hub
from tests.support.webhook_receiver import Receiver, answers

in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)


def test_the_secret_is_shown_once_and_the_webhook_as_often_as_asked(hub: Hub, server: Receiver) -> None:
    agency = Agency(hub, "vcas", server)
    assert agency.ask("GET", "/v1/webhook").get_json()["type"].endswith(":no_webhook")
    made = agency.ask("PUT", "/v1/webhook", {"url": server.url})
    assert made.status_code == 201
    told = made.get_json()
    assert 24 <= len(b64decode(told["secret"].removeprefix("whsec_"), validate=True)) <= 64
    assert agency.webhook() == {name: value for name, value in told.items() if name != "secret"}
    assert [secret["expires_at"] for secret in told["secrets"]] == [None]
    changed = agency.ask("PUT", "/v1/webhook", {"url": f"{server.url}/elsewhere"})
    assert changed.status_code == 200
    assert changed.get_json() == agency.webhook()
    assert changed.get_json()["url"].endswith("/elsewhere")
    assert changed.get_json()["secrets"] == told["secrets"]


def test_what_is_taken_away_is_forgotten(hub: Hub, agency: Agency) -> None:
    agency.server.then(answers(500))
    agency.ask("POST", "/v1/webhook/test")
    hub.settle()
    assert (answer := agency.ask("DELETE", "/v1/webhook")).status_code == 204, answer.text
    for method, path, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/secret", None),
        ("POST", "/test", None),
        ("POST", "/replay", {"since": "2026-01-01T00:00:00Z"}),
    ):
        answer = agency.ask(method, f"/v1/webhook{path}", body)
        assert (answer.status_code, answer.get_json()["type"]) == (
            404,
            "urn:referral-hub:problem:no_webhook",
        )
    assert agency.deliveries() == []
    hub.clock.move(days=1)
    hub.settle()
    assert len(agency.server.received) == 1
    before = agency.secrets[0]
    agency.put()
    assert agency.secrets[0] != before


@in_one_process
def test_a_webhook_that_is_taken_away_while_it_is_called_stays_away(hub: Hub, agency: Agency) -> None:
    agency.server.then(lambda handler: (agency.ask("DELETE", "/v1/webhook"), answers(500)(handler))[1])
    hub.take(an_account("AWAY"))
    hub.settle()
    hub.clock.move(days=1)
    hub.settle()
    assert len(agency.server.received) == 1
    assert agency.ask("GET", "/v1/webhook").status_code == 404


@in_one_process
def test_an_agency_without_a_key_is_told_nothing_until_it_has_one_again(hub: Hub, agency: Agency) -> None:
    intake = hub.rooms["intake"]
    hub.take(an_account("BEFORE"))
    with intake.unit() as unit:
        for _, key_id, _, _ in keys_store.keys_of(unit.connection, "vcas"):
            revoke_key(key_id, unit)
    hub.settle()
    assert agency.server.received == []
    with intake.unit() as unit:
        make_key("vcas", intake.directory.agencies, unit)
    hub.settle()
    assert agency.statuses() == [("BEFORE", "allocated")]


@in_one_process
@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("/url", "required")]),
        ([], [("", "wrong_type")]),
        ({"url": None}, [("/url", "required")]),
        ({"url": 7}, [("/url", "wrong_type")]),
        ({"url": "https://agency.example/", "events": []}, [("/events", "unknown_field")]),
        ({"url": "https://sesame:open@agency.example/"}, [("/url", "credentials_in_url")]),
        ({"url": "https://agency.example:22/"}, [("/url", "port_not_allowed")]),
        ({"url": "gopher://agency.example/"}, [("/url", "https_needed")]),
        ({"url": "https://10.0.0.1/"}, [("/url", "host_not_allowed")]),
        ({"url": "https://[::ffff:127.0.0.1]/"}, [("/url", "host_not_allowed")]),
        ({"url": "http://8.8.8.8/"}, [("/url", "host_not_allowed")]),
    ],
)
def test_an_address_that_would_not_be_called_is_refused_and_told_why(
    hub: Hub, body: object, faults: list[tuple[str, str]]
) -> None:
    headers = {"Authorization": f"Bearer {hub.key_of('vcas')}"}
    answer = hub.front.put("/v1/webhook", json=body, headers=headers)
    assert answer.status_code == 422
    told = answer.get_json()["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in told] == faults
    assert all(len(fault["detail"]) > 10 for fault in told)
    assert "sesame" not in answer.text
    assert hub.ask("/v1/webhook", hub.key_of("vcas")).status_code == 404


@in_one_process
def test_a_host_that_nobody_knows_is_refused(hub: Hub, server: Receiver) -> None:
    hub.rooms["intake"].kept["webhook_line"] = Line(look_up=lambda _host, _port: [])
    answer = Agency(hub, "vcas", server).ask("PUT", "/v1/webhook", {"url": "https://nobody.example/"})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["code"] == "host_not_allowed"


@in_one_process
def test_what_may_be_called_is_looked_at_again_for_each_call(
    hub: Hub, agency: Agency, tmp_path: Path
) -> None:
    agency.ask("POST", "/v1/webhook/test")
    hub.close()
    stricter = embedded_hub(hub.settings.home, hub.clock)
    stricter.settle()
    (delivery,) = Agency(stricter, "vcas", agency.server).deliveries()
    assert [attempt["trouble"] for attempt in delivery["attempts"]] == ["host_not_allowed"]
    assert agency.server.received == []
    stricter.close()


@in_one_process
def test_a_secret_is_in_no_file_and_an_address_in_no_log(
    hub: Hub, server: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    agency = Agency(hub, "vcas", server)
    agency.put(f"{server.url}?token=a-secret-of-the-agency")
    server.then(answers(500), answers(200, X_Strange="a\r\n b"), answers(410))
    for _ in range(3):
        agency.ask("POST", "/v1/webhook/test")
        hub.settle()
        hub.clock.move(minutes=1)
    assert agency.webhook()["state"] == "disabled"
    lines = [JsonLine().format(record) for record in caplog.records]
    assert any("webhook disabled" in line for line in lines)
    assert not [line for line in lines if "a-secret-of-the-agency" in line]
    secret = agency.secrets[0]
    for path in hub.settings.home.glob("intake.db*"):
        kept = path.read_bytes()
        assert secret.encode() not in kept
        assert b64decode(secret.removeprefix("whsec_")) not in kept
    with hub.rooms["intake"].database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT sealed FROM webhook_secrets").all()
    assert len(rows) == 1
    assert SEALED[0] in hub.rooms["intake"].service.sealed
    assert reseal(hub.rooms["intake"].database, hub.rooms["intake"].keys.rest, SEALED) == 0


@in_one_process
@pytest.mark.parametrize(
    "query", ["?state=sent", "?limit=0", "?limit=201", "?limit=x", "?cursor=x", "?stat=failed"]
)
def test_a_page_that_cannot_be_given_is_told_why(hub: Hub, query: str) -> None:
    answer = hub.ask(f"/v1/webhook/deliveries{query}", hub.key_of("vcas"))
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == f"/{query[1:].partition('=')[0]}"


@in_one_process
@pytest.mark.parametrize(
    "since", [None, "", "yesterday", "2026-03-22", "2026-03-22T14:05:00", "0001-01-01T00:00:00Z"]
)
def test_an_instant_that_is_none_is_refused(hub: Hub, agency: Agency, since: str | None) -> None:
    answer = agency.ask("POST", "/v1/webhook/replay", {"since": since})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/since"


def test_settings_that_would_open_nothing_or_everything_by_mistake_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="HUB_WEBHOOK_PRIVATE_NETWORKS") as refused:
        Settings.read({}, webhook_private_networks="10.1.0.5/16", webhook_ca_file=str(tmp_path / "none.pem"))
    assert "HUB_WEBHOOK_CA_FILE" in str(refused.value)
    networks = Settings.read(
        {}, webhook_private_networks=" 10.1.0.0/16, fd12::/48 ,"
    ).webhook_private_networks
    assert [str(network) for network in networks] == ["10.1.0.0/16", "fd12::/48"]
