"""What every page is drawn with: files that a browser may keep, and nothing that is GOV.UK's alone."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.pages import Assets, Pages, all_assets, asset_url
from shared.problems import NotFound
from shared.web import put_together
from tests.support.houses import Hub, embedded_hub

A_BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for all: nothing here is kept."""
    hub = embedded_hub(tmp_path_factory.mktemp("layout") / "home")
    yield hub
    hub.close()


@pytest.mark.parametrize("name", sorted(all_assets().files))
def test_a_file_of_the_pages_is_kept_for_ever_under_an_address_that_changes_with_it(
    hub: Hub, name: str
) -> None:
    answer = hub.front.get(asset_url(name), headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert gzip.decompress(answer.data) == all_assets().files[name].content
    assert "immutable" in answer.headers["Cache-Control"]
    assert hub.front.get(asset_url(name)).data == all_assets().files[name].content
    other = hub.front.get(f"/assets/0123456789ab/{name}")
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-store")


def test_every_file_that_pages_are_drawn_with_is_installed_and_another_is_not_served(hub: Hub) -> None:
    assert {"govuk-frontend.css", "govuk-frontend.js", "swagger-ui.css", "swagger-ui.js", "hub.js"} <= set(
        all_assets().files
    )
    for name in ("package.json", "..%2f..%2fkeys.json", "%00", "hub.css/x"):
        assert hub.front.get(f"/assets/{all_assets().version}/{name}").status_code == 404


def test_the_styles_have_nothing_that_belongs_to_service_gov_uk_alone() -> None:
    sheet = all_assets().files["govuk-frontend.css"].content.decode()
    assert not re.search(r"GDS Transport|@font-face|crest|/assets/", sheet)
    assert sheet.count("font-family:system-ui") > 40


def test_a_hub_without_its_front_end_packages_has_bare_pages(tmp_path: Path) -> None:
    assert Assets.read({"govuk-frontend.css": tmp_path / "nothing.css"}).files == {}


def test_a_browser_is_told_a_problem_in_a_page_and_a_program_in_json(hub: Hub) -> None:
    app = put_together(hub.rooms["intake"], "shown")
    Pages("shared").told_in(app, "/")
    page = app.test_client().get("/nowhere", headers=A_BROWSER)
    assert (page.status_code, page.content_type) == (404, "text/html; charset=utf-8")
    assert "Page not found" in page.text
    assert NotFound.title not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    (nonce,) = re.findall(r"'nonce-([^']+)'", policy)
    assert re.findall(r"<script[^>]*>(?=.)", page.text)[0] == f'<script nonce="{nonce}">'
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    for accept in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        told = app.test_client().get("/nowhere", headers=accept)
        assert told.content_type == "application/problem+json"


def test_no_page_shows_a_crown_or_names_the_government(hub: Hub) -> None:
    app = put_together(hub.rooms["intake"], "shown")
    Pages("shared").told_in(app, "/")
    page = app.test_client().get("/nowhere", headers=A_BROWSER).text
    assert not re.search(r"crown|crest|GOV\.UK|govuk-logo|govuk-icon", page, re.IGNORECASE)
