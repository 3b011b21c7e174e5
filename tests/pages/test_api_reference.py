"""The reference of the API can be read and tried in a browser, and forgets the key that was typed into it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.browser import Site, Visitors


def open_reference(visitors: Visitors) -> tuple[Page, list[str]]:
    """The page, and whatever the browser has to complain of while it is used."""
    page, complaints = visitors.visit("about:blank"), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/v1/docs")
    return page, complaints


def test_a_developer_tries_a_call_with_a_key_that_the_page_forgets(visitors: Visitors, site: Site) -> None:
    page, complaints = open_reference(visitors)
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").first.fill(site.hub.key_of("vcas"))
    page.get_by_role("button", name="Apply credentials").first.click()
    page.get_by_role("button", name="Close").first.click()

    page.locator("#operations-Referrals-post_referral .opblock-summary-control").click()
    page.get_by_role("button", name="Execute").click()
    told = page.locator(".live-responses-table")
    expect(told.locator(".response-col_status").last).to_have_text(re.compile("^201"))
    expect(told).to_contain_text(re.compile(r"R-[0-9A-Z]{5}-[0-9A-Z]{5}"))
    listed = site.hub.ask("/v1/referrals?source_record_id=EXAMPLE-0002", site.hub.key_of("vcas")).get_json()
    assert len(listed["referrals"]) == 1

    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.context.cookies() == []
    page.reload()
    expect(page.get_by_role("button", name="authorization button unlocked").first).to_be_visible()
    assert complaints == []


def test_nothing_of_the_reference_comes_from_elsewhere_and_no_script_stands_in_the_page(
    visitors: Visitors, site: Site
) -> None:
    page = visitors.visit("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto("/v1/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert f"{site.url}/v1/openapi.json" in asked


def test_without_scripts_the_page_leads_to_the_document(visitors: Visitors) -> None:
    page = visitors.visit("/v1/docs", scripts=False)
    page.get_by_role("link", name="OpenAPI 3.1 document").click()
    assert '"openapi":"3.1.0"' in page.content().replace(" ", "")
