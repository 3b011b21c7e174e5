"""A commissioner reads the figures on a phone and on a desk, with and without scripts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of
from tests.triage.reports.test_reports import fill, published


@pytest.fixture(scope="module")
def filled(site: Site) -> Site:
    """A site with figures to read, of a quarter that is over."""
    fill(site.hub)
    published(site.hub)
    return site


@pytest.mark.parametrize(("width", "scripts"), [(NARROW, True), (WIDE, True), (NARROW, False)])
def test_a_commissioner_finds_the_figures_after_signing_in(
    visitors: Visitors, filled: Site, width: int, *, scripts: bool
) -> None:
    page = visitors.visit("/sign-in", width=width, scripts=scripts)
    account = filled.hub.credentials["staff"]["commissioner"]
    page.get_by_label("Email address").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(account["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Reports").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("so far")
    expect(page.get_by_role("table", name="Cases closed")).to_be_visible()
    assert scripts is False or faults_of(page) == []
    page.get_by_role("navigation", name="Which quarter").get_by_role("link").nth(1).click()
    expect(page.get_by_text("Published on")).to_be_visible()
    strand = page.get_by_role("table", name="Cases, by strand")
    expect(strand.get_by_role("row", name="Crime")).to_contain_text("10")
    if folder := os.environ.get("HUB_PICTURES"):
        page.screenshot(path=Path(folder) / f"reports-{width}-{scripts}.png", full_page=True)
    assert scripts is False or faults_of(page) == []
