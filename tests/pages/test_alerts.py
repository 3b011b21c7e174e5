"""A coordinator sees what waits, takes it, and chooses how to be told, on a phone and on a desk."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from services.notify.domain.alert import News
from services.notify.equipment import board_of
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk
from shared.identity import CASE, new_reference
from shared.web import SESSION
from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of
from tests.support.builders import an_account
from tests.support.houses import Hub
from tests.triage.cases.doing import token


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
    # The case is one step away, before it is taken and after.
    opened = rows.first.get_by_role("link", name="Open the case").get_attribute("href")
    assert opened
    rows.first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What has happened")).to_be_visible()
    expect(page.get_by_text("Raised")).to_be_visible()
    case = page.get_by_role("link", name="Open the case")
    expect(case).to_have_attribute("href", re.compile(r"^/cases/C-"))
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    keep_picture(page, f"alert-{width}-{scripts}")
    assert scripts is False or faults_of(page) == []
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("You have it.")).to_be_visible()
    expect(page.get_by_role("link", name="Open case C-")).to_have_attribute("href", opened)
    expect(rows).to_have_count(waiting - 1)
    assert scripts is False or faults_of(page) == []

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


def test_whoever_is_never_told_of_the_hub_itself_is_not_asked_how(hub: Hub) -> None:
    asked = {
        role: "The hub itself" in hub.ask("/alerts/preferences", hub.token_of(role)).text
        for role in ("coordinator", "supervisor", "facilitator", "ops")
    }
    assert asked == {"coordinator": False, "supervisor": False, "facilitator": False, "ops": True}


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


def raise_alerts(site: Site, count: int, team: str, *, urgent: bool = False) -> list[str]:
    room = site.hub.rooms["notify"]
    cases = [new_reference(CASE) for _ in range(count)]
    with room.unit() as unit:
        Desk.of(unit).look_up(cases)
        for case in cases:
            assert raise_alert(News(case, "opening", team, urgent), unit, board_of(room)) is not None
    return cases


def test_only_whoever_was_first_is_told_that_they_have_it(visitors: Visitors, site: Site) -> None:
    one, other, _ = raise_alerts(site, 3, "restorative_hub")
    page, second = visitors.visit("/alerts"), visitors.visit("/alerts")
    sign_in(page, site)
    sign_in(second, site, "supervisor")
    row = page.locator(".govuk-summary-list__row").filter(has_text=one)
    row.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("link", name=f"Open case {one}")).to_be_visible()
    # The other's page is from before.
    row = second.locator(".govuk-summary-list__row").filter(has_text=one)
    row.get_by_role("button", name="I have it").click()
    expect(second.get_by_text("Taken by coordinator@referral-hub.example.")).to_be_visible()
    second.goto("/alerts")
    row = page.locator(".govuk-summary-list__row").filter(has_text=other)
    row.get_by_role("button", name="I have it").click()
    second.get_by_role("button", name="I have all").click()
    expect(second.get_by_text("You have those that nobody had before you.")).to_be_visible()


def test_the_urgent_stand_first_however_many_came_before_and_many_are_taken_at_once(
    visitors: Visitors, site: Site
) -> None:
    team = "community_peer_mentors"
    many = raise_alerts(site, 120, team)
    (urgent,) = raise_alerts(site, 1, team, urgent=True)
    page = visitors.visit("/sign-in", width=NARROW)
    session = {"name": SESSION, "value": token(site.hub, "coordinator", team), "url": site.url}
    page.context.add_cookies([session])  # type: ignore[list-item]  # playwright's own dict
    page.goto("/alerts")
    rows = page.locator(".govuk-summary-list__row")
    expect(rows.first).to_contain_text(urgent)
    expect(rows).to_have_count(100)
    expect(page.get_by_text("There are more.")).to_be_visible()
    keep_picture(page, "alerts-many")
    assert faults_of(page) == []
    (late,) = raise_alerts(site, 1, team)
    page.get_by_role("button", name="I have all 99 that are not urgent").click()
    expect(page.get_by_text("You have them.")).to_be_visible()
    # What was not shown is not taken: neither what did not fit, nor what came meanwhile, nor the urgent one.
    expect(rows).to_have_count(23)
    expect(rows.first).to_contain_text(urgent)
    for case in (*many[99:], late):
        expect(page.get_by_role("link", name=case, exact=True)).to_have_count(1)


def test_from_a_phone_an_alert_is_taken_with_two_taps_or_by_keyboard(visitors: Visitors, site: Site) -> None:
    told_at_once = {"Authorization": f"Bearer {site.hub.token_of('coordinator')}"}
    site.hub.front.put("/v1/me/preferences", json={}, headers=told_at_once)
    for by_keyboard in (False, True):
        # Past whatever else came lately, so that this is a mail of its own.
        site.hub.clock.move(minutes=10)
        site.hub.settle()
        site.hub.take(an_account(f"TAP-{by_keyboard}", family=f"Tap{'ab'[by_keyboard]}"))
        site.hub.settle()
        case = str(site.hub.links()[f"vcas:TAP-{by_keyboard}"]["case"])
        (mail,) = (one for one in site.hub.mails() if case in str(one["Subject"]))
        # What a lock screen shows is a reference, and no person; the link in the mail is the first tap.
        assert "Tap" not in f"{mail['Subject']} {mail.get_content()}"
        (link,) = re.findall(r"https?://\S+", str(mail.get_content()))
        page = visitors.visit("/sign-in", width=NARROW)
        sign_in(page, site)
        page.goto(link)
        button = page.get_by_role("button", name=f"I have it {case}")
        expect(button).to_be_visible()
        if by_keyboard:
            for _ in range(200):
                page.keyboard.press("Tab")
                if button.evaluate("one => one === document.activeElement"):
                    break
            page.keyboard.press("Enter")
        else:
            button.click()
        expect(page.get_by_text("You have it.")).to_be_visible()
        expect(page.get_by_role("link", name=case, exact=True)).to_have_count(0)
