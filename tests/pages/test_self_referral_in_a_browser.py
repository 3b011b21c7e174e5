"""Somebody asks for help themselves with a real browser: on a phone, at a desk, by keyboard alone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence

import pytest
from playwright.sync_api import Error, Page, Route, expect

from services.intake.forms.domain.self_referral import SELF_REFERRAL
from services.intake.forms.pages import EXIT
from tests.pages.filling import SOMEBODY, Filling
from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of, press_until

CHECK = "Check your answers before you send them"
# Everything that somebody can be asked, so that every page is looked at.
EVERY_WAY = {
    **SOMEBODY,
    "danger": "unsure",
    "channels": ["mobile", "landline", "email", "post"],
    "landline": "01632 960131",
    "email": "fable@figment.example",
    "line1": "",
    "post": "3 Invented Street",
    "go_on": "deferred",
}
ONLY_WHO_DID_IT = {"offers", "own_part"}


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def fill_in(page: Page, answers: Mapping[str, str | Sequence[str]]) -> None:
    """Answer what the page asks, as somebody with a pointer and a keyboard does."""
    for name in dict.fromkeys(page.locator("main [name]").evaluate_all("all => all.map(one => one.name)")):
        told = answers.get(name, "")
        for value in [told] if isinstance(told, str) else told:
            one = page.locator(f"main [name='{name}']")
            if value and one.first.get_attribute("type") in ("radio", "checkbox"):
                page.locator(f"main [name='{name}'][value='{value}']").check()
            elif value:
                one.fill(value)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def begin(visitors: Visitors, width: int, *, scripts: bool = True) -> Page:
    page = visitors.visit("/refer", width=width, scripts=scripts)
    page.get_by_role("button", name="Start now").click()
    return page


def loaded(page: Page) -> Page:
    """The page when its scripts, if it has any, are awake."""
    page.wait_for_load_state()
    return page


def arrive_at_the_check(visitors: Visitors, site: Site, *, scripts: bool = True) -> Page:
    """Come to the look over all answers in no time, with a form that was filled in elsewhere."""
    elsewhere = Filling(site.hub.front)
    elsewhere.go_to("May we tell other services that could help you?")
    page = visitors.visit("/refer", scripts=scripts)
    page.evaluate(
        """sealed => {
            const form = document.querySelector('main form')
            form.append(Object.assign(document.createElement('input'), {name: 'form', value: sealed}))
            form.submit()
        }""",
        elsewhere.sealed,
    )
    expect(page.locator("h1")).to_have_text(CHECK)
    return loaded(page)


def test_every_page_on_a_phone_can_be_read_and_used_by_everybody_and_leaves_nothing_behind(
    visitors: Visitors, site: Site
) -> None:
    page = visitors.visit("/refer", width=NARROW)
    went: list[str] = []
    page.on("framenavigated", lambda frame: went.append(frame.url))
    wrong = faults_of(page)
    page.get_by_role("button", name="Start now").click()
    seen = []
    while heading(page) != CHECK:
        seen.append(heading(page))
        wrong += faults_of(page)
        fill_in(page, EVERY_WAY)
        go_on(page)
    site.hub.clock.move(minutes=5)
    wrong += faults_of(page)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("h1")).to_have_text("We have it")
    wrong += faults_of(page)
    assert wrong == []
    asked = {one.question for one in SELF_REFERRAL.pages if one.key not in ONLY_WHO_DID_IT}
    assert set(seen) == asked
    assert set(went) == {f"{site.url}/refer"}
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_the_pages_beside_the_form_can_be_read_by_everybody(visitors: Visitors) -> None:
    page = visitors.visit("/refer/safety", width=NARROW)
    wrong = faults_of(page)
    for path in ("/refer/privacy", "/refer/accessibility", "/refer/nowhere"):
        page.goto(path)
        wrong += faults_of(page)
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.goto("/refer")
    assert wrong + faults_of(page) == []


def test_at_a_desk_without_scripts_everything_works(visitors: Visitors, site: Site) -> None:
    page = begin(visitors, WIDE, scripts=False)
    while heading(page) != CHECK:
        fill_in(page, SOMEBODY)
        go_on(page)
    before = len(site.hub.links())
    site.hub.clock.move(minutes=5)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("h1")).to_have_text("We have it")
    site.hub.settle()
    assert len(site.hub.links()) == before + 1


@pytest.mark.parametrize("scripts", [True, False])
def test_an_answer_is_changed_and_the_form_sent_once_by_a_double_click(
    visitors: Visitors, site: Site, *, scripts: bool
) -> None:
    page = arrive_at_the_check(visitors, site, scripts=scripts)
    if scripts:
        assert faults_of(page) == []
    page.get_by_role("button", name=re.compile("Change\\s+Name")).click()
    expect(page.get_by_label("First name")).to_have_value("Fable")
    page.get_by_label("First name").fill("Faye")
    go_on(page)
    expect(page.locator("h1")).to_have_text(CHECK)
    expect(page.get_by_text("Faye")).to_be_visible()
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator("h1")).to_have_text("May we tell other services that could help you?")
    go_on(page)
    before = len(site.hub.links())
    site.hub.clock.move(minutes=5)
    # Twice, as quickly as a finger can.
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(page.locator("h1")).to_have_text("We have it")
    site.hub.settle()
    assert len(site.hub.links()) == before + 1


def test_the_keyboard_alone_goes_all_the_way(visitors: Visitors, site: Site) -> None:
    page = loaded(visitors.visit("/refer"))
    while (asked := heading(page)) != CHECK:
        if asked in ("What brings you here?", "Shall we pass this on to the team that can help?"):
            press_until(page, "Tab", "main input[type=radio]")
            page.keyboard.press("Space")
            # Enter in a field goes on, and never back.
        else:
            # Backwards from the top it is a short way; Shift with another key is no wish to leave.
            press_until(page, "Shift+Tab", "main button[type=submit]")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).not_to_have_text(asked)
        loaded(page)
    site.hub.clock.move(minutes=5)
    press_until(page, "Shift+Tab", "main button[value=send]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("We have it")


def test_a_mistake_takes_the_keyboard_to_its_place(visitors: Visitors) -> None:
    page = loaded(begin(visitors, WIDE))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".govuk-js-exit-this-page-skiplink")).to_be_focused()
    for asked in ("Is anyone in danger right now?", "What brings you here?"):
        go_on(page)
        expect(page.locator("h1")).to_have_text(asked)
    go_on(page)
    expect(page).to_have_title(re.compile("^Error: What brings you here"))
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    assert faults_of(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#side")).to_be_focused()


@pytest.mark.parametrize("way", ["button", "shift", "without scripts"])
def test_the_way_out_works_at_once_and_nothing_is_to_be_seen_behind_it(visitors: Visitors, way: str) -> None:
    page = begin(visitors, NARROW, scripts=way != "without scripts")

    def weather(route: Route) -> None:
        route.fulfill(body="<h1>An invented forecast</h1>", content_type="text/html")

    page.context.route(f"{EXIT}**", weather)
    go_on(page)
    fill_in(page, {"danger": "no"})
    go_on(page)
    expect(page.locator("h1")).to_have_text("What brings you here?")
    loaded(page)
    if way == "shift":
        for _ in range(3):
            page.keyboard.press("Shift")
    else:
        page.locator(".govuk-exit-this-page__button").click()
    expect(page.locator("h1")).to_have_text("An invented forecast")
    assert page.url == EXIT
    if way != "without scripts":
        # Whoever looks what was there before sees the first page, or is asked whether to send a form again.
        with contextlib.suppress(Error):
            page.go_back(wait_until="commit")
        expect(page.get_by_text("What brings you here?")).to_have_count(0)


def test_an_error_page_is_as_neutral_and_has_the_way_out(visitors: Visitors, site: Site) -> None:
    page = begin(visitors, NARROW)
    site.hub.clock.move(minutes=61)
    go_on(page)
    expect(page.locator("h1")).to_have_text("There is a problem")
    expect(page.get_by_text("Nothing was kept")).to_be_visible()
    expect(page.locator(".govuk-exit-this-page__button")).to_be_visible()
    assert faults_of(page) == []


def test_who_is_held_up_sends_the_same_again(visitors: Visitors, site: Site) -> None:
    page = arrive_at_the_check(visitors, site)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("h1")).to_have_text("We could not send this yet")
    assert faults_of(page) == []
    site.hub.clock.move(minutes=1)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("h1")).to_have_text("We have it")
