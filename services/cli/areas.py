"""The commands `hub areas …`: load the published lists of postcodes, and ask where an address lies."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from services.furnish import furnished_room
from services.triage.areas.load_areas import load_areas
from services.triage.areas.store import Places
from services.triage.read_tables import read_areas
from shared.contracts.referral import Address

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def areas() -> None:
    """In which local authority and police area people live (docs/routing.md)."""


@areas.command()
@click.argument("file", type=_FILE)
@click.option("--edition", help="What to call this edition. [the name of the file]")
def load(file: Path, edition: str | None) -> None:
    """Load FILE, the ONS Postcode Directory (ONSPD) or the UPRN Lookup (NSUL), as CSV."""
    room = furnished_room("triage")
    with click.progressbar(length=file.stat().st_size, label="Loading", file=sys.stderr) as bar:
        loaded = load_areas(file, (edition or file.stem)[:20], room.database, bar.update)
    known = read_areas().authorities
    click.echo(f"{loaded.rows} {loaded.what} are known; {loaded.passed_over} rows were passed over.")
    if loaded.forgotten:
        click.echo(f"{loaded.forgotten} that this edition does not have were forgotten.")
    for code, count in sorted(loaded.by_area.items(), key=lambda pair: -pair[1])[:20]:
        click.echo(f"{count:9d} in {known[code].name if code in known else code}")


@areas.command()
@click.argument("postcode")
def show(postcode: str) -> None:
    """Tell where POSTCODE lies, or between which areas nobody can tell without all of it."""
    room, known = furnished_room("triage"), read_areas()
    with room.unit() as unit:
        place = Places.of(unit).place_of(Address(postcode=postcode), known)

    def named(code: str) -> str:
        return f"{code} {known.authorities[code].name}" if code in known.authorities else code

    if place.area is not None:
        click.echo(f"{named(place.area)}, police area {place.police or 'not known'}.")
    elif place.possible:
        click.echo(f"One of {', '.join(map(named, place.possible))}: ask for the whole postcode.")
    else:
        click.echo("Not known.")
