"""A real browser that visits a real hub: pages are looked at as a person would meet them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, sync_playwright

from services.wsgi import Front
from shared.pages import PACKAGES
from tests.support.houses import Hub, embedded_hub
from tests.support.ports import free_port
from tests.support.web_server import waiting_on

# The narrowest screen that a page must fit without being moved sideways (WCAG 2.2, 1.4.10), and a usual one.
NARROW, WIDE = 320, 1280
_HEIGHT = 900
_SLOWEST_MS = 60_000
_AXE = PACKAGES / "axe-core" / "axe.min.js"
_PAGES_THAT_MAY_COME_BETWEEN = 3
# The level that public pages are held to, and what axe knows beyond it.
_HELD_TO = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def find_programs() -> Path | None:
    """Where Chromium is; best the one that has no windows at all, which costs half as much to run."""
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    return None


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium without a window; each visitor gets a profile of their own in it."""
    program = find_programs()
    assert program, "there is no Chromium: python -m tests.support.install_servers"
    with sync_playwright() as playwright:
        yield _start(playwright, program)


def _start(playwright: Playwright, program: Path) -> Browser:
    # A container has no user namespaces for its sandbox, and little shared memory.
    # It asks nobody else for anything, not for updates of itself either.
    arguments = [
        *("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update"),
    ]
    return playwright.chromium.launch(executable_path=str(program), args=arguments)


@dataclass
class Site:
    """A hub at rest that answers real HTTP."""

    hub: Hub
    url: str


@contextmanager
def a_site(home: Path) -> Iterator[Site]:
    """A hub of its own, served on a free port of the loopback address; `hub.settle()` moves it."""
    port = free_port()
    url = f"http://localhost:{port}"
    hub = embedded_hub(home, public_url=url)
    with waiting_on(Front(hub.rooms, hub.house.broker), port, threads=4):
        yield Site(hub, url)
    hub.close()


@dataclass
class Visitors:
    """People with browsers of their own, who share nothing: no cookie, no storage."""

    browser: Browser
    site: Site
    _contexts: list[BrowserContext] = field(default_factory=list)

    def visit(self, path: str, *, width: int = WIDE, scripts: bool = True) -> Page:
        """Somebody new opens this address."""
        context = self.browser.new_context(
            base_url=self.site.url,
            viewport={"width": width, "height": _HEIGHT},
            java_script_enabled=scripts,
            locale="en-GB",
        )
        context.set_default_timeout(_SLOWEST_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    def leave(self) -> None:
        """Close every window."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page for people who see, hear or move otherwise; needs scripts to be on.

    What axe finds, and whether the page has to be moved sideways to be read; on a phone and at a desk.
    """
    shown = page.viewport_size
    assert shown
    for _ in range(_PAGES_THAT_MAY_COME_BETWEEN):
        try:
            page.evaluate("window.isLookedAt = true")
            faults = _faults_on_every_screen(page)
        except Error:
            # A click is over before the page that it leads to is there, so that one may come in the middle.
            page.wait_for_load_state()
            if page.evaluate("window.isLookedAt"):
                raise
        else:
            page.set_viewport_size(shown)
            return faults
    message = f"{page.url} is left again and again"
    raise AssertionError(message)


def _faults_on_every_screen(page: Page) -> list[str]:
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    faults = []
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        faults += [f"{page.url} at {width}: {fault}" for fault in _faults_as_shown(page)]
    return faults


def press_until(page: Page, key: str, place: str) -> None:
    """Press a key again and again until the focus is there."""
    for _ in range(40):
        page.keyboard.press(key)
        if page.evaluate("place => document.activeElement.matches(place)", place):
            return
    message = f"{key} never leads to {place}"
    raise AssertionError(message)


def _faults_as_shown(page: Page) -> Iterator[str]:
    found: dict[str, Any] = page.evaluate(
        "options => axe.run(document, options)",
        {
            "runOnly": {"type": "tag", "values": _HELD_TO},
            "resultTypes": ["violations"],
            # Nothing here is hidden in a style sheet of somebody else's.
            "preload": False,
        },
    )
    for violation in found["violations"]:
        yield f"{violation['id']}: {violation['help']} {[node['html'] for node in violation['nodes']]}"
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield "wider than the screen"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole run: one room alone may take this in, for there cannot be two at once."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One hub for all tests of a module, which must not mind what the others left there."""
    with a_site(tmp_path_factory.mktemp("site") / "home") as site:
        yield site


@pytest.fixture
def visitors(browser: Browser, site: Site) -> Iterator[Visitors]:
    """Whoever visits in this test."""
    visitors = Visitors(browser, site)
    yield visitors
    visitors.leave()
