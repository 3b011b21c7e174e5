"""Whoever comes without knowing where to go finds every way in."""

from __future__ import annotations

import re

from tests.support.browser import Site, Visitors, faults_of


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
