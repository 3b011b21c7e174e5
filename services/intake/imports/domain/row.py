"""What is read from an agency's file: a row of named cells, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with one cell: a stable code, and a sentence that tells what to do.

    The sentence never repeats what the cell holds.
    """

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row, in the words of the spreadsheet: the column, a stable code, what to do.

    An empty column means the row as a whole.
    """

    column: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file before its columns have names; a blank cell is an empty text.

    `number` is the one that a spreadsheet program shows beside it. `faults` are by position, from 0; position
    -1 is the line as a whole. One that is `hidden` is not shown by the spreadsheet program.
    """

    number: int
    cells: Sequence[str]
    faults: Mapping[int, CellFault] = field(default_factory=dict)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook; of one that is hidden nothing is read."""

    name: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line below the column names: each cell that is not blank, as text, under the name of its column.

    A row with `faults` may not be taken as it stands, except that a fault of a single column is of no matter
    to a mapping that leaves that column out. A `hidden` one may not have been meant to be sent.
    """

    number: int
    cells: Mapping[str, str]
    faults: tuple[RowFault, ...] = ()
    hidden: bool = False
