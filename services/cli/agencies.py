"""The commands `hub agencies …`: the keys of agencies' systems."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from services.furnish import furnished_room
from services.intake import keys_store
from services.intake.keep_agency_keys import check_agency, make_key, revoke_key, tell_keys_again
from services.intake.webhooks.endpoints_store import find_endpoint
from services.intake.webhooks.keep_webhook import remove_webhook


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
        known = keys_store.find_key(unit.connection, key_id)
        if known is None or not revoke_key(key_id, unit):
            message = "There is no key with this id that is good; see `hub agencies list`."
            raise click.ClickException(message)
        webhook = find_endpoint(unit.connection, known[0])
    click.echo("Revoked.")
    if webhook is not None:
        click.echo(
            "Whoever had it may have set where the agency's webhook goes: "
            f"see `hub agencies webhook {webhook.agency}`."
        )


@agencies.command("webhook")
@click.argument("slug")
@click.option("--remove", is_flag=True, help="Take it away: nothing is sent there any more.")
def show_webhook(slug: str, *, remove: bool) -> None:
    """To which host agency SLUG has its changes of status sent, and since when."""
    room = furnished_room("intake")
    check_agency(slug, room.directory.agencies)
    if remove:
        with room.unit() as unit:
            remove_webhook(slug, unit)
        click.echo(f"The webhook of {slug} is taken away.")
        return
    with room.database.reading() as connection:
        webhook = find_endpoint(connection, slug)
    if webhook is None:
        click.echo(f"{slug} has no webhook.")
        return
    # The address itself may hold a secret of the agency's.
    host = urlsplit(webhook.url).hostname
    click.echo(f"{slug} has one at {host} since {webhook.put_at:%Y-%m-%d %H:%M}; it is {webhook.state}.")


@agencies.command("tell")
def tell_agency_keys() -> None:
    """Have the other services told of every key again, when one has lost them."""
    room = furnished_room("intake")
    with room.unit() as unit:
        told = tell_keys_again(unit)
    click.echo(f"Intake's worker tells of {told} keys.")
