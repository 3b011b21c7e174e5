"""Read the routing table and the areas from their files; refuse a table that could leave a case unrouted."""

from __future__ import annotations

from pathlib import Path

import msgspec

from services.triage.domain.routing import ANY, Row
from services.triage.send_case import Table
from shared.directory import Directory
from shared.problems import Problem

_HERE = Path(__file__).parent


class BadRouting(Problem):
    """The routing table cannot be used."""

    status = 500
    code = "bad_routing"


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    areas: list[str]
    strand: str
    team: str
    why: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: str
    rows: list[_Row]


def read_tables(path: str, directory: Directory) -> Table:
    """The table at `path`, or the one that comes with the hub; `BadRouting` with all its faults."""
    source = Path(path) if path else _HERE / "routing.yaml"
    try:
        file = msgspec.yaml.decode(source.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as error:
        message = f"{source}: {error}"
        raise BadRouting(message) from error
    rows = tuple(Row(tuple(row.areas), row.strand, row.team, row.why) for row in file.rows)
    faults = [
        f"row {number}: there is no team {row.team} in the directory"
        for number, row in enumerate(rows, 1)
        if row.team not in directory.teams
    ]
    faults += [
        f"row {number}: the strand is crime, dispute or any"
        for number, row in enumerate(rows, 1)
        if row.strand not in ("crime", "dispute", ANY)
    ]
    if not rows or ANY not in rows[-1].areas or rows[-1].strand != ANY:
        faults.append("the last row must fit every case (areas: [any], strand: any)")
    if faults:
        message = f"{source}: {'; '.join(faults)}"
        raise BadRouting(message)
    by_area = msgspec.yaml.decode((_HERE / "areas.yaml").read_bytes(), type=dict[str, list[str]])
    areas = {outward: area for area, outwards in by_area.items() for outward in outwards}
    by_themselves = frozenset(slug for slug, agency in directory.agencies.items() if agency.self_referral)
    return Table(rows, file.version, areas, by_themselves)
