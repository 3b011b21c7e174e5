"""Teams travel as Open Referral UK, and come back the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import hub as command
from services.triage.read_teams import BadTeams, read_teams
from shared.directory import DEFAULT, Directory

A, B, C = "a@hub.example", "b@hub.example", "c@hub.example"


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
