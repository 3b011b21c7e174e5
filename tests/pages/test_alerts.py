"""A coordinator sees what waits, takes it, and chooses how to be told, on a phone and on a desk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of
from tests.support.builders import an_account


def sign_in(page: Page, site: Site, role: str = "coordinator") -> None:
    account = site.hub.credentials["staff"][role]
    page.get_by_label("Email address").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(account["password"])
    page.get_by_role("button", name="Sign in").click()


def keep_picture(page: Page, name: str) -> None:
    """For whoever wants to look: HUB_PICTURES names a folder."""
    if folder := os.environ.get("HUB_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scripts"), [(NARROW, True), (WIDE, True), (NARROW, False)])
def test_a_coordinator_takes_what_waits_and_chooses_how_to_be_told(
    visitors: Visitors, site: Site, width: int, *, scripts: bool
) -> None:
    site.hub.take(an_account(f"PAGE-{width}-{scripts}", family=f"Page{width}"))
    other = site.hub.take(an_account(f"OTHER-{width}-{scripts}", family=f"Other{width}"))
    site.hub.settle()
    site.hub.front.post(
        f"/v1/referrals/{other['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {site.hub.key_of('vcas')}"},
    )
    site.hub.settle()
    page = visitors.visit("/sign-in", width=width, scripts=scripts)
    sign_in(page, site)
    page.get_by_role("link", name="What waits for you").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What waits for you")
    keep_picture(page, f"alerts-{width}-{scripts}")
    assert scripts is False or faults_of(page) == []
    # The urgent one stands first.
    rows = page.locator(".govuk-summary-list__row")
    expect(rows.first).to_contain_text("Urgent")
    waiting = rows.count()
    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="What has happened")).to_be_visible()
    expect(page.get_by_text("Raised")).to_be_visible()
    keep_picture(page, f"alert-{width}-{scripts}")
    assert scripts is False or faults_of(page) == []
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("You have it.")).to_be_visible()
    expect(rows).to_have_count(waiting - 1)

    page.get_by_role("link", name="Choose how you are told").click()
    page.get_by_label("Once a day, together").check()
    page.get_by_label("Time of day, if once a day").fill("half past")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a time of day")
    keep_picture(page, f"preferences-{width}-{scripts}")
    assert scripts is False or faults_of(page) == []
    page.get_by_label("Time of day, if once a day").fill("08:30")
    page.get_by_label("Saturdays and Sundays").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Once a day, together")).to_be_checked()
    expect(page.get_by_label("Saturdays and Sundays")).not_to_be_checked()
    assert scripts is False or faults_of(page) == []


def test_another_teams_alert_has_no_page_and_a_stranger_signs_in_first(
    visitors: Visitors, site: Site
) -> None:
    site.hub.take(an_account("THEIRS", family="Theirs", postcode="TS1 9ZZ"))
    site.hub.settle()
    theirs = next(one for one in site.hub.alerts() if one["team"] == "restorative_cleveland")
    page = visitors.visit("/alerts", width=NARROW)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page, site)
    expect(page.get_by_role("heading", level=1)).to_have_text("What waits for you")
    answer = page.goto(f"/alerts/{theirs['id']}")
    assert answer is not None
    assert answer.status == 404
    assert theirs["case"] not in page.content()
