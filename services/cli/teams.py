"""The commands `hub teams …`: the teams as Open Referral UK, written and read."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from services.triage.open_referral import as_yaml, read_services, write_services
from services.triage.read_tables import read_areas
from services.triage.read_teams import read_teams
from shared.directory import Directory
from shared.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)


@click.group()
def teams() -> None:
    """The teams of the directory as Open Referral UK (docs/teams.md)."""


@teams.command("export")
@click.argument("file", type=_NEW)
def write(file: Path) -> None:
    """Write every team into FILE as a service of Open Referral UK (HSDS 3.0)."""
    settings = Settings.read()
    directory = Directory.read(settings.directory)
    found = read_teams(settings.teams, directory)
    page = write_services(directory, found, read_areas().authorities, settings.public_url)
    file.write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"{page['total_items']} teams are in {file}.")


@teams.command("import")
@click.argument("file", type=_FILE)
@click.argument("into", type=_NEW)
def read(file: Path, into: Path) -> None:
    """Read the services in FILE, and write what they say of our teams INTO a new file for HUB_TEAMS."""
    if into.exists():
        raise click.ClickException(f"{into} is there already; give another name.")
    directory = Directory.read(Settings.read().directory)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise click.ClickException(f"{file} is not JSON in UTF-8.") from None
    imported = read_services(document, directory)
    for told in imported.not_placed:
        click.echo(f"Not placed: {told}", err=True)
    if not imported.work:
        raise click.ClickException("No team of the directory is in it.")
    into.write_bytes(msgspec.yaml.encode(as_yaml(imported)))
    read_teams(str(into), directory)
    click.echo(f"{len(imported.work)} teams are in {into}. Look at it, then name it in HUB_TEAMS.")
