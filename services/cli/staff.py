"""The commands `hub staff …`: accounts of coordinators, supervisors, practitioners and the others."""

from __future__ import annotations

import secrets
from typing import get_args

import click

from services.furnish import furnished_room
from services.notify import store as notify_store
from services.notify.keep_staff import keep_staff
from shared.directory import Role, fault_of_account
from shared.web import Caller


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
    """Make an account for EMAIL, or give it a new role, team or agency, and password."""
    room = furnished_room("notify")
    if team and team not in room.directory.teams:
        message = f"There is no team {team}. The directory has: {', '.join(room.directory.teams)}."
        raise click.ClickException(message)
    if fault := fault_of_account(role, agency, room.directory.agencies):
        message = f"{fault[0].upper()}{fault[1:]}. It has: {', '.join(room.directory.agencies)}."
        raise click.ClickException(message)
    chosen = password or secrets.token_urlsafe(15)
    with room.unit() as unit:
        keep_staff(Caller(role, email, team, agency), chosen, unit)
    click.echo("Password set." if password else chosen)


@staff.command("list")
def list_staff() -> None:
    """Every account: address, role, and the team or agency."""
    with furnished_room("notify").database.reading() as connection:
        for email, role, team in notify_store.list_staff(connection):
            click.echo(f"{email:40} {role:14} {team}")
