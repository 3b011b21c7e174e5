"""A case is given to whoever has the most room and may have it; teams travel as Open Referral UK."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import hub as command
from services.triage.domain.teams.assigning import Member, choose
from services.triage.read_teams import BadTeams, read_teams
from shared.directory import DEFAULT, Directory
from tests.support.houses import Hub, infrastructure, make_hub, place
from tests.triage.cases.doing import a_crime, take, whole

__all__ = ["infrastructure", "make_hub", "place"]

TODAY = dt.date(2026, 3, 24)
A, B, C = "a@hub.example", "b@hub.example", "c@hub.example"


@pytest.mark.parametrize(
    ("members", "loads", "how", "chosen"),
    [
        ([Member(A), Member(B)], {A: 2, B: 1}, {}, B),
        ([Member(A), Member(B)], {}, {}, A),
        ([Member(A, room=10), Member(B, room=100)], {A: 2, B: 10}, {}, B),
        ([Member(A), Member(B)], {A: 0, B: 9}, {"conflicts": frozenset({A})}, B),
        ([Member(A, "foundation"), Member(B)], {A: 0, B: 9}, {"least": "intermediate"}, B),
        ([Member(A, away=((TODAY, TODAY),)), Member(B)], {A: 0, B: 9}, {}, B),
        ([Member(A, room=1), Member(B, room=1)], {A: 9, B: 8}, {}, B),
        ([Member(A)], {}, {"conflicts": frozenset({A})}, None),
        ([], {}, {}, None),
    ],
)
def test_a_case_is_given_to_whoever_has_the_most_room_and_may_have_it(
    members: list[Member], loads: dict[str, int], how: dict[str, object], chosen: str | None
) -> None:
    assert choose(members, loads, TODAY, **how) == chosen  # type: ignore[arg-type]  # as the function has them


def a_directory(folder: Path) -> Path:
    """The hub's own, with three coordinators in one team, of whom one is on leave for ever."""
    path = folder / "directory.yaml"
    text = DEFAULT.read_text(encoding="utf-8")
    more = "".join(
        f"  - {{role: coordinator, email: {email}, team: restorative_cleveland{leave}}}\n"
        for email, leave in (
            (A, ""),
            (B, ""),
            (C, ", leave: [{first: 2020-01-01, last: 2099-12-31}], cover: " + A),
        )
    )
    path.write_text(text + more, encoding="utf-8")
    return path


def test_cases_are_spread_over_those_who_are_there(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    hub = make_hub(directory=str(a_directory(tmp_path)))
    owners = [
        whole(
            hub,
            take(hub, a_crime(f"N-{n}", family=f"Spread{'abcdef'[n]}", postcode="TS1 9ZZ")),
            "supervisor",
        )["owner"]
        for n in range(6)
    ]
    assert sorted(owners) == sorted([A, B, "cleveland.coordinator@referral-hub.example"] * 2)


def run(*words: object, **environment: str) -> Result:
    return CliRunner().invoke(command, ["teams", *map(str, words)], env=environment)


def test_teams_travel_as_open_referral_uk_and_come_back_the_same(tmp_path: Path) -> None:
    directory = a_directory(tmp_path)
    own = tmp_path / "own.yaml"
    own.write_text(
        "teams:\n  restorative_cleveland:\n    takes: [crime]\n"
        "    areas: [E06000001, E06000002]\n    room: 120\n"
        f"    members: [{{email: {A}, level: intermediate, room: 30}}, {{email: {B}}}]\n",
        encoding="utf-8",
    )
    settings = {"HUB_DIRECTORY": str(directory), "HUB_TEAMS": str(own), "HUB_HOME": str(tmp_path)}
    exported, again = tmp_path / "teams.json", tmp_path / "again.yaml"
    assert run("export", exported, **settings).exit_code == 0
    page = json.loads(exported.read_text(encoding="utf-8"))
    for service in page["contents"]:
        # What the profile's schema requires of a service.
        assert service.keys() >= {"id", "name", "status", "url", "organization"}
        assert service["status"] == "active"
    (cleveland,) = [one for one in page["contents"] if one["name"] == "Restorative Cleveland"]
    assert [area["uri"].rsplit("/", 1)[1] for area in cleveland["service_areas"]] == [
        "E06000001",
        "E06000002",
    ]
    assert cleveland["service_areas"][0]["name"] == "Hartlepool"
    imported = run("import", exported, again, **settings)
    assert imported.exit_code == 0, imported.output
    read = Directory.read(str(directory))
    before, after = read_teams(str(own), read), read_teams(str(again), read)
    assert after.work == before.work


def test_what_cannot_be_placed_is_told(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.json"
    service = {
        "id": "00000000-0000-0000-0000-000000000000",
        "name": "Restorative Cleveland",
        "service_areas": [{"id": "x", "name": "Everywhere"}],
        "contacts": [{"id": "y", "email": "stranger@elsewhere.example"}],
    }
    theirs.write_text(json.dumps([service, {"name": "A service that we do not know"}]), encoding="utf-8")
    told = run("import", theirs, tmp_path / "new.yaml", HUB_HOME=str(tmp_path))
    assert told.exit_code == 0, told.output
    for part in (
        "1 service areas have no GSS code",
        "stranger@elsewhere.example is not staff",
        "do not know",
    ):
        assert part in told.output
    assert run("import", theirs, tmp_path / "new.yaml").exit_code == 1
    theirs.write_text("no json", encoding="utf-8")
    assert "is not JSON" in run("import", theirs, tmp_path / "other.yaml").output


def test_every_fault_of_a_file_of_teams_is_told(tmp_path: Path) -> None:
    path = tmp_path / "teams.yaml"
    path.write_text(
        "teams:\n  dreamt: {}\n  vip: {members: [{email: nobody@hub.example}]}\n", encoding="utf-8"
    )
    with pytest.raises(BadTeams) as refused:
        read_teams(str(path), Directory.read())
    assert "there is no team dreamt" in str(refused.value)
    assert "nobody@hub.example is not a member of staff" in str(refused.value)
    path.write_text("teams: 7\n", encoding="utf-8")
    with pytest.raises(BadTeams):
        read_teams(str(path), Directory.read())
