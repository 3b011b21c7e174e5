"""The commands `hub letters …`: mails that could not be taken whole, for the human who looks at them."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

import click

from services.furnish import furnished_room
from services.intake.mailbox.store import list_letters, mark_seen, open_letter
from shared.identity import read_reference

if TYPE_CHECKING:
    from shared.service import Room


@click.group()
def letters() -> None:
    """Mails that could not be taken whole and wait for a person."""


@letters.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were taken or have been dealt with.")
def letters_list(everything: bool) -> None:  # noqa: FBT001
    """What waits: reference, agency, what became of it; never what it says."""
    room = _intake()
    with room.database.reading() as connection:
        found = list_letters(connection, everything=everything)
    for one in found:
        click.echo(
            f"{one.reference}  {one.came_at:%Y-%m-%d %H:%M}  {one.agency or '-':28} {one.outcome:15} "
            f"{one.referrals} taken" + (f"  seen by {one.seen_by}" if one.seen_by else "")
        )
    if not found:
        click.echo("Nothing waits.")


@letters.command("show")
@click.argument("reference")
def letters_show(reference: str) -> None:
    """The whole mail as it came, to standard output: it holds personal data."""
    room = _intake()
    with room.database.reading() as connection:
        raw = open_letter(connection, room.keys.rest, _read(reference))
    if raw is None:
        raise click.ClickException(
            "There is no such letter, or it is not kept any more. What is listed as left lies in the "
            "mailbox's own folder Kept."
        )
    sys.stdout.buffer.write(raw)


@letters.command("done")
@click.argument("reference")
def letters_done(reference: str) -> None:
    """Say that somebody has dealt with it; the mail itself is then forgotten."""
    with _intake().unit() as unit:
        if not mark_seen(unit, _read(reference), getpass.getuser()):
            raise click.ClickException("There is no such letter.")
    click.echo(f"{_read(reference)} is dealt with.")


def _read(reference: str) -> str:
    return read_reference(reference) or reference


def _intake() -> Room:
    return furnished_room("intake")
