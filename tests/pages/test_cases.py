"""The coordinator's pages: with and without scripts, on a phone and on a desk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of
from tests.triage.cases.doing import a_crime


def sign_in(page: Page, site: Site, role: str) -> None:
    account = site.hub.credentials["staff"][role]
    page.get_by_label("Email address").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(account["password"])
    page.get_by_role("button", name="Sign in").click()


def a_case(site: Site, record: str) -> str:
    letters = "".join("abcdefghij"[int(digit)] for digit in str(abs(hash(record)) % 10**6))
    site.hub.take(a_crime(record, family=f"Paged{letters}"))
    site.hub.settle()
    return str(site.hub.links()[f"vcas:{record}"]["case"])


def look(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look (HUB_PICTURES names a folder)."""
    if folder := os.environ.get("HUB_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scripts"), [(NARROW, True), (WIDE, True), (NARROW, False)])
def test_a_coordinator_sees_a_case_records_in_it_and_moves_it(
    visitors: Visitors, site: Site, width: int, *, scripts: bool
) -> None:
    case = a_case(site, f"PAGE-{width}-{scripts}")
    page = visitors.visit("/cases", width=width, scripts=scripts)
    sign_in(page, site, "coordinator")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")
    look(page, f"cases-{width}-{scripts}")
    assert not scripts or faults_of(page) == []
    page.get_by_role("link", name=case).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(case)
    # Nobody is named in the title, which others see in a history or over a shoulder.
    expect(page).to_have_title(f"Case {case} \N{EN DASH} Cases")
    expect(page.get_by_text("Look at it: who, where, what")).to_be_visible()
    look(page, f"case-{width}-{scripts}")
    assert not scripts or faults_of(page) == []
    page.get_by_role("link", name="An assessment of risk").click()
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("alert")).to_contain_text("Say it.")
    look(page, f"record-{width}-{scripts}")
    assert not scripts or faults_of(page) == []
    page.get_by_label("Yes").check()
    page.get_by_label("In a few words").fill("Invented: nothing stands against it.")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("An assessment of risk, the risk is acceptable: yes")).to_be_visible()
    page.get_by_text("Put it on hold").first.click()
    box = page.locator("#try-hold")
    box.get_by_label("When it is looked at again").fill("tomorrow")
    box.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("later day")
    assert not scripts or faults_of(page) == []
    box = page.locator("#try-hold")
    box.get_by_label("When it is looked at again").fill("2199-01-01")
    box.get_by_role("button").click()
    expect(page.get_by_text("On hold", exact=True).first).to_be_visible()
    expect(page.get_by_text("Call back, as was promised")).to_be_visible()


def test_a_facilitator_sees_only_what_they_were_given(visitors: Visitors, site: Site) -> None:
    case = a_case(site, "NOT-GIVEN")
    page = visitors.visit("/cases")
    sign_in(page, site, "facilitator")
    expect(page.get_by_text("There is nothing here.")).to_be_visible()
    page.goto(f"/cases/{case}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert "Paged" not in page.content()
