"""Where people live is known from the published lists, and never guessed where they are not loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import hub as command
from tests.support.houses import Hub, hub, infrastructure, make_hub
from tests.triage.cases.doing import a_crime, post, record, take, token, whole

__all__ = ["hub", "infrastructure", "make_hub"]

# Invented rows in the shape of the directory: no such postcodes exist.
OLD = '"pcd","pcds","dointr","oslaua","pfa"\n'
NEW = "pcd7,pcd8,pcds,dointr,lad25cd,pfa23cd\n"


@pytest.fixture
def run(hub: Hub) -> Iterator[Callable[..., Result]]:
    """Type a command at this hub."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def typed(*words: object) -> Result:
        return CliRunner().invoke(command, ["areas", *map(str, words)], env=dict(hub.environment))

    yield typed
    root.handlers[:], root.level = before


def test_a_shared_outward_code_is_asked_about_until_the_directory_is_loaded(
    hub: Hub, run: Callable[..., Result], tmp_path: Path
) -> None:
    assert "ask for the whole postcode" in run("show", "DH2 9ZZ").output
    unknown = take(hub, a_crime(postcode="DH2 9ZZ"))
    told = hub.ask(f"/v1/routing/explanation?case={unknown}", token(hub, "supervisor")).get_json()
    assert told["team"] == "duty_desk"
    assert told["facts"]["possible_areas"] == ["E06000047", "E08000037"]
    directory = tmp_path / "ONSPD.csv"
    directory.write_text(
        OLD
        + '"DH2 9ZZ","DH2 9ZZ","198001","E06000047","E23000008"\n'
        + '"DH2 9ZY","DH2 9ZY","198001","E08000037","E23000007"\n'
        + '"JE2 9ZZ","JE2 9ZZ","198001","L99999999","L99999999"\n',
        encoding="utf-8",
    )
    loaded = run("load", directory)
    assert loaded.exit_code == 0, loaded.output
    assert "2 postcodes are known; 1 rows were passed over." in loaded.output
    assert "E06000047 County Durham" in run("show", "dh29zz").output
    assert take(hub, a_crime("TWO", family="Other", postcode="dh2 9zz")) != unknown
    case = take(hub, a_crime("THREE", family="Third", postcode="DH29ZZ"))
    assert (whole(hub, case)["team"], whole(hub, case)["area"]) == ("restorative_hub", "E06000047")
    gateshead = take(hub, a_crime("FOUR", family="Fourth", postcode="DH2 9ZY"))
    assert whole(hub, gateshead, "supervisor")["team"] == "duty_desk"


def test_a_newer_edition_takes_the_place_of_the_older_one(
    hub: Hub, run: Callable[..., Result], tmp_path: Path
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(
        OLD
        + '"TS2 9ZZ","TS2 9ZZ","198001","E06000002","E23000013"\n"TS2 9ZY","TS2 9ZY","198001","E06000002",\n',
        encoding="utf-8",
    )
    second.write_text(NEW + "TS2 9ZZ,TS2  9ZZ,TS2 9ZZ,198001,E06000004,E23000013\n", encoding="utf-8")
    assert run("load", first).exit_code == 0
    assert "E06000002 Middlesbrough, police area E23000013" in run("show", "TS2 9ZY").output
    loaded = run("load", second)
    assert "1 that this edition does not have were forgotten." in loaded.output
    assert "E06000004" in run("show", "TS2 9ZZ").output
    assert "ask for the whole postcode" in run("show", "TS2 9ZY").output


def test_a_property_number_tells_the_area_before_any_postcode(
    hub: Hub, run: Callable[..., Result], tmp_path: Path
) -> None:
    lookup = tmp_path / "NSUL.csv"
    lookup.write_text("GRIDGB1E,UPRN,PCDS,LAD23CD\n1,990000000012,DL1 9ZZ,E06000047\n", encoding="utf-8")
    assert "1 property numbers are known" in run("load", lookup).output
    account = a_crime(postcode="TS1 9ZZ")
    account["parties"][0]["address"]["uprn"] = "990000000012"
    case = take(hub, account)
    assert (whole(hub, case)["area"], whole(hub, case)["team"]) == ("E06000047", "restorative_hub")


def test_a_file_that_is_no_such_list_is_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("name,town\nx,y\n", encoding="utf-8")
    refused = run("load", other)
    assert refused.exit_code == 1
    assert "column of postcodes" in refused.output


@pytest.mark.parametrize("postcode", ["DH2 9ZZ", None])
def test_whoever_has_asked_where_they_live_sends_the_case_where_it_belongs(
    hub: Hub, postcode: str | None
) -> None:
    receipt = hub.take(a_crime(postcode=postcode))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    before = whole(hub, case, "supervisor")
    assert before["team"] == "duty_desk"
    assert before["state"] == ("triage" if postcode else "returned")
    wrong = post(
        hub, f"/v1/cases/{case}/records", {"kind": "area", "says": {"value": "Durham"}}, "supervisor"
    )
    assert wrong.status_code == 422
    placed = record(hub, case, "area", "supervisor", value="E06000047")
    assert (placed["team"], placed["state"], placed["lacks"]) == ("restorative_hub", "triage", [])
    assert placed["owner"] == "coordinator@referral-hub.example"
    assert "ask_area" not in placed["gates"]
    hub.settle()
    assert hub.status_of(receipt) == "allocated"
    assert ("released", "restorative_hub") in [(alert["kind"], alert["team"]) for alert in hub.alerts()]


def test_a_case_that_is_placed_is_told_to_its_team_once_however_many_referrals_it_has(hub: Hub) -> None:
    shared = ("CRI009999990",)
    receipts = [
        (hub.take(a_crime(record_id, postcode=None, references=shared), agency), agency)
        for record_id, agency in (("ONE", "vcas"), ("TWO", "vip"))
    ]
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    assert hub.links()["vip:TWO"]["case"] == case
    record(hub, case, "area", "supervisor", value="E06000047")
    hub.settle()
    assert [hub.status_of(receipt, agency) for receipt, agency in receipts] == ["allocated", "allocated"]
    assert [alert["kind"] for alert in hub.alerts()].count("released") == 1


def test_what_is_still_missing_is_waited_for_and_the_area_is_not_asked_again(hub: Hub) -> None:
    account = a_crime(postcode=None)
    account["parties"][0]["contacts"][0]["safe"] = "unknown"
    case = take(hub, account)
    told = record(hub, case, "area", "supervisor", value="E06000005")
    assert (told["state"], told["lacks"]) == ("returned", ["safe_contact"])
    hub.take(a_crime(postcode=None))
    hub.settle()
    assert whole(hub, case)["team"] == "restorative_hub"
