"""A commissioner reads a quarter's figures: rounded, with nothing small and nobody in them."""

from __future__ import annotations

import re
from html import unescape

import pytest

from services.triage.domain.figures import Quarter
from shared.web import STAFF
from shared.working_time import LONDON
from tests.support.builders import an_account
from tests.support.houses import BOTH, Hub

everywhere = pytest.mark.parametrize("infrastructure", BOTH, indirect=True)

FAMILIES = ("Alder", "Birch", "Cherry", "Damson", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper", "Larch")
KINDS = ("burglary",) * 8 + ("arson",) * 3


def tables_of(text: str) -> dict[str, dict[str, str]]:
    """Each table of the page, by its caption: what stands beside each name."""
    return {
        unescape(caption): {
            unescape(name): re.sub(r"<[^>]+>", "", told)
            for name, told in re.findall(
                r'<th scope="row"[^>]*>([^<]*)</th>\s*<td[^>]*>(.*?)</td>', table, re.DOTALL
            )
        }
        for caption, table in re.findall(r"<caption[^>]*>([^<]*)</caption>(.*?)</table>", text, re.DOTALL)
    }


def fill(hub: Hub) -> list[str]:
    """Eleven people who have nothing to do with one another; their cases."""
    for number, (family, kind) in enumerate(zip(FAMILIES, KINDS, strict=True)):
        hub.take(an_account(family, family=family, kind=kind, on=f"2026-0{1 + number % 9}-1{number % 7}"))
    hub.settle()
    # What two agencies tell of one case is one case, and two referrals.
    hub.take(an_account("Again", family="Alder", on="2026-01-10"), "durham_constabulary")
    hub.settle()
    links = hub.links()
    assert links["durham_constabulary:Again"]["case"] == links["vcas:Alder"]["case"]
    cases = [str(links[f"vcas:{family}"]["case"]) for family in FAMILIES]
    assert len(set(cases)) == len(FAMILIES)
    return cases


@everywhere
def test_a_quarter_is_told_in_fives_and_what_is_small_is_held_back(hub: Hub) -> None:
    fill(hub)
    answer = hub.ask("/reports", hub.token_of("commissioner"))
    assert answer.status_code == 200
    told = tables_of(answer.text)
    assert told["Referrals, by who referred"] == {
        "Durham Constabulary": "Not shown",
        "Victim Care and Advice Service": "Not shown",
        "All together": "10",
    }
    assert told["Cases, by strand"] == {"Crime": "10", "All together": "10"}
    assert told["Cases, by what happened"] == {
        "Arson": "Not shown",
        "Burglary": "Not shown",
        "All together": "10",
    }
    assert told["Cases, by area"] == {"Darlington": "10", "All together": "10"}
    assert told["Cases closed, by how they ended"] == {}
    assert "None." in answer.text
    assert not [family for family in FAMILIES if family in answer.text]


@everywhere
def test_what_was_closed_is_told_by_how_it_ended(hub: Hub) -> None:
    for case in fill(hub)[:6]:
        done = hub.front.post(
            f"/v1/cases/{case}/transitions",
            json={"transition": "close", "outcome": "C-RESOLVED-OTHERWISE"},
            headers={"Authorization": f"Bearer {hub.token_of('supervisor')}"},
        )
        assert done.status_code == 200, done.text
    hub.settle()
    told = tables_of(hub.ask("/reports", hub.token_of("commissioner")).text)
    closed = told["Cases closed, by how they ended"]
    assert closed.pop("All together") == "5"
    assert [*closed.values()] == ["5"]
    assert [*closed] != ["C-RESOLVED-OTHERWISE"]


def test_of_fewer_than_five_nothing_is_told_but_that_there_are_some(hub: Hub) -> None:
    hub.take(an_account("ALONE"))
    hub.settle()
    told = tables_of(hub.ask("/reports", hub.token_of("commissioner")).text)
    assert told.pop("Cases closed, by how they ended") == {}
    assert len(told) == 5
    assert [*told.values()] == [{"All together": "Not shown"}] * 5


def test_a_quarter_that_is_over_can_still_be_read_and_one_that_never_was_is_404(hub: Hub) -> None:
    fill(hub)
    token = hub.token_of("commissioner")
    (now,) = set(re.findall(r"<h1[^>]*>([^<]*), so far</h1>", hub.ask("/reports", token).text))
    today = hub.clock().astimezone(LONDON).date()
    hub.clock.move(days=(Quarter.of(today).next.begins - today).days)
    text = hub.ask("/reports", token).text
    quarters = re.findall(r'href="/reports\?quarter=(\d{4}-\d)"', text)
    assert len(quarters) == 2
    assert tables_of(text)["Cases, by strand"] == {}
    before = hub.ask(f"/reports?quarter={quarters[1]}", token).text
    assert f">{now}</h1>" in before
    assert tables_of(before)["Cases, by strand"] == {"Crime": "10", "All together": "10"}
    for wrong in ("1999-1", "2026-9", "", "x"):
        assert hub.ask(f"/reports?quarter={wrong}", token).status_code == 404


def test_an_empty_hub_has_a_page_too(hub: Hub) -> None:
    assert hub.ask("/reports", hub.token_of("supervisor")).text.count("None.") == 6


def test_reports_are_open_to_commissioners_and_supervisors(hub: Hub) -> None:
    answers = {role: hub.ask("/reports", hub.token_of(role)).status_code for role in STAFF}
    assert answers == {role: 200 if role in ("commissioner", "supervisor") else 403 for role in STAFF}
