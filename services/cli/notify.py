"""The commands `hub notify …`: look at the words of messages, and take in a mail that came back."""

from __future__ import annotations

import sys

import click

from services.furnish import furnished_room
from services.notify.domain.guard import holds_forbidden_word
from services.notify.equipment import board_of
from services.notify.read_bounce import read_bounce
from services.notify.read_wording import FILE, read_wording
from services.notify.take_bounces import take_bounce
from shared.mailbox import MAX_LETTER

# Invented, as everything here that looks like a case.
_EXAMPLE = {
    "case": "C-7KQX4-M3DTW",
    "cases": "C-7KQX4-M3DTW\nC-9MDYP-VTRW9",
    "count": "2",
    "sign_in": "https://hub.example/alerts",
    "worker": "Jo",
    "number": "01632 960999",
    "when": "Tuesday 10:00",
}
_NOT_OURS = 65  # EX_DATAERR of sysexits.h
_LOCK_SCREEN = 60  # signs of a subject that a lock screen shows


@click.group("notify")
def notify() -> None:
    """The words of messages, and mails that came back."""


@notify.command("preview")
@click.argument("name", required=False)
@click.option("--urgent", is_flag=True, help="As it looks when it is urgent.")
def preview(name: str | None, *, urgent: bool) -> None:
    """Each message as people get it, with invented references; NAME shows one of them.

    It tells the digest that an approval is written down with, and what a lock screen would show.
    """
    templates = read_wording().templates
    if name is not None and name not in templates:
        raise click.ClickException(f"There is no message {name}: {', '.join(templates)}. They are in {FILE}.")
    for one in templates if name is None else (name,):
        template = templates[one][-1]
        letter = template.write(_EXAMPLE, urgent=urgent)
        click.echo(f"── {one}, version {template.version}, approved as {template.digest}")
        click.echo(f"Lock screen: {letter.subject[:_LOCK_SCREEN]}")
        click.echo(f"Text:        {letter.short}")
        click.echo(f"Subject:     {letter.subject}\n")
        click.echo(letter.text)
        if holds_forbidden_word(f"{letter.subject}\n{letter.short}\n{letter.text}"):
            raise click.ClickException("It holds a word that says too much.")


@notify.command("bounce")
def bounce() -> None:
    """Take in a mail that a mail server returned, from standard input.

    For a mail server that hands what comes to the sender's address to a command; where it keeps a mailbox,
    HUB_BOUNCES_URL names it and the hub looks itself. Whoever could not be told is a task for a human.
    What is no report, says only that it takes longer, or does not prove which message it answers, is left to
    the mail server: the command ends with 65 (EX_DATAERR), and so the mail is not lost.
    """
    room = furnished_room("notify")
    found = read_bounce(sys.stdin.buffer.read(MAX_LETTER), room.keys.lookup)
    if found is None:
        click.echo("That is no mail that came back for good.")
        sys.exit(_NOT_OURS)
    with room.unit() as unit:
        known = take_bounce(found, unit, board_of(room))
    if not known:
        click.echo("Nothing in it proves which message of the hub it answers. Ops were told.")
        sys.exit(_NOT_OURS)
    click.echo("It is a task now.")
