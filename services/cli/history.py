"""The command `hub history check`: whether any line of any case's history was changed, removed or moved."""

from __future__ import annotations

import sys

import click

from services.furnish import furnished_room
from services.triage.history.store import check_histories, count_histories, find_case_id, references_of
from shared.identity import read_reference

_MOST_SHOWN = 20


@click.group()
def history() -> None:
    """The histories of cases, which are written once and chained line to line."""


@history.command()
@click.argument("case", required=False)
def check(case: str | None) -> None:
    """Check the history of CASE, or of every case; exit status 1 when one does not hold together."""
    room = furnished_room("triage")
    with room.database.snapshot() as connection:
        case_id = None
        if case is not None:
            case_id = find_case_id(connection, read_reference(case) or case)
            if case_id is None:
                raise click.ClickException("There is no case with this reference.")
        total = 1 if case_id is not None else count_histories(connection)
        broken = []
        checked = check_histories(connection, room.keys.lookup, case_id)
        with click.progressbar(checked, length=total, label="Checking", file=sys.stderr) as bar:
            for found in bar:
                broken += found
        names = references_of(connection, {one.case_id for one in broken[:_MOST_SHOWN]})
    for one in broken[:_MOST_SHOWN]:
        click.echo(f"{names.get(one.case_id, one.case_id)}, line {one.place}: {one.what}")
    if broken:
        raise click.ClickException(f"{len(broken)} lines are not as they were written.")
    click.echo(f"{total} histories hold together.")
