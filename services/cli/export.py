"""The commands that write out: `hub export …` what the hub knows, `hub openapi` how it is spoken to."""

from __future__ import annotations

import json

import click

from services.api_reference import the_document
from services.export_links import export_links
from services.furnish import furnished_house


@click.group()
def export() -> None:
    """Write out what the hub knows, as NDJSON."""


@export.command()
def links() -> None:
    """For each agency and record number: its case, its people, and what awaits a human."""
    house = furnished_house(["intake", "triage"])
    for line in export_links(house.rooms["intake"], house.rooms["triage"]):
        click.echo(json.dumps(line))


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the whole API, as `GET /v1/openapi.json` gives it."""
    click.echo(json.dumps(the_document(), indent=1))
