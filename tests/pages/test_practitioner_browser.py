"""A practitioner at a real browser: on a phone and on a desk, with and without scripts, on two devices."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from services.notify.keep_staff import keep_staff
from shared.web import Caller
from tests.pages.referring import A_REFERRAL, ADDRESS, LIST, LOOK_OVER, NEEDED, Told
from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of, press_until

PASSWORD = "an invented password"
TASKS = {
    "referring": "Who is referring",
    "happened": "What happened",
    "person": "The person you are referring",
    "others": "The other person, and anybody else (optional)",
    "consent": "Consent and wishes",
    "contact": "Safe contact",
    "risk": "Risk",
    "services": "Services (optional)",
}


@pytest.fixture
def officer(site: Site, request: pytest.FixtureRequest) -> str:
    """The address of a practitioner who has referred nobody yet."""
    email = f"officer-{abs(hash(request.node.name))}@police.example"
    with site.hub.rooms["notify"].unit() as unit:
        keep_staff(Caller("practitioner", email, agency="durham_constabulary"), PASSWORD, unit)
    return email


def sign_in(visitors: Visitors, email: str, *, width: int = WIDE, scripts: bool = True) -> Page:
    page = visitors.visit(f"/sign-in?next={ADDRESS}", width=width, scripts=scripts)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your referrals")
    return page


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text().strip()


def fill_in(page: Page, answers: Told) -> None:
    """Answer whatever the page asks with what belongs to it, by its inputs."""
    asked = dict(
        re.findall(r'<(?:input|textarea)[^>]* name="([^"]+)"(?:[^>]* type="([^"]+)")?', page.content())
    )
    asked |= {
        name: kind
        for kind, name in re.findall(r'<input[^>]* type="([^"]+)"[^>]* name="([^"]+)"', page.content())
    }
    for name in asked.keys() & answers.keys():
        told = answers[name]
        if asked[name] in ("radio", "checkbox"):
            for value in [told] if isinstance(told, str) else told:
                page.locator(f'[name="{name}"][value="{value}"]').check()
        else:
            page.locator(f'[name="{name}"]').fill(str(told))


def do(page: Page, task: str, found: list[str] | None, answers: Told = A_REFERRAL) -> None:
    """Do a whole task; look at each of its pages if there is a list for what is found."""
    page.get_by_role("button", name=TASKS[task], exact=True).click()
    for _ in range(20):
        if heading(page) == LIST:
            return
        if found is not None:
            found += faults_of(page)
        fill_in(page, answers)
        page.get_by_role("button", name="Continue").click()
    message = f"{task} has no end"
    raise AssertionError(message)


def look_at(page: Page, found: list[str]) -> None:
    found += faults_of(page)


def test_signed_in_on_a_phone_every_page_is_usable_by_everybody(
    visitors: Visitors, site: Site, officer: str
) -> None:
    found: list[str] = []
    page = visitors.visit(ADDRESS, width=NARROW)
    look_at(page, found)
    page = sign_in(visitors, officer, width=NARROW)
    look_at(page, found)
    page.get_by_role("button", name="Start a new referral").click()
    for task in TASKS:
        do(page, task, found)
    look_at(page, found)
    page.get_by_role("button", name="Check your answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(LOOK_OVER)
    look_at(page, found)
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Referral sent")
    look_at(page, found)
    reference = page.locator(".govuk-panel__body strong").inner_text()
    site.hub.settle()
    page.get_by_role("link", name="Your referrals").click()
    row = page.get_by_role("row", name=reference)
    expect(row).to_contain_text("With a team")
    look_at(page, found)
    assert found == []


def test_without_scripts_and_without_an_account_the_same_form_is_sent(visitors: Visitors, site: Site) -> None:
    page = visitors.visit(ADDRESS, scripts=False)
    page.get_by_role("button", name="Start without an account").click()
    for task in NEEDED:
        do(page, task, None)
    page.get_by_role("button", name="Check your answers").click()
    expect(page.get_by_text("nobody has verified who you are")).to_be_visible()
    # Whoever reads every question takes longer than this test.
    site.hub.clock.move(minutes=5)
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Referral sent")
    assert page.context.cookies() == []


def test_what_was_saved_is_continued_on_another_device_and_by_nobody_else(
    visitors: Visitors, officer: str, site: Site
) -> None:
    desk = sign_in(visitors, officer, scripts=False)
    desk.get_by_role("button", name="Start a new referral").click()
    do(desk, "person", None)
    draft = desk.url
    phone = sign_in(visitors, officer, width=NARROW)
    expect(phone.get_by_role("rowheader", name="Fable Figment")).to_be_visible()
    assert faults_of(phone) == []
    phone.get_by_role("link", name=re.compile("^Continue with Fable Figment")).click()
    expect(phone.get_by_text("Completed", exact=True)).to_have_count(1)
    # The way back of the browser leads where one was.
    do(phone, "risk", None)
    phone.go_back()
    assert heading(phone) != LIST
    phone.goto(draft)
    expect(phone.get_by_text("Completed", exact=True)).to_have_count(2)
    colleague = f"colleague.of.{officer}"
    with site.hub.rooms["notify"].unit() as unit:
        keep_staff(Caller("practitioner", colleague, agency="durham_constabulary"), PASSWORD, unit)
    other = sign_in(visitors, colleague)
    expect(other.get_by_text("There is nothing here.")).to_be_visible()
    answer = other.goto(draft)
    assert answer is not None
    assert answer.status == 404
    expect(other.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert faults_of(other) == []
    phone.goto(ADDRESS)
    phone.get_by_role("link", name=re.compile("^Delete Fable Figment")).click()
    assert faults_of(phone) == []
    phone.get_by_role("button", name="Delete").click()
    expect(phone.get_by_text("There is nothing here.")).to_be_visible()


def type_in(page: Page, answers: Told) -> None:
    """Answer the page and go on with nothing but a keyboard, from its first field to its button."""
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(({name, type, value, innerText}) => ({name, type, value, innerText}))(document.activeElement)"
        )
        told = answers.get(at["name"], ())
        if at["innerText"] == "Continue":
            page.keyboard.press("Enter")
            return
        if at["type"] == "radio" and told:
            page.keyboard.press("Space")
            while page.evaluate("document.activeElement.value") != told:
                page.keyboard.press("ArrowDown")
        elif at["type"] == "checkbox" and at["value"] in told:
            page.keyboard.press("Space")
        elif isinstance(told, str) and told and not at["value"]:
            page.keyboard.type(told)
    message = "no way goes on"
    raise AssertionError(message)


def test_the_keyboard_alone_goes_all_the_way(visitors: Visitors, site: Site) -> None:
    page = visitors.visit(ADDRESS)
    page.get_by_role("button", name="Start without an account").press("Enter")
    for number, task in enumerate(TASKS, 1):
        expect(page.get_by_role("heading", level=1)).to_have_text(LIST)
        if task in NEEDED:
            press_until(page, "Tab", f"main li:nth-child({number}) button")
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", level=1)).not_to_have_text(LIST)
            while (asked := heading(page)) != LIST:
                type_in(page, A_REFERRAL)
                expect(page.get_by_role("heading", level=1)).not_to_have_text(asked)
    press_until(page, "Shift+Tab", "main button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(LOOK_OVER)
    site.hub.clock.move(minutes=5)
    press_until(page, "Shift+Tab", "main button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Referral sent")


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    visitors: Visitors, officer: str, *, scripts: bool
) -> None:
    page = sign_in(visitors, officer, width=NARROW, scripts=scripts)
    page.get_by_role("button", name="Start a new referral").click()
    page.get_by_role("button", name=TASKS["referring"]).click()
    fill_in(page, {"ref_name": "", "ref_email": "not an address"})
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title("Error: Who is referring \N{EN DASH} Refer somebody")
    expect(page.get_by_role("alert")).to_contain_text("Enter your name")
    expect(page.locator('[name="ref_email"]')).to_have_value("not an address")
    if scripts:
        assert faults_of(page) == []


def test_who_was_signed_out_meanwhile_signs_in_and_finds_what_was_saved(
    visitors: Visitors, officer: str, site: Site
) -> None:
    page = sign_in(visitors, officer)
    page.get_by_role("button", name="Start a new referral").click()
    do(page, "person", None)
    page.get_by_role("button", name=TASKS["risk"]).click()
    page.context.clear_cookies()
    fill_in(page, A_REFERRAL)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("Email address").fill(officer)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is anybody in danger right now?")
    assert page.url.startswith(site.url)
