"""The commands `hub staff …`: accounts of coordinators, supervisors, practitioners and the others."""

from __future__ import annotations

import re
import secrets
from typing import Final, get_args

import click

from services.furnish import furnished_room
from services.notify import staff_store
from services.notify.keep_staff import LONGEST_PASSWORD, keep_staff, remove_staff
from shared.directory import Role, account_name, fault_of_account
from shared.web import Caller

_ADDRESS: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
SHORTEST_PASSWORD: Final = 12
# Whoever of these has no team would see no case and be told nothing.
_IN_A_TEAM: Final = ("coordinator", "facilitator")


@click.group()
def staff() -> None:
    """Accounts of the hub's staff, and of practitioners who refer by form."""


@staff.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(get_args(Role)), required=True)
@click.option("--team", default="", help="The team's slug in the directory.")
@click.option("--agency", default="", help="For a practitioner: the slug of the agency that they refer for.")
@click.option("--password", prompt=False, help="A password; a fresh one is made and printed when not given.")
def add_staff(email: str, role: Role, team: str, agency: str, password: str | None) -> None:
    """Make an account for EMAIL, or give it a new password, and a role, team or agency that is named.

    Whoever is signed in to an account that is changed is signed out within seconds.
    """
    if not _ADDRESS.fullmatch(email.strip()):
        message = "This is no e-mail address. Alerts go there, and they sign in with it."
        raise click.ClickException(message)
    if password and not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        raise click.ClickException(message)
    room = furnished_room("notify")
    with room.database.reading() as connection:
        known = staff_store.find_staff(connection, account_name(email))
    if known and known["role"] == role:
        # Whoever only needs a new password works where they worked before.
        team, agency = team or known["team"], agency or known["agency"]
    if team and team not in room.directory.teams:
        message = f"There is no team {team}. The directory has: {', '.join(room.directory.teams)}."
        raise click.ClickException(message)
    if role in _IN_A_TEAM and not team:
        message = (
            f"A {role} needs a team of the directory (--team). It has: {', '.join(room.directory.teams)}."
        )
        raise click.ClickException(message)
    if fault := fault_of_account(role, agency, room.directory.agencies):
        message = f"{fault[0].upper()}{fault[1:]}. It has: {', '.join(room.directory.agencies)}."
        raise click.ClickException(message)
    chosen = password or secrets.token_urlsafe(15)
    with room.unit() as unit:
        keep_staff(Caller(role, email, team, agency), chosen, unit)
    click.echo("Password set." if password else chosen)


@staff.command("remove")
@click.argument("email")
def remove_staff_account(email: str) -> None:
    """Take away the account of somebody who left; they are signed out within seconds."""
    with furnished_room("notify").unit() as unit:
        removed = remove_staff(email, unit)
    if not removed:
        message = "There is no account with this address; see `hub staff list`."
        raise click.ClickException(message)
    click.echo("Removed. Take them out of the directory and of the teams as well: alerts go where these say.")


@staff.command("list")
def list_staff() -> None:
    """Every account: address, role, and the team or agency."""
    with furnished_room("notify").database.reading() as connection:
        for email, role, team in staff_store.list_staff(connection):
            click.echo(f"{email:40} {role:14} {team}")
