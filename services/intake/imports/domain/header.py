"""The line of column names is found, although titles, notes and blank lines may stand above it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.imports.domain.row import CellFault, Line, Row, RowFault

# A column name is a few words. A value that is no name gives itself away by one of these.
_LONGEST_NAME: Final = 120
_NOT_A_NAME: Final = re.compile(r"@|https?:|\d{4}", re.ASCII)
# Marks that nobody sees, such as a byte order mark too many: soft hyphens, joiners, directions.
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# An underscore stands where a space cannot, an asterisk for "must be filled in", a colon before what follows.
_NO_WORD: Final = re.compile(r"[_*:]")
_LETTER: Final = re.compile(r"[^\W\d_]")

# So many of the cells of the line must look like names; a line of data has dates, numbers and addresses.
_NAMES: Final = 0.8
# The names are about as many as the widest line has cells. A title or a group heading has fewer.
_WIDTH: Final = 0.5

NO_NAME: Final = CellFault(
    "column_without_name", "There is a value here, but the column has no name. Name it, or clear the cell."
)


def letters(position: int) -> str:
    """The letters that a spreadsheet program shows above the column at this position, from 0."""
    shown = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        shown = chr(ord("A") + rest) + shown
    return shown


def plain(name: str) -> str:
    """A column name for comparison: `Case_Ref`, `case ref *` and `Case Ref:` are the same."""
    return as_seen(_NO_WORD.sub(" ", name)).casefold()


def as_seen(name: str) -> str:
    """A column name as a person sees it."""
    return " ".join(_UNSEEN.sub("", name).split())


@dataclass(frozen=True, slots=True)
class Header:
    """The column names that were found, and the line that holds them.

    `names` is by position; None is a column without name and without values, which is left out.
    """

    line: Line
    names: tuple[str | None, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name is not None)

    def row(self, line: Line) -> Row | None:
        """A line below the names as a row; None if it is blank, or the line of names over again.

        A report of several pages repeats its names at the top of each.
        """
        if not any(line.cells) and not line.faults:
            return None
        if list(line.cells) == list(self.line.cells):
            return None
        cells = {name: text for name, text in zip(self.names, line.cells, strict=False) if text}
        lost = cells.pop(None, "") or any(line.cells[len(self.names) :])
        faults = tuple(self._faults(line)) if lost or line.faults else ()
        named = {name: text for name, text in cells.items() if name is not None}
        return Row(line.number, named, faults, line.hidden)

    def _faults(self, line: Line) -> Iterable[RowFault]:
        """The faults of a line by the names of the columns, its values outside the named columns included."""
        for position, fault in sorted(line.faults.items()):
            if position < 0:
                yield RowFault("", fault.code, fault.detail)
            else:
                yield RowFault(self._called(position), fault.code, fault.detail)
        for position, text in enumerate(line.cells):
            if text and (position >= len(self.names) or self.names[position] is None):
                yield RowFault(self._called(position), NO_NAME.code, NO_NAME.detail)
                # One is enough: when a separator too many has moved the whole line, all of them are wrong.
                return

    def _called(self, position: int) -> str:
        name = self.names[position] if position < len(self.names) else None
        return name or f"Column {letters(position)}"


def find_header(lines: Sequence[Line], known: Collection[str] = ()) -> Header | None:
    """The line of column names among the first lines of a file; None if no line can be it.

    `known` are the names that a mapping knows: with them, it is the line that has most of them. A name that
    comes again is numbered (`Surname (2)`), and a column that has values but no name is named by its letters
    (`Column F`).
    """
    best = _most_known(lines, known) or _most_like_names(lines)
    if best is None:
        return None
    return Header(best, tuple(_names(best, lines[lines.index(best) + 1 :])))


def count_known(line: Line, known: Collection[str]) -> int:
    """How many of the cells are names that a mapping knows."""
    wanted = {plain(name) for name in known}
    return len(wanted & {plain(text) for text in line.cells if text})


def _most_known(lines: Sequence[Line], known: Collection[str]) -> Line | None:
    best = max(lines, key=lambda line: count_known(line, known), default=None)
    return best if best is not None and count_known(best, known) > 1 else None


def _most_like_names(lines: Sequence[Line]) -> Line | None:
    widest = max((_filled(line) for line in lines), default=0)
    candidates = [
        line for line in lines if _filled(line) >= max(2, _WIDTH * widest) and _looks_like_names(line)
    ]
    if not candidates:
        return None
    # A line of data that is all words may be wider than the names are, but it stands below them.
    most = max(_filled(line) for line in candidates)
    return next(line for line in candidates if 3 * _filled(line) >= 2 * most)


def _filled(line: Line) -> int:
    return sum(1 for text in line.cells if text)


def _looks_like_names(line: Line) -> bool:
    texts = [text for text in line.cells if text]
    named = sum(
        1
        for text in texts
        if len(text) <= _LONGEST_NAME and _LETTER.search(text) and not _NOT_A_NAME.search(text)
    )
    return named >= _NAMES * len(texts)


def _names(line: Line, below: Sequence[Line]) -> Iterable[str | None]:
    seen: set[str] = set()
    width = max((position + 1 for position, text in enumerate(line.cells) if text), default=0)
    for position in range(width):
        name = as_seen(line.cells[position])
        if not name:
            used = any(len(other.cells) > position and other.cells[position] for other in below)
            yield f"Column {letters(position)}" if used else None
            continue
        unique, count = name, 1
        while plain(unique) in seen:
            count += 1
            unique = f"{name} ({count})"
        seen.add(plain(unique))
        yield unique
