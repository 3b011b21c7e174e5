"""Each line of a history carries a seal over itself and over the seal of the line before it.

The seal is made under a key, so that whoever can write into the database but does not hold the key changes
nothing unseen: an edited line does not fit its seal, a line that was taken out or moved breaks the seal of
the next, and what was cut off the end is missing against the head, which tells how many lines there are and
what the last seal is.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

Seal = Callable[[str, str], bytes]  # of the seal before, in hexadecimal, and of what the line says

NOTHING_BEFORE = b""
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


class Line(NamedTuple):
    """One line of a case's history; `place` counts from 1, `detail` is a JSON object that names no person."""

    case_id: UUID
    place: int
    id: UUID
    at: dt.datetime
    what: str
    who: str
    detail: Any


class Sealed(NamedTuple):
    """A line as it is kept; without a seal it was written before lines were chained."""

    line: Line
    seal: bytes | None


class Head(NamedTuple):
    """How long a history is, and the seal of its last line."""

    length: int = 0
    seal: bytes = NOTHING_BEFORE


@dataclass(frozen=True)
class Break:
    """Where a history does not hold together: the place of the line, and what is wrong in plain words."""

    case_id: UUID
    place: int
    what: str


def seal_of(before: bytes, line: Line, seal: Seal) -> bytes:
    """The seal of a line that follows the line with the seal `before`."""
    at = line.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    said = [str(line.case_id), line.place, str(line.id), at, line.what, line.who, line.detail]
    return seal(before.hex(), _encode(said))


def breaks_of(case_id: UUID, lines: Iterable[Sealed], head: Head, seal: Seal) -> Iterator[Break]:
    """What is wrong with the history of one case, whose lines come in the order of their places."""
    before, last, chained = NOTHING_BEFORE, 0, False
    for line, kept in lines:
        if line.place != last + 1:
            yield Break(case_id, last + 1, "a line was taken out or moved")
        if kept is None:
            if chained:
                yield Break(case_id, line.place, "the line has no seal")
        elif kept != seal_of(before, line, seal):
            yield Break(case_id, line.place, "the line, or the one before it, is not as it was written")
        chained |= kept is not None
        before, last = kept or before, line.place
    if last != head.length:
        yield Break(case_id, last + 1, f"there were {head.length} lines")
    elif before != head.seal:
        yield Break(case_id, last, "the last line is not the one that was written last")
