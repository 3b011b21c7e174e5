"""The coordinator's pages: with and without scripts, on a phone and on a desk."""

from __future__ import annotations

import copy
import datetime as dt
import os
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from playwright.sync_api import Locator, Page, expect

from services.triage.history.store import find_case_id
from services.triage.lives.store import Lives
from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of
from tests.support.builders import a_contact, a_referral
from tests.triage.cases.doing import a_crime, take


def sign_in(page: Page, site: Site, role: str) -> None:
    account = site.hub.credentials["staff"][role]
    page.get_by_label("Email address").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(account["password"])
    page.get_by_role("button", name="Sign in").click()


def a_case(site: Site, record: str) -> str:
    # A family of its own in every run: names that begin alike may be one person's.
    letters = "".join("bdfgklmprt"[int(digit)] for digit in str(crc32(record.encode())))
    site.hub.take(a_crime(record, family=f"{letters.capitalize()}paged"))
    site.hub.settle()
    return str(site.hub.links()[f"vcas:{record}"]["case"])


def due_on(site: Site, case: str, days: int) -> None:
    """Put the next day of a case so many days from today."""
    room = site.hub.rooms["triage"]
    with room.unit() as unit:
        case_id = find_case_id(unit.connection, case)
        assert case_id is not None
        kept = Lives.of(unit).find(case_id)
        assert kept is not None
        day = unit.now.date() + dt.timedelta(days=days)
        Lives.of(unit).change(case_id, replace(kept, life=replace(kept.life, next_on=day)))


def a_wednesday(site: Site) -> dt.date:
    """A working day some months from today."""
    day = site.hub.clock().date() + dt.timedelta(days=100)
    return day + dt.timedelta(days=(2 - day.weekday()) % 7)


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
    expect(page).to_have_title(f"Case {case} \N{EN DASH} Referral Hub")
    expect(page.get_by_text("Next: Look at it: who, where, what")).to_be_visible()
    look(page, f"case-{width}-{scripts}")
    assert not scripts or faults_of(page) == []
    page.get_by_text("Record something").click()
    page.get_by_role("link", name="An assessment of risk").click()
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose “The risk is acceptable”.")
    look(page, f"record-{width}-{scripts}")
    assert not scripts or faults_of(page) == []
    page.get_by_label("Yes").check()
    page.get_by_label("In a few words").fill("Invented: nothing stands against it.")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("An assessment of risk, the risk is acceptable: yes")).to_be_visible()
    page.get_by_text("Put it on hold").first.click()
    box = page.locator("#try-hold")
    box.get_by_label("Why").select_option("H-MORE-TIME")
    for part, typed in (("Day", "31"), ("Month", "2"), ("Year", "2199")):
        box.get_by_label(part).fill(typed)
    box.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a later day, within a year")
    assert not scripts or faults_of(page) == []
    box = page.locator("#try-hold")
    day = a_wednesday(site)
    for part, number in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        box.get_by_label(part).fill(str(number))
    box.get_by_role("button").click()
    expect(page.get_by_text("On hold", exact=True).first).to_be_visible()
    expect(page.get_by_text("Next: Call back, as was promised")).to_be_visible()
    expect(page.get_by_text(f"By Wednesday {day.day} {day:%B %Y}")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_yours_late_or_missing_is_found_at_once(
    visitors: Visitors, site: Site, *, scripts: bool
) -> None:
    late, other = a_case(site, f"LATE-{scripts}"), a_case(site, f"SOON-{scripts}")
    due_on(site, late, -40)
    due_on(site, other, 400)
    page = visitors.visit("/cases", scripts=scripts)
    sign_in(page, site, "coordinator")
    expect(page.get_by_role("link", name="Yours")).to_have_attribute("aria-current", "page")
    # What is late comes first, in a table of its own.
    first = page.get_by_role("table").first
    expect(first).to_contain_text("Late")
    expect(first).to_contain_text(late)
    expect(first).to_contain_text("working days late")
    expect(page.get_by_role("table").last).to_contain_text(other)
    page.get_by_role("link", name="Late (").click()
    expect(page.get_by_role("link", name=late)).to_be_visible()
    expect(page.get_by_role("link", name=other)).to_have_count(0)
    assert not scripts or faults_of(page) == []
    page.get_by_label("Find a case by its reference").fill(f" {other.lower()} ")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(other)
    page.goto("/cases?find=C-NOWHERE")
    expect(page.get_by_text("There is no such case that you may see.")).to_be_visible()
    assert not scripts or faults_of(page) == []
    due_on(site, late, 1)


def test_what_stands_against_a_step_is_told_before_it_is_tried(visitors: Visitors, site: Site) -> None:
    account = a_crime("STANDS", family="Pagedstanding")
    account["parties"][1].pop("responsibility")
    site.hub.take(account)
    site.hub.settle()
    case = site.hub.links()["vcas:STANDS"]["case"]
    page = visitors.visit(f"/cases/{case}")
    sign_in(page, site, "coordinator")
    expect(page.get_by_role("heading", name="Allocate to facilitators: not yet")).to_be_visible()
    page.get_by_role("link", name="Record: How far responsibility is accepted").click()
    page.get_by_label("How far it is accepted").select_option("full")
    page.get_by_label("To whom it was said").fill("An invented officer")
    page.get_by_role("button", name="Record it").click()
    page.get_by_text("Allocate to facilitators", exact=True).first.click()
    box = page.locator("#try-allocate")
    # Whoever is chosen is shown with the level at which they are registered, and how much room they have.
    chosen = "second.facilitator@referral-hub.example (intermediate, has 0 of 12)"
    box.get_by_label("Who takes it").select_option(label=chosen)
    box.get_by_role("button", name="Allocate to facilitators").click()
    expect(page.get_by_text("Next: Make the first contact")).to_be_visible()
    assert faults_of(page) == []


def test_nobody_is_asked_twice_and_another_team_is_asked_to_help(visitors: Visitors, site: Site) -> None:
    case = a_case(site, "ASKED")
    page = visitors.visit(f"/cases/{case}", width=NARROW)
    sign_in(page, site, "coordinator")
    person = page.get_by_role("link", name="needs and wishes for").first
    expect(page.get_by_text("Still to ask: what they need and what they wish for").first).to_be_visible()
    person.click()
    look(page, "needs-narrow")
    assert faults_of(page) == []
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_label("Outlook and attitudes", exact=True).select_option("3")
    page.get_by_label("To know why").check()
    page.get_by_label("Yes, they agreed").check()
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("Wishes for: To know why")).to_be_visible()
    expect(page.get_by_text("Outlook and attitudes 3 of 5")).to_be_visible()
    expect(page.get_by_text("Do not ask again.").first).to_be_visible()
    page.get_by_text("Ask another team to help").click()
    page.get_by_label("Which team", exact=True).select_option("vcas")
    page.get_by_role("button", name="Ask them to help").click()
    expect(page.get_by_text("Victim Care and Advice Service was asked to help")).to_be_visible()
    assert faults_of(page) == []
    theirs = visitors.visit(f"/cases/{case}")
    sign_in(theirs, site, "supervisor")
    theirs.get_by_role("button", name="Accept: we will help").click()
    expect(theirs.get_by_role("main")).to_contain_text("Accepted")
    assert faults_of(theirs) == []


def test_a_case_is_worked_with_the_keyboard_alone(visitors: Visitors, site: Site) -> None:
    """From the list into a case, a step of it, and back; where the keyboard is can always be seen."""
    case = a_case(site, "KEYS")
    page = visitors.visit(f"/cases/{case}")
    sign_in(page, site, "coordinator")
    expect(page.get_by_role("heading", level=1)).to_have_text(case)
    walk_to(page, "Begin enquiries")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Next: Make enquiries")).to_be_visible()
    walk_to(page, "Put it on hold")
    page.keyboard.press("Enter")
    box = page.locator("#try-hold")
    expect(box.get_by_label("Day")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("they")  # the reasons of a hold are chosen by their first letters
    day = a_wednesday(site)
    for typed in (day.day, day.month, day.year):
        page.keyboard.press("Tab")
        page.keyboard.type(str(typed))
    page.keyboard.press("Enter")
    expect(page.get_by_text("On hold", exact=True).first).to_be_visible()
    walk_to(page, "Cases")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")


def walk_to(page: Page, text: str, steps: int = 60) -> None:
    """Press Tab until what has this text has the focus, and see that it is shown to have it."""
    for _ in range(steps):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.textContent.trim(), s.outlineStyle, s.boxShadow, s.backgroundColor]; }"
        )
        if focused[0] == text:
            assert focused[1] != "none" or focused[2] != "none"
            return
    raise AssertionError(f"the keyboard does not come to {text!r}")


def test_a_facilitator_sees_only_what_they_were_given(visitors: Visitors, site: Site) -> None:
    case = a_case(site, "NOT-GIVEN")
    page = visitors.visit("/cases")
    sign_in(page, site, "facilitator")
    expect(page.get_by_text("There is nothing here.")).to_be_visible()
    page.goto(f"/cases/{case}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert "Paged" not in page.content()


def row_of(page: Page, key: str) -> Locator:
    """The row of a list of facts that is called so."""
    return page.locator(".govuk-summary-list__row").filter(has=page.get_by_text(key, exact=True))


def test_a_case_tells_all_that_its_referral_told(visitors: Visitors, site: Site) -> None:
    referral = a_referral(source_record_id="TOLD-ALL")
    referral["parties"][0]["name"] |= {"family": "Pagedtold"}
    referral["orders"][0]["until"] = str(a_wednesday(site))
    referral["event"]["summary"] = "The first invented line.\n\nAnother one."
    page = visitors.visit(f"/cases/{take(site.hub, referral)}")
    sign_in(page, site, "coordinator")
    # What is dangerous stands where the next step does, before anything can be done.
    day = a_wednesday(site)
    until = f"bail conditions (contact forbidden) until {day.day} {day:%B %Y}"
    expect(page.locator("#next")).to_contain_text(f"Risks known or suspected: self-harm or suicide; {until}")
    for key, told in {
        "By": "Imogen Dreamt, Victim Care Officer, An Invented Agency, 01632 960131, imogen",
        "When it happened": "1 March 2026 to 2 March 2026",
        "Where": "12 Nowhere Terrace, Little Nowhere, Darlington, DL1 9ZZ",
        "Numbers": "crime CRI009999990",
        "Justice stage": "Under investigation, the court sits next on 1 September 2026",
        "Asked for": "Restorative justice",
        "Harmed person": "Ms Fable Fiction Pagedtold",
        "Known as": "Fay",
        "Vulnerable": "Isolated",
        "Enhanced rights": "Yes",
        "What they decided": "Being referred: agreed, 20 March 2026, to be asked again on 20 April 2026",
        "Mobile": "weekdays after 5pm",
        "Accepts what happened": "In full, told to An invented officer, 10 March 2026",
    }.items():
        expect(row_of(page, key)).to_contain_text(told)
    expect(row_of(page, "Mobile")).to_contain_text("Asked on 20 March 2026")
    # An account keeps its lines.
    assert page.get_by_text("Another one.").inner_text() == "The first invented line.\n\nAnother one."
    assert faults_of(page) == []


def test_what_one_referral_tells_to_be_unsafe_is_not_safe_in_another(visitors: Visitors, site: Site) -> None:
    first = a_crime("SAFE-ONE", family="Pagedunsafe")
    first["parties"][0]["contacts"] = [a_contact(value="07700 900321")]
    case = take(site.hub, first)
    second = copy.deepcopy(first)
    second["parties"][0]["contacts"] = [a_contact(value="+44 7700 900321", safe="no")]
    assert take(site.hub, second | {"source_record_id": "SAFE-TWO"}, "vip") == case
    reference = site.hub.links()["vip:SAFE-TWO"]["reference"]
    page = visitors.visit(f"/cases/{case}")
    sign_in(page, site, "coordinator")
    expect(page.get_by_text("Safe", exact=True)).to_have_count(0)
    told_safe = row_of(page, "Mobile").filter(has_text="07700 900321")
    expect(told_safe).to_contain_text(f"Told to be not safe in referral {reference}")
    # What staff found out since stands above what the referrals told.
    page.goto(f"/cases/{case}/records/safe_contact")
    page.get_by_label("No").check()
    page.get_by_label("In a few words").fill("Invented: somebody else answers.")
    page.get_by_role("button", name="Record it").click()
    warning = page.get_by_text("There is no safe way to be in contact. That was recorded on")
    expect(warning).to_contain_text("Invented: somebody else answers.")
    assert faults_of(page) == []


def test_nothing_is_chosen_beforehand_and_what_was_chosen_stays(visitors: Visitors, site: Site) -> None:
    case = a_case(site, "CHOSEN")
    page = visitors.visit(f"/cases/{case}")
    sign_in(page, site, "coordinator")
    # Pressed by mistake, nothing of this is sent away, ended or told to anybody.
    for summary, place, told in (
        ("Close it", "#try-close", "Choose how it ended"),
        ("Offer it to another service", "#try-transfer", "Say to which team or service it is offered"),
        ("Send it back to the referrer", "#try-send_back", "Choose the reason"),
        ("Ask another team to help", "#ask-help", "Say to which team or service it is offered"),
    ):
        page.locator("summary").get_by_text(summary, exact=True).click()
        page.locator(place).get_by_role("button").click()
        fault = page.get_by_role("alert").get_by_role("link", name=told)
        fault.click()
        assert page.evaluate("document.activeElement.tagName") == "SELECT", summary
        expect(page.locator(place)).to_contain_text(told)
        assert faults_of(page) == []
    # One thing that is wrong changes nothing of the rest.
    page.goto(f"/cases/{case}")
    page.get_by_text("Put it on hold").first.click()
    page.get_by_label("Why", exact=True).select_option("H-HEALTH")
    page.locator("#try-hold").get_by_label("Day").fill("31")
    page.locator("#try-hold").get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a later day, within a year")
    expect(page.get_by_label("Why", exact=True)).to_have_value("H-HEALTH")
    expect(page.locator("#try-hold").get_by_label("Day")).to_have_value("31")
    assert faults_of(page) == []


def test_a_record_s_form_says_who_is_meant_and_what_is_wrong(visitors: Visitors, site: Site) -> None:
    case = take(site.hub, a_crime("WHOMEANT", family="Pagedmeant"))
    page = visitors.visit(f"/cases/{case}/records/consent")
    sign_in(page, site, "coordinator")
    side = page.get_by_label("Which side")
    expect(side).to_contain_text("Pagedmeant")
    expect(side).to_contain_text("the other side: Mythos Madeup")
    page.get_by_role("button", name="Record it").click()
    alert = page.get_by_role("alert")
    for told in ("Choose “Which side”.", "Choose “To what”.", "Choose “What they decided”."):
        expect(alert).to_contain_text(told)
    page.goto(f"/cases/{case}/records/risk")
    page.get_by_label("Yes").check()
    page.get_by_label("In a few words").fill("x" * 501)
    for part in ("Day", "Month"):
        page.get_by_label(part).fill("1")
    page.get_by_label("Year").fill(str(site.hub.clock().year + 1))
    page.get_by_role("button", name="Record it").click()
    expect(alert).to_contain_text("“In a few words” takes at most 500 characters.")
    alert.get_by_role("link", name="Enter today or an earlier day").click()
    expect(page.get_by_label("Day")).to_be_focused()
    assert faults_of(page) == []
    # Nobody knows the codes of areas by heart.
    page.goto(f"/cases/{case}/records/area")
    page.get_by_label("In which area").select_option("Darlington")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("in which area: e06000005", exact=False).first).to_be_visible()


def test_whoever_rings_about_a_referral_is_found_by_it(visitors: Visitors, site: Site) -> None:
    case = a_case(site, "RINGS")
    reference = site.hub.links()["vcas:RINGS"]["reference"]
    page = visitors.visit("/cases")
    sign_in(page, site, "coordinator")
    page.get_by_label("Find a case by its reference").fill(reference.lower())
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(case)


@pytest.mark.parametrize(("width", "scripts"), [(NARROW, True), (WIDE, True), (NARROW, False)])
def test_whoever_rings_is_found_by_what_they_say_of_themselves(
    visitors: Visitors, site: Site, width: int, *, scripts: bool
) -> None:
    account = a_crime("WHO-RINGS", family="Pagedrings", given="Ottoline", phone="07700 900731")
    case = take(site.hub, account)
    page = visitors.visit("/cases", width=width, scripts=scripts)
    sign_in(page, site, "coordinator")
    page.get_by_role("link", name="Find somebody by their name, date of birth or telephone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find somebody")
    look(page, f"people-{width}-{scripts}")
    assert not scripts or faults_of(page) == []
    page.get_by_label("Family name").fill("Pagedrings")
    page.get_by_label("Email address").fill("ottoline")
    page.get_by_label("Year").fill("1986")
    page.get_by_role("button", name="Find").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Enter a day that there is")
    assert not scripts or faults_of(page) == []
    alert.get_by_role("link", name="Enter an email address").click()
    expect(page.get_by_label("Email address")).to_be_focused()
    page.get_by_label("Email address").fill("")
    page.get_by_label("Year").fill("")
    page.get_by_label("Given name").fill("Otoline")
    page.get_by_role("button", name="Find").click()
    row = page.get_by_role("row").filter(has_text=case)
    expect(row).to_contain_text("the given name is written nearly so, the family name is the same")
    assert page.url.endswith("/cases/people")
    expect(page).to_have_title("Find somebody \N{EN DASH} Referral Hub")
    look(page, f"people-found-{width}-{scripts}")
    assert not scripts or faults_of(page) == []
    page.get_by_label("Family name").fill("Nobodysname")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="Nobody like this is in a case that you may see")).to_be_visible()
    assert not scripts or faults_of(page) == []
    # With the keyboard alone, from what is typed to the case.
    page.get_by_label("Telephone number").fill("07700900731")
    page.get_by_label("Telephone number").press("Enter")
    page.get_by_role("link", name=case).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(case)


def test_of_one_day_the_urgent_cases_come_first_also_over_pages(visitors: Visitors, site: Site) -> None:
    cases = [a_case(site, f"SAME-DAY-{number}") for number in range(3)]
    for case in cases:
        due_on(site, case, 300)
    urgent = cases[-1]
    room = site.hub.rooms["triage"]
    with room.unit() as unit:
        case_id = find_case_id(unit.connection, urgent)
        assert case_id is not None
        kept = Lives.of(unit).find(case_id)
        assert kept is not None
        Lives.of(unit).change(case_id, replace(kept, urgent=True))
    page = visitors.visit("/cases?show=open")
    sign_in(page, site, "coordinator")
    listed = page.get_by_role("table").last.get_by_role("rowheader").all_inner_texts()
    there = [case for text in listed for case in cases if case in text]
    assert there[0] == urgent
    assert sorted(there) == sorted(cases)
    bearer = {"Authorization": f"Bearer {site.hub.token_of('coordinator')}"}
    found, more = [], ""
    while True:
        answer = site.hub.front.get(f"/v1/cases?limit=1{more}", headers=bearer).get_json()
        found += [one["case"] for one in answer["cases"]]
        if answer["next_cursor"] is None:
            break
        more = f"&cursor={answer['next_cursor']}"
    assert len(found) == len(set(found))
    assert [case for case in found if case in cases] == there


def test_a_form_that_is_sent_signed_out_says_that_it_was_not_kept(visitors: Visitors, site: Site) -> None:
    case = a_case(site, "SIGNED-OUT")
    page = visitors.visit(f"/cases/{case}")
    sign_in(page, site, "coordinator")
    page.context.clear_cookies()
    page.get_by_role("button", name="Begin enquiries").click()
    expect(page.get_by_text("What you sent was not kept: sign in, and do it again.")).to_be_visible()
    assert faults_of(page) == []
    sign_in(page, site, "coordinator")
    expect(page.get_by_role("heading", level=1)).to_have_text(case)


def test_what_is_sent_twice_is_recorded_once_and_nobody_writes_over_somebody_else(
    visitors: Visitors, site: Site
) -> None:
    case = a_case(site, "TWICE")
    address = f"/cases/{case}/records/court"
    page, second, third = (visitors.visit(address) for _ in range(3))
    for one, role in ((page, "coordinator"), (second, "coordinator"), (third, "supervisor")):
        sign_in(one, site, role)
        one.get_by_label("Where the court is").select_option("sentenced" if one is third else "charged")
    # The same form is sent again, as by a second press while the first is on its way.
    for one in (page, second):
        one.get_by_role("button", name="Record it").click()
        expect(one.get_by_role("heading", level=1)).to_have_text(case)
    expect(second.get_by_text("where the court is: charged")).to_have_count(1)
    third.get_by_role("button", name="Record it").click()
    told = "coordinator@referral-hub.example has recorded the same kind of thing meanwhile."
    expect(third.get_by_role("alert")).to_contain_text(told)
    # What was chosen is still there; whoever has looked may record it.
    third.get_by_role("button", name="Record it").click()
    expect(third.get_by_text("where the court is: sentenced")).to_have_count(1)


def test_what_was_said_of_needs_is_not_lost(visitors: Visitors, site: Site) -> None:
    case = a_case(site, "NEEDS-LOST")
    page = visitors.visit(f"/cases/{case}/needs/0")
    sign_in(page, site, "coordinator")
    page.get_by_role("button", name="Record it").click()
    page.get_by_role("alert").get_by_role("link", name="Say whether the next point may see this.").click()
    expect(page.get_by_label("Yes, they agreed")).to_be_focused()
    page.get_by_label("Yes, they agreed").check()
    page.get_by_role("button", name="Record it").click()
    page.get_by_role("alert").get_by_role("link", name="Choose how great at least one need is").click()
    expect(page.get_by_label("Mental and physical health", exact=True)).to_be_focused()
    assert faults_of(page) == []
    # Words without a level were left out, and nobody was told.
    page.get_by_label("In a few words: Finance and benefits").fill("Invented: the rent.")
    page.get_by_role("button", name="Record it").click()
    page.get_by_role("alert").get_by_role("link", name="Finance and benefits").click()
    expect(page.get_by_label("Finance and benefits", exact=True)).to_be_focused()
    page.get_by_label("Finance and benefits", exact=True).select_option("3")
    assert faults_of(page) == []
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("Finance and benefits 3 of 5 (Invented: the rent.)")).to_be_visible()


def test_on_paper_there_is_what_can_be_read_and_nothing_that_is_pressed(
    visitors: Visitors, site: Site
) -> None:
    page = visitors.visit(f"/cases/{a_case(site, 'ON-PAPER')}")
    sign_in(page, site, "coordinator")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="What happened, and who is in it")).to_be_visible()
    for pressed in ("Begin enquiries", "Sign out", "Put it on hold", "Cases"):
        expect(page.get_by_text(pressed, exact=True).first).not_to_be_visible()
    link = page.get_by_role("link", name="needs and wishes for").first
    after = "one => getComputedStyle(one, '::after').content"
    assert link.evaluate(after) == "none"


def test_the_longest_name_fits_a_phone(visitors: Visitors, site: Site) -> None:
    account = a_crime("LONGEST")
    account["parties"][0]["name"] = {"given": "Wolfe" * 18, "family": "Dorff" * 18}
    account["event"]["summary"] = "y" * 400
    case = take(site.hub, account)
    page = visitors.visit(f"/cases/{case}", width=NARROW)
    sign_in(page, site, "coordinator")
    assert faults_of(page) == []
    page.goto(f"/cases/{case}/needs/0")
    assert faults_of(page) == []


def test_what_is_taken_back_makes_nothing_safe(visitors: Visitors, site: Site) -> None:
    account = a_crime("TAKEN-BACK", family="Zzyxpaged")
    account["parties"][0]["contacts"] = [a_contact(value="07700 900654")]
    case = take(site.hub, account)
    reference = site.hub.links()["vcas:TAKEN-BACK"]["reference"]
    site.hub.front.post(
        f"/v1/referrals/{reference}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {site.hub.key_of('vcas')}"},
    )
    site.hub.settle()
    page = visitors.visit(f"/cases/{case}")
    sign_in(page, site, "coordinator")
    expect(page.get_by_text("Whoever referred has taken this back")).to_be_visible()
    expect(row_of(page, "Mobile")).to_contain_text("Not known to be safe")
    assert faults_of(page) == []
