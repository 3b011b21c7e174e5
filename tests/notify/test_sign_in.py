"""Who signed in is known in every service, guessing is slow, and nobody else's page can use a session."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from flask import Flask, Response
from werkzeug.test import Client, TestResponse

from services.notify.sign_in_staff import Tries
from services.wsgi import Front
from shared.problems import TooMany
from shared.web import (
    ANYONE,
    SESSION,
    STAFF,
    Caller,
    begin_session,
    end_session,
    open_to,
    put_together,
    read_token,
    the_caller,
)
from tests.support.builders import an_account
from tests.support.houses import Hub, embedded_hub

WRONG = "an invented wrong password"
HOME = "192.0.2.1"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub in one process: nothing here depends on the infrastructure."""
    hub = embedded_hub(tmp_path / "home")
    yield hub
    hub.close()


def ask_for_token(hub: Hub, email: str, password: str, address: str = HOME) -> TestResponse:
    return hub.front.post(
        "/v1/tokens", json={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address}
    )


def browser_of(hub: Hub, role: str) -> Client:
    """A browser in which somebody of this role signed in."""
    browser = Client(Front(hub.rooms))
    browser.set_cookie(SESSION, hub.token_of(role))
    return browser


def an_app_with_a_session(hub: Hub) -> Flask:
    app = put_together(hub.rooms["triage"], "visited")
    caller = Caller("practitioner", "p@agency.example", agency="vcas")

    @app.post("/begin")
    @open_to(ANYONE)
    def begin() -> Response:
        response = Response("begun")
        begin_session(response, caller)
        return response

    @app.post("/end")
    @open_to(ANYONE)
    def end() -> Response:
        response = Response("ended")
        end_session(response)
        return response

    @app.route("/who", methods=["GET", "POST"])
    @open_to(*STAFF)
    def who() -> dict[str, str]:
        return vars(the_caller())

    return app


def test_a_session_says_who_it_is_in_every_service_until_it_ends(hub: Hub) -> None:
    browser = an_app_with_a_session(hub).test_client()
    assert browser.get("/who").status_code == 401
    browser.post("/begin")
    assert browser.get("/who").get_json() == {
        "role": "practitioner",
        "name": "p@agency.example",
        "team": "",
        "agency": "vcas",
    }
    browser.post("/end")
    assert browser.get("/who").status_code == 401


def test_the_cookie_is_kept_from_scripts_other_sites_and_open_lines(tmp_path: Path) -> None:
    hub = embedded_hub(tmp_path / "home", public_url="https://hub.example")
    answer = an_app_with_a_session(hub).test_client().post("/begin")
    hub.close()
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert (cookie.key, cookie["path"], cookie["samesite"]) == (f"__Host-{SESSION}", "/", "Lax")
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["max-age"] == str(12 * 3600)
    assert not cookie["domain"]


def test_a_session_that_another_host_of_the_domain_has_set_is_nobodys(tmp_path: Path) -> None:
    hub = embedded_hub(tmp_path / "home", public_url="https://hub.example")
    browser = an_app_with_a_session(hub).test_client()
    # A browser takes a cookie of this name from whoever is called something.example, and sends it here.
    browser.set_cookie(SESSION, hub.token_of("supervisor"))
    assert browser.get("/who").status_code == 401
    browser.post("/begin")
    assert browser.get("/who").get_json()["role"] == "practitioner"
    (ended,) = SimpleCookie(browser.post("/end").headers["Set-Cookie"]).values()
    # Without it a browser would leave the cookie as it is.
    assert (ended.key, ended["secure"], ended["path"]) == (f"__Host-{SESSION}", True, "/")
    hub.close()


def test_without_https_the_cookie_is_not_secure_so_that_the_embedded_hub_can_be_used(hub: Hub) -> None:
    answer = an_app_with_a_session(hub).test_client().post("/begin")
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert not cookie["secure"]


def test_a_session_is_a_token_and_a_changed_one_is_nobodys(hub: Hub) -> None:
    browser = browser_of(hub, "supervisor")
    assert browser.get("/v1/alerts").status_code == 200
    browser.set_cookie(SESSION, hub.changed_token_of("supervisor"))
    assert browser.get("/v1/alerts").status_code == 401


def test_whoever_sends_a_key_is_known_by_it_alone(hub: Hub) -> None:
    browser = browser_of(hub, "supervisor")
    assert browser.get("/v1/alerts", headers={"Authorization": "Bearer no"}).status_code == 401
    assert browser.get("/v1/alerts", headers={"Authorization": "Basic eA=="}).status_code == 401
    bearer = {"Authorization": f"Bearer {hub.token_of('commissioner')}"}
    assert browser.get("/v1/alerts", headers=bearer).status_code == 403


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "https://hub.example"}, True),
        ({"Origin": "http://localhost:81"}, False),
        ({"Origin": "http://hub.example"}, False),
        ({"Origin": "https://hub.example.elsewhere.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({}, True),
    ],
)
def test_what_changes_something_comes_from_a_page_of_ours(
    tmp_path: Path, headers: dict[str, str], *, taken: bool
) -> None:
    hub = embedded_hub(tmp_path / "home", public_url="https://hub.example/")
    browser = an_app_with_a_session(hub).test_client()
    # Signing in is such a change too: nobody is to work, unawares, in an account of somebody else's.
    assert browser.post("/begin", headers=headers).status_code == (200 if taken else 403)
    browser.set_cookie(f"__Host-{SESSION}", hub.token_of("ops"))
    answer = browser.post("/who", headers=headers)
    assert answer.status_code == (200 if taken else 403)
    assert taken or answer.get_json()["type"].endswith(":from_elsewhere")
    # Reading changes nothing, and a page elsewhere cannot see the answer.
    assert browser.get("/who", headers=headers).status_code == 200
    hub.close()


def test_a_program_with_a_key_is_not_asked_where_it_comes_from(hub: Hub) -> None:
    assert hub.post(an_account("X"), Origin="https://elsewhere.example").status_code == 201


def test_a_person_who_is_not_signed_in_is_led_to_where_they_can(hub: Hub) -> None:
    browser = Client(Front(hub.rooms))
    page = browser.get("/v1/alerts?state=open", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=/v1/alerts")
    assert browser.get("/v1/alerts", headers={"Accept": "*/*"}).status_code == 401


def test_after_ten_wrong_passwords_not_even_the_right_one_is_looked_at(hub: Hub) -> None:
    account = hub.credentials["staff"]["coordinator"]
    for _ in range(10):
        assert ask_for_token(hub, account["email"], WRONG).status_code == 401
    for email in (account["email"], account["email"].upper() + " "):
        refused = ask_for_token(hub, email, account["password"], "192.0.2.2")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 15 * 60
    # It is the same for an account that does not exist, and nothing to do with anybody else's.
    codes = [ask_for_token(hub, "nobody@referral-hub.example", WRONG).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    other = hub.credentials["staff"]["supervisor"]
    assert ask_for_token(hub, other["email"], other["password"]).status_code == 200


def test_who_remembers_the_password_in_time_starts_anew() -> None:
    tries, account = Tries(), "person@agency.example"
    for _ in range(2):
        for _ in range(10):
            tries.begin(account, HOME)
        tries.was_right(account)
    tries.begin(account, HOME)


def test_an_address_that_guesses_at_many_accounts_is_stopped_too() -> None:
    tries = Tries()
    for number in range(100):
        tries.begin(f"person{number}@agency.example", HOME)
        tries.was_wrong(HOME)
    with pytest.raises(TooMany):
        tries.begin("one.more@agency.example", HOME)
    tries.begin("one.more@agency.example", "192.0.2.2")


def test_the_address_of_the_caller_is_the_proxys_word_only_where_there_is_a_proxy(tmp_path: Path) -> None:
    for proxies, stopped in (("0", False), ("1", True)):
        hub = embedded_hub(tmp_path / proxies, proxies=proxies)
        tries = hub.rooms["notify"].keep("tries", Tries)
        for _ in range(100):
            tries.was_wrong("203.0.113.9")
        answer = hub.front.post(
            "/v1/tokens",
            json={"email": "nobody@referral-hub.example", "password": WRONG},
            headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"},
            environ_base={"REMOTE_ADDR": HOME},
        )
        assert answer.status_code == (429 if stopped else 401)
        hub.close()


def test_the_log_tells_of_sign_ins_without_telling_whose(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    account = hub.credentials["staff"]["coordinator"]
    with caplog.at_level(logging.INFO):
        ask_for_token(hub, account["email"], WRONG)
        ask_for_token(hub, account["email"], account["password"])
    told = [record.message for record in caplog.records]
    assert "sign-in refused" in told
    assert "signed in" in told
    everything = " ".join(str(vars(record)) for record in caplog.records)
    assert account["email"] not in everything
    assert HOME not in everything


def test_a_practitioner_signs_in_for_their_agency(hub: Hub) -> None:
    account = hub.credentials["staff"]["practitioner"]
    answer = ask_for_token(hub, account["email"], account["password"]).get_json()
    assert (answer["role"], answer["team"], answer["agency"]) == ("practitioner", "", "durham_constabulary")
    caller = read_token(hub.rooms["intake"].keys, answer["token"])
    assert caller == Caller("practitioner", account["email"], agency="durham_constabulary")
