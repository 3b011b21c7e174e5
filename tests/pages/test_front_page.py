"""Whoever comes without knowing where to go finds every way in."""

from __future__ import annotations

import re
from pathlib import Path

from shared.directory import DEFAULT
from tests.support.browser import Site, Visitors, faults_of
from tests.support.houses import embedded_hub


def test_whoever_comes_without_knowing_where_to_go_finds_every_way_in(visitors: Visitors, site: Site) -> None:
    page = visitors.visit("/")
    assert page.locator("h1").inner_text() == "What would you like to do?"
    assert faults_of(page) == []
    ways = page.locator("main a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert ways == ["/refer", "/refer/practitioner", "/sign-in", "/v1/docs"]
    for way in ways:
        assert site.hub.front.get(way).status_code == 200


def test_every_page_s_name_in_its_header_leads_to_a_page(site: Site) -> None:
    for address in ("/", "/refer", "/refer/practitioner", "/sign-in", "/v1/docs"):
        (first,) = re.findall(r'class="hub-header__name" href="([^"]+)"', site.hub.front.get(address).text)
        assert site.hub.front.get(first).content_type == "text/html; charset=utf-8"


def test_whoever_mistypes_an_address_reads_a_page_and_a_program_reads_a_problem(
    visitors: Visitors, site: Site
) -> None:
    page = visitors.visit("/cases-of-mine")
    assert page.locator("h1").inner_text() == "Page not found"
    assert faults_of(page) == []
    page.get_by_role("link", name="first page").click()
    assert page.locator("h1").inner_text() == "What would you like to do?"
    assert site.hub.front.get("/cases-of-mine").content_type == "application/problem+json"


def test_where_nobody_refers_themselves_no_way_leads_there(tmp_path: Path) -> None:
    directory = tmp_path / "directory.yaml"
    told = DEFAULT.read_text(encoding="utf-8").replace(", self_referral: true", "")
    directory.write_text(told, encoding="utf-8")
    hub = embedded_hub(tmp_path / "home", directory=str(directory))
    page = hub.front.get("/").text
    hub.close()
    assert 'href="/refer/practitioner"' in page
    assert 'href="/refer"' not in page
