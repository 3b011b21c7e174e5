"""A routing table that could leave a case unrouted stops the start, with all its faults told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import hub as command
from services.triage.cases.kinds import faults_of
from services.triage.domain.areas import is_gss
from services.triage.read_routing import BadRouting
from services.triage.read_tables import read_tables, read_targets
from services.triage.read_teams import BadTeams, read_teams
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
    assert 'row 1: strand has no "feud". There are crime, dispute.' in told
    assert 'row 3: nothing is called "mood".' in told
    assert "row 3: danger is true or false." in told
    assert "row 3: area is a list of GSS codes" in told
    assert 'row 2: there is no team "nobody" in the directory.' in told
    assert "row 3: the last row must fit every case." in told


LAST = "  - {when: {}, team: duty_desk, why: x}\n"
ROWS = "version: v1\nrows:\n"


def a_row(when: str, more: str = "") -> str:
    return f"{ROWS}  - {{when: {when}, team: vcas, why: x{more}}}\n{LAST}"


# Each of these is a table that somebody might write, and the line that says what to do about it.
BROKEN: list[tuple[str, str | bytes, str]] = [
    ("nothing", "", "the file holds no table. Write version, rows and, if you like, gates."),
    ("a list", "- a\n- b\n", "the file holds no table."),
    ("no YAML", 'version: "x\nrows: [', "line 2, column 8: it is not YAML: found unexpected end"),
    ("brackets without end", "rows: " + "[" * 2_000, "nested far deeper than a table is."),
    ("another encoding", ROWS.encode() + b"  - {when: {}, team: duty_desk, why: caf\xe9}", "not UTF-8."),
    ("no version", f"rows:\n{LAST}", "version: a short text names the table."),
    ("a version that is a number", f"version: 3\nrows:\n{LAST}", 'Write it in quotes, such as "2026-11-29".'),
    ("no rows", "version: v1\nrows: []\n", "rows: there are none."),
    ("a word too many", f"owner: me\n{ROWS}{LAST}", 'the table: nothing is called "owner" there.'),
    (
        "no last row",
        a_row("{strand: [crime]}").removesuffix(LAST),
        "row 1: the last row must fit every case.",
    ),
    (
        "a last row that stands first",
        ROWS + LAST + LAST,
        "row 2: nothing reaches it; row 1 takes all its cases",
    ),
    (
        "rows that cover a third together",
        a_row("{tenure: [social, private_rented]}").removesuffix(LAST)
        + "  - {when: {tenure: [owner_occupier, unknown]}, team: vip, why: x}\n"
        + "  - {when: {danger: true}, team: vcas, why: x}\n"
        + LAST,
        "row 3: nothing reaches it; rows 1, 2 take all its cases before it. Move it above row 1",
    ),
    ("a team that there is none of", a_row("{}").replace("vcas", "vacs"), "Did you mean vcas?"),
    (
        "a condition misspelt",
        a_row("{strnd: [crime]}"),
        'row 1: nothing is called "strnd". Did you mean strand?',
    ),
    ("a word misspelt", a_row("{kind: [burglry]}"), 'row 1: kind has no "burglry". Did you mean burglary?'),
    ("a band of age without quotes", a_row("{responsible_age: [10_17]}"), 'quotes where need be: "10_17".'),
    ("a GSS code with a digit lost", a_row("{area: [E0600047]}"), 'or unknown; "E0600047" is none.'),
    ("a GSS code in small letters", a_row("{area: [e06000047]}"), "row 1: area is a list of GSS codes"),
    ("a name for a code", a_row("{area: [Durham]}"), '"Durham" is none.'),
    ("a word without brackets", a_row("{strand: crime}"), "Put it in brackets, such as [crime]."),
    (
        "a flag in quotes",
        a_row('{danger: "yes"}'),
        "row 1: danger is true or false. Write it without quotes.",
    ),
    ("a list of nothing", a_row("{kind: []}"), "row 1: kind names nothing, so no case fits."),
    ("a word twice", a_row("{strand: [crime, crime]}"), 'row 1: strand names "crime" twice.'),
    ("days before today", a_row("{hearing_within_days: -3}"), "is a number of days from 0 on."),
    ("no reason", a_row("{danger: true}").replace("why: x", 'why: ""'), "row 1: why is missing."),
    (
        "an urgency of one's own",
        a_row("{danger: true}", ", urgency: high"),
        "urgency is one of urgent, normal.",
    ),
    (
        "the same name twice in a row",
        f"{ROWS}  - when: {{danger: true}}\n    when: {{danger: false}}\n    team: vcas\n    why: x\n{LAST}",
        "line 4, column 5: it is not YAML: when stands there twice.",
    ),
    (
        "a day that there is none of",
        f"version: 2026-11-31\nrows:\n{LAST}",
        'line 1, column 10: it is not YAML: "2026-11-31" cannot be read; words go in quotes.',
    ),
    (
        "a number that is none",
        f"version: v1\nrows:\n  - {{when: {{calls: !!int many}}, team: vcas, why: x}}\n{LAST}",
        'line 3, column 20: it is not YAML: "many" cannot be read',
    ),
    (
        "a list as a name",
        f"version: v1\n? [a]\n: b\nrows:\n{LAST}",
        "line 2, column 3: it is not YAML: a name",
    ),
    (
        "a gate that is a list",
        f"{ROWS}{LAST}gates:\n  - {{when: {{}}, gate: [a], why: x}}\n",
        "gate 1: there",
    ),
    (
        "a gate that there is none of",
        f"{ROWS}{LAST}gates:\n  - {{when: {{danger: true}}, gate: block, why: x}}\n",
        'gate 1: there is no gate "block". Did you mean blocked?',
    ),
    (
        "a gate that no case meets",
        f"{ROWS}{LAST}gates:\n  - {{when: {{complex: false, marker: [mappa]}}, gate: youth, why: x}}\n",
        "gate 1: no case fits it; these markers make a case complex.",
    ),
    (
        "a row that contradicts itself",
        a_row("{pre_sentence: true, stage: [charged]}"),
        "row 1: no case fits it",
    ),
    (
        "an area of another police",
        a_row("{area: [E06000047], police_area: [E23000013]}"),
        "row 1: no case fits it; these areas are in another police area.",
    ),
]


@pytest.mark.parametrize(("table", "line"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_broken_table_is_refused_with_the_row_and_what_to_do(
    tmp_path: Path, table: str | bytes, line: str
) -> None:
    path = tmp_path / "table.yaml"
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    told = CliRunner().invoke(command, ["routing", "check", str(path)], env={"HUB_HOME": str(tmp_path)})
    assert told.exit_code == 1
    faults = [one for one in told.output.splitlines() if one.startswith("Fault: ")]
    assert any(line in fault for fault in faults), told.output
    assert "cannot be used" in told.output
    with pytest.raises(BadRouting):
        read_tables(str(path), Directory.read())


def test_remarks_are_told_and_the_table_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(a_row("{area: [E06000001], strand: [dispute]}"), encoding="utf-8")
    told = CliRunner().invoke(command, ["routing", "check", str(path)], env={"HUB_HOME": str(tmp_path)})
    assert told.exit_code == 0
    assert "Remark: row 1: vcas does not serve E06000001 (Hartlepool), as teams.yaml has it." in told.output
    assert "Remark: row 1: vcas does not take dispute" in told.output
    assert "Remark: row 2: nothing but this last row takes every crime in E06000001" in told.output
    shipped = CliRunner().invoke(command, ["routing", "check"], env={"HUB_HOME": str(tmp_path)})
    assert shipped.exit_code == 0
    assert "last row" not in shipped.output


@pytest.mark.parametrize(
    "rows", ["", "  - {when: any}\n", GOOD_ROW.replace("why", "reason"), "  nonsense: ["]
)
def test_what_is_no_table_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(BadRouting):
        read_tables(written(tmp_path, rows), Directory.read())


@pytest.mark.parametrize("read", [read_targets, lambda path: read_teams(path, Directory.read())])
def test_a_day_that_there_is_none_of_is_refused_in_every_file(
    tmp_path: Path, read: Callable[[str], object]
) -> None:
    path = tmp_path / "dated.yaml"
    path.write_text("editions: [{from: 2026-11-31, tasks: {otherwise: 5}}]", encoding="utf-8")
    with pytest.raises((BadRouting, BadTeams), match="day is out of range"):
        read(str(path))


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ("E06000047", True),
        ("K04000001", True),
        ("L99999999", False),
        ("e06000047", False),
        ("E0600004", False),
        ("E060000477", False),
        ("X06000047", False),
        ("E0600004\u0667", False),
        ("E06000047\n", False),
    ],
)
def test_a_gss_code_is_read_in_one_way_everywhere(tmp_path: Path, text: str, whether: bool) -> None:  # noqa: FBT001
    assert is_gss(text) == whether
    assert (not list(faults_of("area", {"value": text}))) == whether
    table = tmp_path / "table.yaml"
    row = f"  - {{when: {{area: [{json.dumps(text)}]}}, team: duty_desk, why: x}}\n"
    table.write_text(ROWS + row + LAST, encoding="utf-8")
    told = ""
    try:
        read_tables(str(table), Directory.read())
    except BadRouting as bad:
        told = str(bad)
    assert ("GSS codes" not in told) == whether


def test_a_row_that_nothing_reaches_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadRouting, match="row 2: nothing reaches it"):
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
        "  - {role: supervisor, email: a@hub.example, team: imagined}\n"
        "  - {role: coordinator, email: jö@hub.example, team: hub, cover: figures@hub.example}\n"
        "  - {role: coordinator, email: 'Sam <sam@hub.example>', team: hub}\n"
        "  - {role: commissioner, email: figures@hub.example}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadDirectory) as refused:
        Directory.read(str(path))
    told = str(refused.value)
    for fault in (
        f"{DUTY_DESK} is missing",
        "there is no team imagined",
        "a@hub.example is there twice",
        "jö@hub.example: mail goes to one address in ASCII",
        "sam <sam@hub.example>: mail goes to one address in ASCII",
        "figures@hub.example is told nothing of cases, and cannot stand in",
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
