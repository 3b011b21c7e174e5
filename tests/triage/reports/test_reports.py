"""A commissioner reads a quarter's figures: rounded, with nothing small and nobody in them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import update

from services.triage.domain.figures import Quarter
from services.triage.reports import store
from services.triage.reports.store import Published
from services.triage.tables import cases as cases_table
from shared.web import STAFF
from shared.working_time import LONDON
from tests.support.builders import an_account
from tests.support.houses import BOTH, Hub, StoppedClock

everywhere = pytest.mark.parametrize("infrastructure", BOTH, indirect=True)

FAMILIES = ("Alder", "Birch", "Cherry", "Damson", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper", "Larch")
EVER = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
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


def published(hub: Hub) -> str:
    """The page of the quarter in which all that happened, when it is over."""
    today = hub.clock().astimezone(LONDON).date()
    over = Quarter.of(today)
    hub.clock.move(days=(over.next.begins - today).days, hours=1)
    hub.settle()
    return page(hub, over)


def page(hub: Hub, quarter: Quarter | str) -> str:
    answer = hub.ask(f"/reports?quarter={quarter}", hub.token_of("commissioner"))
    assert answer.status_code == 200
    return answer.text


def close(hub: Hub, cases: list[str]) -> None:
    for case in cases:
        done = hub.front.post(
            f"/v1/cases/{case}/transitions",
            json={"transition": "close", "outcome": "C-RESOLVED-OTHERWISE"},
            headers={"Authorization": f"Bearer {hub.token_of('supervisor')}"},
        )
        assert done.status_code == 200, done.text
    hub.settle()


@everywhere
def test_a_quarter_is_told_in_fives_and_what_is_small_is_held_back(hub: Hub) -> None:
    fill(hub)
    text = published(hub)
    told = tables_of(text)
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
    assert "None." in text
    assert not [family for family in FAMILIES if family in text]


@everywhere
def test_of_a_quarter_that_lasts_no_kind_area_or_end_is_told_on_any_day(hub: Hub) -> None:
    close(hub, fill(hub)[:6])
    text = hub.ask("/reports", hub.token_of("commissioner")).text
    assert ", so far</h1>" in text
    assert tables_of(text) == {
        "Referrals": {"All together": "10"},
        "Cases": {"All together": "10"},
        "Cases closed": {"All together": "5"},
    }
    assert not [word for word in ("Arson", "Burglary", "Darlington", "Constabulary") if word in text]


@everywhere
def test_what_was_closed_is_told_by_how_it_ended(hub: Hub) -> None:
    close(hub, fill(hub)[:6])
    closed = tables_of(published(hub))["Cases closed, by how they ended"]
    assert closed.pop("All together") == "5"
    assert [*closed.values()] == ["5"]
    assert [*closed] != ["C-RESOLVED-OTHERWISE"]


@everywhere
def test_what_was_published_stays_whatever_is_corrected_later(hub: Hub) -> None:
    cases = fill(hub)
    before = published(hub)
    assert re.search(r"Published on 1 (January|April|July|October) 20\d\d", before)
    quarter = Quarter.of(hub.clock().astimezone(LONDON).date()).before
    # Counted anew it would be other than it was: four cases of the quarter prove to be one with another.
    with hub.rooms["triage"].database.transaction() as connection:
        of_last = cases_table.c.reference.in_(cases[-4:])
        connection.execute(update(cases_table).where(of_last).values(merged_into=UUID(int=1)))
        assert sum(store.count_opened(connection, "strand", *EVER).values()) == 7
    hub.clock.move(days=1)
    hub.settle()
    assert tables_of(page(hub, quarter)) == tables_of(before)
    assert tables_of(before)["Cases, by strand"] == {"Crime": "10", "All together": "10"}


def test_a_quarter_waits_a_little_for_what_began_before_its_end(make_hub: Callable[..., Hub]) -> None:
    """In summer time the quarter ends an hour before midnight in UTC."""
    hub = make_hub(StoppedClock(dt.datetime(2026, 6, 30, 22, 50, tzinfo=dt.UTC)))
    fill(hub)
    hub.clock.move(minutes=24)
    hub.settle()
    assert "are not published yet" in page(hub, "2026-2")
    hub.clock.move(minutes=2)
    hub.settle()
    assert tables_of(page(hub, "2026-2"))["Cases, by strand"] == {"Crime": "10", "All together": "10"}


def test_of_fewer_than_five_nothing_is_told_but_that_there_are_some(hub: Hub) -> None:
    hub.take(an_account("ALONE"))
    hub.settle()
    told = tables_of(published(hub))
    assert told.pop("Cases closed, by how they ended") == {}
    assert len(told) == 5
    assert [*told.values()] == [{"All together": "Not shown"}] * 5


def test_a_hub_may_tell_of_ten_and_more_only(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(reports_fewest="10")
    fill(hub)
    text = published(hub)
    assert "a figure below 10" in text
    told = tables_of(text)
    assert told["Cases, by strand"] == {"Crime": "10", "All together": "10"}
    assert told["Cases, by what happened"] == {
        "Arson": "Not shown",
        "Burglary": "Not shown",
        "All together": "10",
    }


def test_each_quarter_that_is_over_can_be_read_and_one_that_never_was_is_404(hub: Hub) -> None:
    fill(hub)
    token = hub.token_of("commissioner")
    (now,) = set(re.findall(r"<h1[^>]*>([^<]*), so far</h1>", hub.ask("/reports", token).text))
    today = hub.clock().astimezone(LONDON).date()
    first = Quarter.of(today)
    hub.clock.move(days=(first.next.next.begins - today).days, hours=1)
    waits = page(hub, first)
    assert "are not published yet" in waits
    assert tables_of(waits) == {}
    hub.settle()
    text = hub.ask("/reports", token).text
    assert re.findall(r'href="/reports\?quarter=(\d{4}-\d)"', text) == [
        str(one) for one in (first.next.next, first.next, first)
    ]
    assert {*map(str, tables_of(text).values())} == {"{}"}
    assert f">{now}</h1>" in page(hub, first)
    assert tables_of(page(hub, first))["Cases, by strand"] == {"Crime": "10", "All together": "10"}
    assert tables_of(page(hub, first.next))["Cases, by strand"] == {}
    for wrong in ("1999-1", "2026-9", "", "x"):
        assert hub.ask(f"/reports?quarter={wrong}", token).status_code == 404


@everywhere
def test_two_workers_publish_a_quarter_once(hub: Hub) -> None:
    quarter = Quarter(2026, 1)
    one, other = (Published(quarter, hub.clock(), fewest, []) for fewest in (5, 10))
    with hub.rooms["triage"].database.transaction() as connection:
        assert [store.publish(connection, each) for each in (one, other)] == [1, 0]
        assert store.find_published(connection, quarter) == one
        assert store.last_published(connection) == quarter


def test_an_empty_hub_has_a_page_too(hub: Hub) -> None:
    assert hub.ask("/reports", hub.token_of("supervisor")).text.count("None.") == 3


def test_reports_are_open_to_commissioners_and_supervisors(hub: Hub) -> None:
    answers = {role: hub.ask("/reports", hub.token_of(role)).status_code for role in STAFF}
    assert answers == {role: 200 if role in ("commissioner", "supervisor") else 403 for role in STAFF}
