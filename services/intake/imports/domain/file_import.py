"""An import is an agency's file on its way in, and what has become of each of its rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

# `reading`: its rows are still being put away. Nobody sees it, and if its reader dies it is dropped.
State = Literal["reading", "waiting", "running", "done", "refused"]
UNFINISHED: Final = ("waiting", "running")
Outcome = Literal["new", "repeat", "amended", "rejected"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

# How long the rows of a trial are kept: long enough to look at them.
TRIAL_KEPT: Final = dt.timedelta(hours=24)
# A file whose reader died is not in the way of the same file sent again; it is only swept up.
READING_KEPT: Final = dt.timedelta(hours=24)
# A batch that fails, not for want of a database, is tried again so often, with growing pauses.
MOST_FAILURES: Final = 6


def pause_after(failures: int) -> dt.timedelta:
    """How long a batch that failed so often rests: 2 seconds, then 4, and so on."""
    return dt.timedelta(seconds=2**failures)


@dataclass(frozen=True)
class Mend:
    """One fault of a row: its column as the spreadsheet calls it, its place in the referral, and advice."""

    column: str
    pointer: str
    code: str
    detail: str


@dataclass(frozen=True)
class RowOutcome:
    """What became of a row: a version of a referral, or faults to mend."""

    number: int
    outcome: Outcome
    reference: str | None = None
    version: int | None = None
    faults: tuple[Mend, ...] = ()


@dataclass(frozen=True)
class Told:
    """A warning that stands on receipts of this file, and on how many."""

    code: str
    detail: str
    rows: int


@dataclass(frozen=True)
class Head:
    """What is known of a file before its rows: its columns, and by which mapping it is read.

    `form` says in words how the file was read. `own_mapping` is the text of a mapping that came with it;
    empty for one of the hub's.
    `first_came_at` is when this very file came for the first time: a row that takes its date from that has
    the same again.
    """

    columns: tuple[str, ...]
    first_came_at: dt.datetime
    form: str = ""
    unknown: tuple[str, ...] = ()
    own_mapping: str = ""

    @property
    def is_csv(self) -> bool:
        """Whether it came as plain text, which any program writes and none leaves alone."""
        return self.form.startswith("CSV")


@dataclass(frozen=True)
class FileImport:
    """An agency's file as it stands: how many rows it has, and how many have become what."""

    id: UUID
    agency: str
    mapping: str
    dry_run: bool
    state: State
    made_at: dt.datetime
    changed_at: dt.datetime
    finished_at: dt.datetime | None
    rows: int
    counts: Mapping[Outcome, int]
    head: Head
    warnings: tuple[Told, ...] = ()
    refusal: str = ""
    forgotten: bool = False
    failures: int = 0
    correlation_id: str = ""

    @property
    def waiting(self) -> int:
        """How many rows nobody has looked at yet."""
        return self.rows - sum(self.counts.values())

    @property
    def unfinished(self) -> bool:
        """Whether rows are still to be taken."""
        return self.state in UNFINISHED


@dataclass(frozen=True)
class WaitingRow:
    """A row that nobody has looked at yet: its cells column by column, and what was wrong in reading it.

    A fault is a column, a code and advice.
    """

    number: int
    cells: tuple[str | None, ...] = field(repr=False)
    faults: tuple[tuple[str, str, str], ...] = ()
    hidden: bool = False

    def named(self, columns: tuple[str, ...]) -> dict[str, str]:
        """The cells by their columns, without the blank ones."""
        return {name: cell for name, cell in zip(columns, self.cells, strict=True) if cell is not None}


@dataclass(frozen=True)
class Batch:
    """Some rows of a file that are taken together."""

    place: int
    rows: tuple[WaitingRow, ...]
