"""The commands about agencies' files: `hub import`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from services.furnish import furnished_room
from services.intake.imports import store
from services.intake.imports.choose_mapping import Chosen, choose_mapping
from services.intake.imports.domain.file_import import OUTCOMES, FileImport
from services.intake.imports.mapping_file import LARGEST_FILE
from services.intake.imports.run_import import run_import
from services.intake.imports.take_file import take_file
from services.intake.imports.write_rejected import goes_back_as_csv, in_words, write_csv, write_xlsx
from services.intake.keep_agency_keys import check_agency
from shared.contracts.envelope import Trace
from shared.logs import places_of
from shared.problems import Problem
from shared.sealing import write_private_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from services.intake.imports.domain.file_import import Outcome, RowOutcome
    from shared.service import Room

_PAGE = 500
_MOST_SHOWN = 20
# How long to look away when another worker has the import's rows.
_GLANCE_SECONDS = 0.1


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--agency", required=True, help="The agency whose file it is: its slug in the directory.")
@click.option(
    "--mapping", required=True, help="A column mapping: the name of one of the hub's, or a file of your own."
)
@click.option("--dry-run", is_flag=True, help="Only show, row by row, what would happen.")
def import_file(file: Path, agency: str, mapping: str, dry_run: bool) -> None:  # noqa: FBT001
    """Take FILE, an agency's own export (CSV, XLSX, ODS), row by row; run again, it goes on."""
    room = furnished_room("intake")
    check_agency(agency, room.directory.agencies)
    _check_keys(room)
    chosen = _chosen(mapping)
    with file.open("rb") as opened:
        one = _put_away(opened, file, chosen, agency, room, dry_run=dry_run)
    _take(one, room)
    with room.database.reading() as connection:
        done = store.find(connection, room.keys.rest, one.id, agency)
    assert done is not None  # noqa: S101 - nothing takes it away so soon
    _tell(done, file, room)


def _check_keys(room: Room) -> None:
    """Refuse to seal with keys that nobody else has, such as those of a container that only looks on."""
    with room.database.reading() as connection:
        sealed = store.newest_sealed(connection)
    if sealed is not None:
        room.keys.rest.check(sealed)


def _chosen(mapping: str) -> Chosen:
    path = Path(mapping)
    if not path.suffix:
        return choose_mapping(mapping)
    try:
        with path.open(encoding="utf-8-sig") as opened:
            return choose_mapping("", opened.read(LARGEST_FILE + 1))
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        message = f"{path} cannot be read as a column mapping: {why}."
        raise click.ClickException(message) from error


def _put_away(
    opened: BinaryIO, file: Path, chosen: Chosen, agency: str, room: Room, *, dry_run: bool
) -> FileImport:
    size = file.stat().st_size
    with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:

        def put_away(_rows: int) -> None:
            bar.update(min(opened.tell(), size) - bar.pos)

        return take_file(
            opened,
            file.name,
            chosen,
            agency=agency,
            dry_run=dry_run,
            room=room,
            trace=Trace.begin(),
            put_away=put_away,
        )


def _take(one: FileImport, room: Room) -> None:
    """Take the rows, beside whoever else does, until there are none."""
    label = "Trying" if one.dry_run else "Taking"
    with click.progressbar(length=one.rows, label=label, file=sys.stderr, show_pos=True) as bar:
        bar.update(one.rows - one.waiting)
        while one.unfinished:
            if not _took(one, room):
                time.sleep(_GLANCE_SECONDS)
            with room.database.reading() as connection:
                found = store.find(connection, room.keys.rest, one.id, one.agency)
            assert found is not None  # noqa: S101 - nothing takes it away so soon
            one = found
            bar.update(one.rows - one.waiting - bar.pos)


def _took(one: FileImport, room: Room) -> int:
    try:
        return run_import(one.id, room)
    except (Problem, SQLAlchemyError):
        raise
    except Exception as error:  # noqa: BLE001
        # The error's own words may quote a cell.
        message = (
            f"The hub failed on the next rows ({type(error).__name__} at {places_of(error, 2)}). What was "
            "taken is kept; run the same command again to go on from there."
        )
        raise click.ClickException(message) from None


def _tell(one: FileImport, file: Path, room: Room) -> None:
    if one.dry_run:
        for row in _rows(one, room):
            click.echo(f"row {row.number:<7} {row.outcome:9} {in_words(row.faults)}".rstrip())
    click.echo(f"{one.rows:8d} rows")
    for outcome in OUTCOMES:
        click.echo(f"{one.counts[outcome]:8d} {outcome}")
    for told in one.warnings:
        click.echo(f"{told.rows:8d} with the warning {told.code}: {told.detail}")
    if one.head.unknown:
        click.echo(
            f"Left out, because the mapping does not know them: {', '.join(one.head.unknown)}", err=True
        )
    if one.refusal:
        raise click.ClickException(one.refusal)
    rejected = one.counts["rejected"]
    if rejected:
        where = _put_back(one, file, room)
        if not one.dry_run:
            for row, _ in zip(_rows(one, room, "rejected"), range(_MOST_SHOWN), strict=False):
                click.echo(f"row {row.number}: {in_words(row.faults)}", err=True)
        raise click.ClickException(f"{rejected} of {one.rows} rows were not taken. {where}")


def _put_back(one: FileImport, file: Path, room: Room) -> str:
    """Write the rejected rows beside the file; where they are, or how to get them."""
    try:
        return f"They are in {_write_back(one, file, room)}, each with what to mend."
    except OSError as error:
        return (
            f"They cannot be written beside it ({error.strerror}): copy the file into a folder of your own "
            "and run the same command again; nothing is taken twice."
        )


def _write_back(one: FileImport, file: Path, room: Room) -> Path:
    if goes_back_as_csv(one):
        back = file.with_name(f"{file.name}.rejected.csv")
        write_private_pieces(back, (piece.encode() for piece in write_csv(one, room)))
    else:
        back = file.with_name(f"{file.name}.rejected.xlsx")
        write_private_pieces(back, [write_xlsx(one, room)])
    return back


def _rows(one: FileImport, room: Room, outcome: Outcome | None = None) -> Iterator[RowOutcome]:
    after = 0
    while True:
        with room.database.reading() as connection:
            page = store.list_rows(connection, one.id, outcome=outcome, after=after, limit=_PAGE)
        if not page:
            return
        yield from page
        after = page[-1].number
