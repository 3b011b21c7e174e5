"""The commands `hub agencies …`: the keys of agencies' systems."""

from __future__ import annotations

import click

from services.furnish import furnished_room
from services.intake import keys_store
from services.intake.keep_agency_keys import make_key, revoke_key, tell_keys_again


@click.group()
def agencies() -> None:
    """The keys by which agencies' systems identify themselves."""


@agencies.command("add")
@click.argument("slug")
def add_agency_key(slug: str) -> None:
    """Make a new API key for agency SLUG of the directory and print it, this once."""
    room = furnished_room("intake")
    with room.unit() as unit:
        key = make_key(slug, room.directory.agencies, unit)
    click.echo(key)


@agencies.command("list")
def list_agency_keys() -> None:
    """Every key: agency, key id, when it was made, whether it is good."""
    with furnished_room("intake").database.reading() as connection:
        for agency, key_id, made_at, good in keys_store.keys_of(connection):
            click.echo(f"{agency:30} {key_id:12} {made_at:%Y-%m-%d %H:%M} {'good' if good else 'revoked'}")


@agencies.command("revoke")
@click.argument("key_id")
def revoke_agency_key(key_id: str) -> None:
    """Revoke the key with this id; it opens nothing five seconds later."""
    room = furnished_room("intake")
    with room.unit() as unit:
        revoked = revoke_key(key_id, unit)
    if not revoked:
        message = "There is no key with this id that is good; see `hub agencies list`."
        raise click.ClickException(message)
    click.echo("Revoked.")


@agencies.command("tell")
def tell_agency_keys() -> None:
    """Have the other services told of every key again, when one has lost them."""
    room = furnished_room("intake")
    with room.unit() as unit:
        told = tell_keys_again(unit)
    click.echo(f"Intake's worker tells of {told} keys.")
