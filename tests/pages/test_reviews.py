"""The pages of reviews: with and without scripts, on a phone and on a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.test_cases import look, sign_in
from tests.support.browser import NARROW, WIDE, Site, Visitors, faults_of
from tests.support.builders import Wire, a_contact, an_account
from tests.triage.cases.doing import take

# Nobody of the one is like anybody of the other: family, given names, kind of event, year.
SCENES = {
    NARROW: ("Amberley", "Ottoline", "Zebedee", "burglary", 2026),
    WIDE: ("Brackenfell", "Peregrine", "Ignatius", "criminal_damage", 2023),
}


def a_household(record: str, family: str, given: str, on: str, kind: str) -> Wire:
    account = an_account(record, family=family, given=given, on=on, kind=kind)
    street = {"line1": f"7 {family} Row", "town": "Darlington", "postcode": "DL1 9ZZ"}
    account["parties"][0]["address"] = street
    return account


def checked(page: Page, name: str, *, scripts: bool) -> None:
    look(page, name)
    assert not scripts or faults_of(page) == []


@pytest.mark.parametrize(("width", "scripts"), [(NARROW, True), (WIDE, False)])
def test_two_records_are_compared_made_one_case_and_taken_apart_again(
    visitors: Visitors, site: Site, width: int, *, scripts: bool
) -> None:
    family, given, brother, kind, year = SCENES[width]
    first = take(site.hub, a_household(f"FIRST-{width}", family, given, f"{year}-03-01", kind))
    second = take(site.hub, a_household(f"MAYBE-{width}", family, given, f"{year}-03-10", kind), "vip")
    take(site.hub, a_household(f"BROTHER-{width}", family, brother, f"{year - 1}-01-10", "assault"), "vcas")
    page = visitors.visit("/reviews", width=width, scripts=scripts)
    sign_in(page, site, "coordinator")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reviews")
    checked(page, f"reviews-{width}", scripts=scripts)
    page.goto(f"/cases/{first}")
    expect(page.get_by_text(f"{brother} {family}").first).to_be_visible()
    expect(page.get_by_text("Same household as").first).to_be_visible()
    checked(page, f"case-household-{width}", scripts=scripts)
    page.get_by_role("link", name="It may be one with another case").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two records side by side")
    assert family not in page.title()
    expect(page.get_by_text("Different", exact=True).first).to_be_visible()
    expect(page.get_by_text("Surely the same").first).to_be_visible()
    checked(page, f"review-{width}", scripts=scripts)
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("Say whether they are one case.")
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    checked(page, f"review-faults-{width}", scripts=scripts)
    page.get_by_label("Yes: make them one case").check()
    page.get_by_label("Why", exact=True).fill("Invented: both were asked.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Said to be one case: Invented: both were asked.")).to_be_visible()
    checked(page, f"review-decided-{width}", scripts=scripts)
    site.hub.settle()
    links = site.hub.links()
    assert links[f"vip:MAYBE-{width}"]["case"] == first
    page.goto(f"/cases/{first}")
    page.get_by_role("link", name="Take referrals out of it").click()
    page.get_by_role("button", name="Take them out").click()
    expect(page.get_by_role("alert")).to_contain_text("Name at least one referral.")
    checked(page, f"separation-{width}", scripts=scripts)
    # By its reference alone nobody knows which one it is.
    box = page.get_by_label(links[f"vip:MAYBE-{width}"]["reference"])
    told = f"{given} {family}: {kind.replace('_', ' ')} on 10 March {year}"
    expect(box).to_have_accessible_description(told)
    box.check()
    page.get_by_label("Why", exact=True).fill("Invented: another burglary.")
    page.get_by_role("button", name="Take them out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    expect(page.get_by_text("Referrals were set apart from it").first).to_be_visible()
    site.hub.settle()
    assert site.hub.links()[f"vip:MAYBE-{width}"]["case"] == second


def test_what_is_written_otherwise_is_not_marked_as_different(visitors: Visitors, site: Site) -> None:
    first = a_household("WRITTEN-ONE", "Cattermole", "Perpetua", "2024-03-01", "theft")
    second = a_household("WRITTEN-TWO", "Cattermole", "Perpetua", "2024-03-10", "theft")
    for account, title, number in ((first, "Ms", "07700 900456"), (second, "Mrs", "+44 7700 900456")):
        account["parties"][0]["name"] |= {"title": title}
        account["parties"][0]["contacts"] = [a_contact(value=number)]
    second["parties"][0]["contacts"].append(a_contact(channel="email", value="perpetua@mail.example"))
    case = take(site.hub, first)
    take(site.hub, second, "vip")
    page = visitors.visit(f"/cases/{case}")
    sign_in(page, site, "coordinator")
    page.get_by_role("link", name="It may be one with another case").first.click()
    person = page.get_by_role("table", name="Person 1", exact=True)
    for field, told in (("Name", "Same"), ("Home", "Same"), ("How to reach them", "Partly the same")):
        row = person.get_by_role("row").filter(has=page.get_by_role("rowheader", name=field, exact=True))
        expect(row.get_by_role("cell").last).to_have_text(told)
    # Two agencies never tell a story alike: that is not drawn as a warning.
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Who referred"))
    expect(row.locator(".govuk-tag--grey")).to_have_text("Different")
    assert faults_of(page) == []
