"""Load the published list of postcodes, or of property numbers, from its CSV file as it is downloaded.

The names of the columns change from edition to edition (`oslaua`, `lad23cd`, `lad25cd`; `pfa`, `pfa23cd`), so
they are found by their beginnings. Rows are kept piece by piece: the hub goes on meanwhile, and what a newer
edition lacks is forgotten at the end.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from services.triage.areas.store import UPRN_DIGITS, count_by_area, forget_older, keep_rows, uprn_text
from services.triage.areas.tables import postcodes, properties
from services.triage.domain.areas import compact, is_gss
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Table

    from shared.database import Database

_PIECE: Final = 5_000
_POSTCODE: Final = ("pcds", "pcd", "pcd7", "pcd8", "postcode")
_AREA: Final = re.compile(r"(oslaua|laua|ladcd|lad\d\dcd)")
_POLICE: Final = re.compile(r"(pfa|pfacd|pfa\d\dcd)")
_LONGEST_POSTCODE: Final = 7


class BadAreas(Problem):
    """The file is no list of postcodes or of property numbers."""

    status = 500
    code = "bad_areas"


@dataclass(frozen=True)
class Loaded:
    """What a load has done: rows kept and passed over, what was forgotten, and what each area has."""

    what: str
    rows: int
    passed_over: int
    forgotten: int
    by_area: dict[str, int]


def load_areas(path: Path, edition: str, database: Database, read: Callable[[int], None]) -> Loaded:
    """Keep every row of the file; `read` is told how many bytes of it were read since the last time.

    Raises `BadAreas` where the columns are missing, or it is no CSV file. A row without an area (the Channel
    Islands, a postcode that was never placed) is passed over.
    """
    try:
        return _load(path, edition, database, read)
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"{path} is no CSV file in UTF-8. Take it out of the archive as it is downloaded."
        raise BadAreas(message) from error


def _load(path: Path, edition: str, database: Database, read: Callable[[int], None]) -> Loaded:
    kept = passed_over = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        counted = _Counted(file)
        rows = csv.reader(counted)
        columns = _columns(next(rows, []))
        table: Table = properties if columns.is_property else postcodes
        while piece := list(islice(rows, _PIECE)):
            found = {}
            for row in piece:
                one = _read(row, columns, edition)
                if one is None:
                    passed_over += 1
                else:
                    found[next(iter(one.values()))] = one
            if found:
                with database.transaction() as connection:
                    keep_rows(connection, table, list(found.values()))
            kept += len(found)
            read(counted.taken())
    with database.transaction() as connection:
        forgotten = forget_older(connection, table, edition) if kept else 0
        by_area = count_by_area(connection, table)
    return Loaded(
        "property numbers" if columns.is_property else "postcodes", kept, passed_over, forgotten, by_area
    )


@dataclass(frozen=True)
class _Columns:
    key: int
    area: int
    police: int | None
    is_property: bool


class _Counted:
    """The lines of a file, and how long they were."""

    def __init__(self, lines: Any) -> None:  # noqa: ANN401 - an open file
        self._lines = lines
        self._since = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._since += len(line)
            yield line

    def taken(self) -> int:
        since, self._since = self._since, 0
        return since


def _columns(header: list[str]) -> _Columns:
    names = [name.strip().lower() for name in header]
    areas = [place for place, name in enumerate(names) if _AREA.fullmatch(name)]
    police = [place for place, name in enumerate(names) if _POLICE.fullmatch(name)]
    if areas and "uprn" in names:
        return _Columns(names.index("uprn"), areas[0], police[0] if police else None, is_property=True)
    for name in _POSTCODE:
        if areas and name in names:
            return _Columns(names.index(name), areas[0], police[0] if police else None, is_property=False)
    message = (
        "There must be a column of postcodes (pcds) or of property numbers (UPRN), and one of areas (oslaua)."
    )
    raise BadAreas(message)


def _read(row: list[str], columns: _Columns, edition: str) -> dict[str, Any] | None:
    if len(row) <= max(columns.key, columns.area):
        return None
    area = row[columns.area].strip()
    police = row[columns.police].strip() if columns.police is not None and columns.police < len(row) else ""
    if not is_gss(area):
        return None
    more = {"area": area, "police": police if is_gss(police) else None, "edition": edition}
    if columns.is_property:
        uprn = row[columns.key].strip()
        return {"uprn": uprn_text(uprn), **more} if uprn.isdigit() and len(uprn) <= UPRN_DIGITS else None
    postcode = compact(row[columns.key])
    return {"postcode": postcode, **more} if 0 < len(postcode) <= _LONGEST_POSTCODE else None
