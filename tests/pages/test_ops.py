"""The page of ops, on a phone and on a desk: what waits where, and a button to try it again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from shared.messaging.parking import drop_parked, list_parked
from tests.ops.test_desk import throw
from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of


@pytest.mark.parametrize(("width", "scripts"), [(NARROW, True), (WIDE, False)])
def test_ops_see_what_could_not_be_handled_and_have_it_tried_again(
    visitors: Visitors, site: Site, width: int, *, scripts: bool
) -> None:
    triage = site.hub.rooms["triage"]
    for left in list_parked(triage.books, waiting_too=True):
        drop_parked("triage", left.id, site.hub.books, site.hub.clock())
    throw(site.hub, b"this is no message")
    page = visitors.visit("/ops", width=width, scripts=scripts)
    account = site.hub.credentials["staff"]["ops"]
    page.get_by_label("Email address").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(account["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What waits where")
    expect(page.get_by_text("undecodable")).to_have_count(1)
    if folder := os.environ.get("HUB_PICTURES"):
        page.screenshot(path=Path(folder) / f"ops-{width}.png", full_page=True)
    assert scripts is False or faults_of(page) == []
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("It is tried again at once.")).to_be_visible()
    expect(page.get_by_text("Nothing. Whatever comes is handled.")).to_be_visible()
    assert "this is no message" not in page.content()
    site.hub.clock.move(minutes=10)
    site.hub.settle()
    page.get_by_role("link", name="Your pages").click()
    page.get_by_role("link", name="What waits where").click()
    expect(page.get_by_text("undecodable")).to_have_count(1)
    expect(page.get_by_text("2 attempts")).to_be_visible()
