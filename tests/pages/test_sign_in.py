"""Signing in as a person does: with and without scripts, on a phone and on a desk, beside others' pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Page, expect

from services.notify.pages import local_path
from shared.doors import doors_of
from shared.web import SESSION, STAFF
from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of
from tests.support.ports import LOOPBACK, free_port


def fill_in(page: Page, site: Site, role: str, password: str | None = None) -> None:
    account = site.hub.credentials["staff"][role]
    page.get_by_label("Email address").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(password or account["password"])
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(("width", "scripts"), [(NARROW, True), (WIDE, True), (NARROW, False)])
def test_a_practitioner_signs_in_sees_what_there_is_and_signs_out(
    visitors: Visitors, site: Site, width: int, *, scripts: bool
) -> None:
    page = visitors.visit("/sign-in", width=width, scripts=scripts)
    if scripts:
        assert faults_of(page) == []
    fill_in(page, site, "practitioner")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in")
    expect(page.get_by_text("practitioner, Durham Constabulary")).to_be_visible()
    if scripts:
        assert faults_of(page) == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    if scripts:
        assert faults_of(page) == []
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_wrong_is_said_once_above_and_once_beside_the_field(
    visitors: Visitors, site: Site, *, scripts: bool
) -> None:
    page = visitors.visit("/sign-in", width=NARROW, scripts=scripts)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Error: Sign in \N{EN DASH} Referral Hub")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Enter your email address")
    expect(summary).to_contain_text("Enter your password")
    if scripts:
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        assert faults_of(page) == []
    fill_in(page, site, "supervisor", password="an invented wrong password")
    # The same sentence for an account that there is and for one that there is not.
    expect(page.get_by_role("alert")).to_contain_text("The address or the password is not right.")
    expect(page.get_by_label("Email address")).to_have_value("supervisor@referral-hub.example")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    page.get_by_label("Email address").fill("nobody@referral-hub.example")
    page.get_by_label("Password", exact=True).fill("an invented wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The address or the password is not right.")


def test_after_signing_in_one_goes_on_to_where_one_was_going(visitors: Visitors, site: Site) -> None:
    page = visitors.visit("/v1/alerts?state=open")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    fill_in(page, site, "coordinator")
    page.wait_for_url("**/v1/alerts")
    assert '"alerts"' in page.content()


@pytest.mark.parametrize("role", STAFF)
def test_every_door_that_a_role_is_shown_opens(visitors: Visitors, site: Site, role: str) -> None:
    page = visitors.visit("/sign-in")
    fill_in(page, site, role)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    links = page.get_by_role("main").get_by_role("link").all()
    addresses = [link.get_attribute("href") or "" for link in links]
    assert addresses == [door.path for door in doors_of(role)]
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        if address != "/v1/docs":  # which is open to anyone
            page.get_by_role("link", name="Your pages").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in")


@pytest.mark.parametrize(
    ("asked", "gone_to"),
    [
        ("/refer/practitioner", "/refer/practitioner"),
        ("/v1/alerts?state=open", "/v1/alerts?state=open"),
        ("//elsewhere.example", ""),
        ("/\\elsewhere.example", ""),
        ("/\t/elsewhere.example", ""),
        ("/\n//elsewhere.example", ""),
        ("https://elsewhere.example/", ""),
        ("javascript:alert(1)", ""),
        ("elsewhere.example", ""),
        ("/é", ""),
        ("/" + "a" * 2000, ""),
        ("", ""),
    ],
)
def test_nobody_is_sent_away_from_the_hub_after_signing_in(asked: str, gone_to: str) -> None:
    assert local_path(asked) == gone_to


@pytest.fixture
def a_page_next_door(site: Site) -> Iterator[str]:
    """A page of somebody else's on another port, which browsers count as the same site, cookies included."""
    form = (
        f'<form method="post" action="{site.url}/sign-out"><button>A prize</button></form>'
        f'<form method="post" action="{site.url}/sign-in"><button>Another</button></form>'
    ).encode()

    class NextDoor(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(form)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer((LOOPBACK, free_port()), NextDoor)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_page_next_door_cannot_use_the_session(
    visitors: Visitors, site: Site, a_page_next_door: str
) -> None:
    page = visitors.visit("/sign-in")
    fill_in(page, site, "supervisor")
    for button in ("A prize", "Another"):
        page.goto(a_page_next_door)
        # The browser does send the cookie there: refusing is up to the hub.
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            page.get_by_role("button", name=button).click()
        assert answered.value.status == 403
        assert SESSION in answered.value.request.all_headers()["cookie"]
        expect(page.get_by_text("The request was sent from a page of somebody else.")).to_be_visible()
    assert faults_of(page) == []
    page.goto("/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in")
