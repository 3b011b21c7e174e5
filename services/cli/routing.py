"""The commands `hub routing …`: check a routing table, and try it on the last cases."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.furnish import furnished_room
from services.triage.cases.api import table_of
from services.triage.cases.try_table import try_table
from services.triage.domain.routing.checking import check as check_table
from services.triage.read_tables import SHIPPED, read_routing
from services.triage.read_teams import read_teams
from shared.directory import Directory
from shared.settings import Settings

if TYPE_CHECKING:
    from services.triage.domain.teams.assigning import Teams

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def routing() -> None:
    """The routing table: which team a case goes to (docs/routing.md)."""


@routing.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--all", "everything", is_flag=True, help="Tell every remark, not the first ten.")
def check(file: Path | None, everything: bool) -> None:  # noqa: FBT001
    """Check the routing table FILE, or the one that comes with the hub; tell overlaps and gaps."""
    settings = Settings.read()
    directory = Directory.read(settings.directory)
    source = file or Path(settings.routing or SHIPPED)
    table = read_routing(source.read_bytes(), directory)
    areas = _served(read_teams(settings.teams, directory))
    found = list(check_table(table, areas))
    for finding in found if everything else found[:10]:
        click.echo(finding.told)
    click.echo(
        f"{source} can be used: version {table.version}, {len(table.rows)} rows, {len(table.gates)} gates, "
        f"{len(found)} remarks."
    )


@routing.command()
@click.argument("file", type=_FILE)
@click.option("--last", default=1000, show_default=True, help="How many of the last cases.")
def trial(file: Path, last: int) -> None:
    """Try the routing table FILE on the last cases: which of them would go elsewhere. Nothing is changed."""
    room = furnished_room("triage")
    table = read_routing(file.read_bytes(), room.directory)
    began = time.monotonic()
    with (
        room.database.snapshot() as connection,
        click.progressbar(length=last, label="Trying", file=sys.stderr, show_pos=True) as bar,
    ):
        tried = try_table(table, _served(table_of(room).teams), last, connection, room.keys.rest, bar.update)
    for (was, would), count in tried.ways.most_common():
        click.echo(f"{count:8d} from {was} to {would}")
    for change in tried.changes[:20]:
        click.echo(f"{change.case}: {change.was} → {change.would} (row {change.row}: {change.why})")
    click.echo(
        f"{tried.elsewhere} of {tried.cases} cases would go elsewhere. "
        f"Tried in {time.monotonic() - began:.1f} seconds."
    )


def _served(teams: Teams) -> set[str]:
    """Every area that some team serves."""
    return {area for work in teams.work.values() for area in work.areas}
