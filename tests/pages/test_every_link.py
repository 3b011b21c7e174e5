"""Whoever signs in can follow every link that they are shown, on a hub in which all sorts of things wait."""

from __future__ import annotations

import html
import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.doors import doors_of
from shared.web import SIGN_IN, STAFF
from tests.support.builders import an_account
from tests.support.houses import Hub, embedded_hub
from tests.triage.cases.doing import a_crime, allocate, take

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "labelled-referrals.ndjson"
_MOST_PAGES = 2000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A week of referrals, a case with facilitators, and a question between the cases of two teams."""
    hub = embedded_hub(tmp_path_factory.mktemp("links") / "home")
    for line in EXAMPLES.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        hub.take(told["referral"], told["agency"])
    hub.take(an_account("FIRST", on="2026-03-01"))
    hub.take(an_account("MAYBE", on="2026-03-10", services_wanted=["victim_support"]), "vip")
    allocate(hub, take(hub, a_crime("WHOLE", family="Thistlewood", given="Araminta", on="2025-06-01")))
    yield hub
    hub.close()


@pytest.mark.parametrize("role", STAFF)
def test_every_link_that_somebody_is_shown_leads_to_a_page_of_theirs(hub: Hub, role: str) -> None:
    bearer = {"Authorization": f"Bearer {hub.token_of(role)}", "Accept": "text/html"}
    begin, wrong = [SIGN_IN, *(door.path for door in doors_of(role))], []
    known, waiting = set(begin), deque(begin)
    while waiting:
        address = waiting.popleft()
        answer = hub.front.get(address, headers=bearer)
        if answer.status_code != 200:
            wrong.append(f"{address}: {answer.status_code}")
        if not answer.content_type.startswith("text/html"):
            continue
        names = re.findall(r'\sid="([^"]+)"', answer.text)
        wrong += [f"{address}: two are #{name}" for name, count in Counter(names).items() if count > 1]
        for link in map(html.unescape, re.findall(r'<a [^>]*href="([^"]+)"', answer.text)):
            page, _, place = link.partition("#")
            if place and not page and place not in names:
                wrong.append(f"{address}: nothing is #{place}")
            if page.startswith("/") and page not in known:
                known.add(page)
                waiting.append(page)
        assert len(known) < _MOST_PAGES
    assert wrong == []
    if role == "coordinator":
        kinds = Counter(address.split("/")[1].partition("?")[0] for address in known)
        assert min(kinds["cases"], kinds["reviews"], kinds["alerts"]) > 1


@pytest.mark.parametrize("role", STAFF)
def test_every_page_names_the_others_and_says_which_it_is(hub: Hub, role: str) -> None:
    doors = doors_of(role)
    bearer = {"Authorization": f"Bearer {hub.token_of(role)}", "Accept": "text/html"}
    for here in doors:
        if here.path == "/v1/docs":  # which knows nobody
            continue
        drawn = hub.front.get(here.path, headers=bearer).text
        (named,) = re.findall(r'<nav aria-label="Your pages".*?</nav>', drawn, re.DOTALL) or [""]
        if len(doors) == 1:
            assert named == ""
            continue
        assert re.findall(r'href="([^"]+)"', named) == [door.path for door in doors]
        assert re.findall(r'href="([^"]+)" aria-current="page"', named) == [here.path]


def test_a_page_below_another_says_below_which(hub: Hub) -> None:
    bearer = {"Authorization": f"Bearer {hub.token_of('coordinator')}", "Accept": "text/html"}
    case = next(iter(hub.links().values()))["case"]
    drawn = hub.front.get(f"/cases/{case}", headers=bearer).text
    assert re.findall(r'href="([^"]+)" aria-current="true"', drawn) == ["/cases"]
