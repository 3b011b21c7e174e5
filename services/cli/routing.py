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
from services.triage.read_routing import BadRouting, read_routing
from services.triage.read_tables import SHIPPED, land_of, read_areas
from services.triage.read_teams import read_teams
from shared.directory import Directory
from shared.settings import Settings

if TYPE_CHECKING:
    from services.triage.domain.routing.checking import Land
    from services.triage.domain.routing.table import RoutingTable

_FEW = 10
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
    land = land_of(read_areas(), read_teams(settings.teams, directory))
    table = _read(source, directory, land)
    found = list(check_table(table, land))
    for finding in found if everything else found[:_FEW]:
        click.echo(f"Remark: {finding.told}")
    if not everything and len(found) > _FEW:
        click.echo(f"{len(found) - _FEW} more with --all.")
    click.echo(
        f"{source} can be used: version {table.version}, {len(table.rows)} rows, {len(table.gates)} gates, "
        f"{len(found)} remarks."
    )


@routing.command()
@click.argument("file", type=_FILE)
@click.option(
    "--last",
    default=1000,
    type=click.IntRange(1, 1_000_000),
    show_default=True,
    help="How many of the last cases.",
)
def trial(file: Path, last: int) -> None:
    """Try the routing table FILE on the last cases: which of them would go elsewhere. Nothing is changed."""
    room = furnished_room("triage")
    own = table_of(room)
    land = land_of(own.areas, own.teams)
    table = _read(file, room.directory, land)
    began = time.monotonic()
    with (
        room.database.snapshot() as connection,
        click.progressbar(length=last, label="Trying", file=sys.stderr, show_pos=True) as bar,
    ):
        tried = try_table(table, land, last, connection, room.keys.rest, bar.update)
    for (was, would), count in tried.ways.most_common():
        click.echo(f"{count:8d} from {was} to {would}")
    for change in tried.changes[:20]:
        click.echo(f"{change.case}: {change.was} → {change.would} (row {change.row}: {change.why})")
    click.echo(
        f"{tried.elsewhere} of {tried.cases} cases would go elsewhere. "
        f"Tried in {time.monotonic() - began:.1f} seconds."
    )


def _read(file: Path, directory: Directory, land: Land) -> RoutingTable:
    """The table in a file; every fault on a line of its own when it cannot be used."""
    try:
        return read_routing(file.read_bytes(), directory, land)
    except BadRouting as bad:
        for fault in bad.errors:
            click.echo(f"Fault: {fault.detail}", err=True)
        count = f"{len(bad.errors)} fault{'s' if len(bad.errors) > 1 else ''}"
        raise click.ClickException(f"{file} cannot be used: {count}.") from None
