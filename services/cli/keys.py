"""The commands `hub keys …`: the keys that seal personal data."""

from __future__ import annotations

import click

from services.every import SERVICES
from services.furnish import furnished_house
from shared.messaging.parking import sealed_messages
from shared.resealing import reseal
from shared.sealing import KeyRing, KeysMissing, new_key_text, rotate_keys_file
from shared.settings import Settings

_service = click.Choice(list(SERVICES))


@click.group()
def keys() -> None:
    """The keys that seal personal data: add a newer one, then seal again what older ones sealed."""


@keys.command("new")
@click.argument("key_id")
def new_key(key_id: str) -> None:
    """Print a fresh key with this id, to put in front of HUB_SEALING_KEYS or HUB_MESSAGE_KEYS."""
    text = new_key_text(key_id)
    try:
        KeyRing.read(text)
    except KeysMissing as error:
        message = "An id is made of letters and digits, such as k2."
        raise click.BadParameter(message, param_hint="'KEY_ID'") from error
    click.echo(text)


@keys.command("rotate")
def rotate_keys() -> None:
    """Add a newer key to both rings of the embedded hub's own keys file; restart the hub afterwards."""
    for key_id in rotate_keys_file(Settings.read().home):
        click.echo(f"Added {key_id}.")
    click.echo("Restart the hub, then run `hub keys reseal`.")


@keys.command("reseal")
@click.argument("service", type=_service, required=False)
def reseal_rows(service: str | None) -> None:
    """Seal again, with the newest key, what older keys sealed; safe while the hub runs."""
    for name, room in furnished_house([service] if service else SERVICES).rooms.items():
        columns = (*room.service.sealed, sealed_messages(room.service.tables))
        click.echo(f"{name:8} {reseal(room.database, room.keys.rest, columns)} sealed again")
