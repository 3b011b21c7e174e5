"""A routing table that could leave a case unrouted stops the start, with all its faults told."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.triage.read_tables import BadRouting, read_tables
from shared.directory import DUTY_DESK, BadDirectory, Directory

GOOD_ROW = "  - {when: {}, team: duty_desk, why: somebody has to}\n"


def written(tmp_path: Path, rows: str) -> str:
    path = tmp_path / "routing.yaml"
    path.write_text(f"version: v1\nrows:\n{rows}", encoding="utf-8")
    return str(path)


def test_the_table_that_comes_with_the_hub_can_be_used() -> None:
    table = read_tables("", Directory.read())
    assert table.version
    assert table.routing.rows[-1].when.asks == {}
    assert table.routing.rows[-1].team == DUTY_DESK
    assert {row.team for row in table.routing.rows} == set(Directory.read().teams)
    asked = [row.when.asks.get("area") for row in table.routing.rows]
    used = {area for areas in asked if isinstance(areas, frozenset) for area in areas}
    assert used <= set(table.areas.outward.values())
    # Shared outward codes are in no authority: nobody is sent to the wrong place by a guess.
    assert table.areas.outward.keys().isdisjoint(table.areas.shared)
    assert table.areas.shared.keys() >= {
        "DH2",
        "DH3",
        "DH4",
        "DH5",
        "DH8",
        "DL2",
        "DL12",
        "TS2",
        "TS21",
        "TS22",
    }
    assert {area for areas in table.areas.shared.values() for area in areas} <= set(table.areas.authorities)


def test_a_table_of_ones_own_is_read(tmp_path: Path) -> None:
    table = read_tables(written(tmp_path, GOOD_ROW), Directory.read())
    assert (table.version.split("+")[0], len(table.routing.rows)) == ("v1", 1)


def test_every_fault_of_a_table_is_told_at_once(tmp_path: Path) -> None:
    rows = (
        "  - {when: {strand: [feud]}, team: duty_desk, why: no such strand}\n"
        "  - {when: {area: [E06000047]}, team: nobody, why: no such team}\n"
        '  - {when: {mood: [bad], danger: ["yes"], area: [Durham]}, team: duty_desk, why: no such thing}\n'
    )
    with pytest.raises(BadRouting) as refused:
        read_tables(written(tmp_path, rows), Directory.read())
    told = str(refused.value)
    assert "row 1: strand is one of crime, dispute" in told
    assert "row 3: nothing is called mood" in told
    assert "row 3: danger is true or false" in told
    assert "row 3: area is a list of GSS codes" in told
    assert "row 2: there is no team nobody" in told
    assert "the last row must fit every case" in told


@pytest.mark.parametrize(
    "rows", ["", "  - {when: any}\n", GOOD_ROW.replace("why", "reason"), "  nonsense: ["]
)
def test_what_is_no_table_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(BadRouting):
        read_tables(written(tmp_path, rows), Directory.read())


def test_a_row_that_nothing_reaches_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadRouting, match="row 2 is never reached"):
        read_tables(written(tmp_path, GOOD_ROW * 2), Directory.read())


def test_two_tables_are_never_called_the_same(tmp_path: Path) -> None:
    one = read_tables(written(tmp_path, GOOD_ROW), Directory.read()).version
    two = read_tables(written(tmp_path, GOOD_ROW.replace("has", "had")), Directory.read()).version
    assert one != two


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRouting):
        read_tables(str(tmp_path / "none.yaml"), Directory.read())


def test_every_fault_of_a_directory_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "directory.yaml"
    path.write_text(
        "agencies: {Bad Slug: {name: An Invented Agency}}\n"
        "teams: {lonely: {name: Nobody works here}, hub: {name: Hub}}\n"
        "staff:\n"
        "  - {role: coordinator, email: a@hub.example, team: hub}\n"
        "  - {role: supervisor, email: a@hub.example, team: imagined}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadDirectory) as refused:
        Directory.read(str(path))
    told = str(refused.value)
    for fault in (
        f"{DUTY_DESK} is missing",
        "there is no team imagined",
        "a@hub.example is there twice",
        "lonely has neither coordinator nor supervisor",
        "a slug is lower-case",
    ):
        assert fault in told
    with pytest.raises(BadDirectory):
        Directory.read(str(tmp_path / "none.yaml"))


def test_a_team_without_a_coordinator_has_its_supervisors_told() -> None:
    directory = Directory.read()
    assert [member.role for member in directory.people_of(DUTY_DESK)] == ["supervisor"]
    assert [member.role for member in directory.people_of("restorative_hub")] == ["coordinator"]
