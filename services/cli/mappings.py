"""The commands `hub mapping …`: which column mappings there are, and how to write, check and use one."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.intake.imports.draft_mapping import ROWS_LOOKED_AT, draft_mapping
from services.intake.imports.fields import FREE_WORD_SHOWN, fields_of, find_field
from services.intake.imports.mapping import SHIPPED, Mapping, shipped
from services.intake.imports.readers import usual_reader
from services.intake.imports.reading import open_table
from services.intake.imports.write_form import write_form
from services.intake.schema import read_referral
from shared.problems import Unprocessable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.intake.imports.domain.row import Row, RowFault

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_NO_NAME_SIGN = re.compile(r"[^a-z0-9]+")
_MOST_FAULTS_SHOWN = 20


@click.group()
def mapping() -> None:
    """Column mappings: how the columns of an agency's export become a referral (docs/mappings.md)."""


@mapping.command("list")
def list_mappings() -> None:
    """The mappings that come with the hub."""
    for name in shipped():
        click.echo(f"{name:20} {Mapping.named(name).about}")


@mapping.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the mapping NAME that comes with the hub, to be copied and changed."""
    Mapping.named(name)
    click.echo((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), nl=False)


@mapping.command()
def fields() -> None:
    """Every field that a column can go to, and what it is read as unless a mapping says otherwise."""
    for of_party, whose in ((False, "Of the whole referral"), (True, "Of a party")):
        click.echo(f"{whose}:")
        for name, _ in fields_of(of_party=of_party):
            field = find_field(name.replace(FREE_WORD_SHOWN, "own"), of_party=of_party)
            click.echo(
                f"  {name:44} {usual_reader(field, has_words=False):14} {', '.join(field.words)}".rstrip()
            )


@mapping.command()
@click.argument("file", type=_EXISTING)
@click.argument("export", type=_EXISTING, required=False)
def check(file: Path, export: Path | None) -> None:
    """Check the mapping FILE, and try it on the rows of EXPORT; nothing is kept and nothing is sent."""
    found = Mapping.read(file)
    click.echo(f"{file} is in order: {len(found.columns)} columns, {len(found.plan.parties)} parties.")
    if found.plan.unplaced:
        click.echo(f"Not placed yet: {', '.join(found.plan.unplaced)}")
    if export is not None and not _try(found, export):
        raise click.exceptions.Exit(1)


def _try(found: Mapping, export: Path) -> bool:
    """Tell how the rows of an export would fare; whether all of them would be taken."""
    counted: Counter[tuple[str, str]] = Counter()
    rows = taken = 0
    with open_table(export, export.name, known=found.columns) as table:
        missing, unknown = found.missing(table.columns), found.unknown(table.columns)
        if unknown:
            click.echo(f"Columns that the mapping does not know, and would leave out: {', '.join(unknown)}")
        if missing:
            raise click.ClickException(f"The export has no column {' and no column '.join(missing)}.")
        now = dt.datetime.now(dt.UTC)
        for row in table.rows:
            faults = {(fault.column, fault.detail) for fault in _faults(found, row, now)}
            rows += 1
            taken += not faults
            counted.update(faults)
    click.echo(f"{taken} of {rows} rows would be taken.")
    for (column, detail), count in counted.most_common(_MOST_FAULTS_SHOWN):
        click.echo(f"{count:8} rows, column {column or '-'}: {detail}")
    return taken == rows


def _faults(found: Mapping, row: Row, now: dt.datetime) -> Iterator[RowFault]:
    # A fault of a column that is left out is of no matter.
    yield from (fault for fault in row.faults if not found.unknown([fault.column]))
    mapped = found.read_row(row.cells, now)
    yield from mapped.faults
    try:
        read_referral(mapped.body, self_referral=False)
    except Unprocessable as problem:
        yield from mapped.tell(problem.errors)


@mapping.command()
@click.argument("export", type=_EXISTING)
@click.option("--name", help="What to call the mapping. [the name of the file]")
def draft(export: Path, name: str | None) -> None:
    """Propose a mapping for EXPORT from its column names and its first rows; print it."""
    called = name or _NO_NAME_SIGN.sub("_", export.stem.casefold()).strip("_0123456789")[:40] or "export"
    with open_table(export, export.name) as table:
        rows = [row.cells for row in islice(table.rows, ROWS_LOOKED_AT)]
        proposed = draft_mapping(called, table.columns, rows)
    click.echo(proposed.text, nl=False)
    click.echo(f"# {proposed.placed} of {proposed.columns} columns were placed.", err=True)


@mapping.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def form(name: str, file: Path) -> None:
    """Write an empty spreadsheet FILE (XLSX) with the columns of the mapping NAME, to be filled in."""
    if file.exists():
        raise click.ClickException(f"{file} is there already; give another name.")
    write_form(Mapping.read(name), file)
    click.echo(f"Wrote {file}.")
