"""A history shows every line that was edited, removed, moved or added by whoever does not hold the key."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.triage.history.domain.chain import (
    NOTHING_BEFORE,
    Head,
    Line,
    Sealed,
    breaks_of,
    seal_of,
)

CASE = UUID(int=7)
BEGAN = dt.datetime(2026, 3, 22, 14, 5, tzinfo=dt.UTC)


def with_our_key(before: str, said: str) -> bytes:
    return hmac.digest(b"ours", f"{before}|{said}".encode(), hashlib.sha256)


def a_history(length: int) -> tuple[list[Sealed], Head]:
    lines: list[Sealed] = []
    before = NOTHING_BEFORE
    for place in range(1, length + 1):
        at = BEGAN + dt.timedelta(minutes=place)
        line = Line(CASE, place, UUID(int=100 + place), at, "moved", "jo@hub.example", {"number": place})
        before = seal_of(before, line, with_our_key)
        lines.append(Sealed(line, before))
    return lines, Head(length, before)


def breaks(lines: list[Sealed], head: Head) -> int:
    return len(list(breaks_of(CASE, lines, head, with_our_key)))


LENGTHS = st.integers(1, 12)


@given(LENGTHS)
def test_a_history_as_it_was_written_holds_together(length: int) -> None:
    assert not breaks(*a_history(length))


@given(LENGTHS, st.data())
def test_an_edit_of_any_part_of_any_line_is_seen(length: int, data: st.DataObject) -> None:
    lines, head = a_history(length)
    where = data.draw(st.integers(0, length - 1))
    changes: dict[str, Any] = {
        "case_id": UUID(int=8),
        "id": UUID(int=1),
        "at": BEGAN,
        "what": "closed",
        "who": "somebody.else@hub.example",
        "detail": {"number": 0},
    }
    name = data.draw(st.sampled_from(sorted(changes)))
    line, seal = lines[where]
    lines[where] = Sealed(line._replace(**{name: changes[name]}), seal)
    assert breaks(lines, head)


@given(LENGTHS, st.data())
def test_a_line_that_was_removed_is_missed_also_at_the_end(length: int, data: st.DataObject) -> None:
    lines, head = a_history(length)
    del lines[data.draw(st.integers(0, length - 1))]
    assert breaks(lines, head)
    # Nor does it help to count the others anew.
    closed_up = [Sealed(line._replace(place=n), seal) for n, (line, seal) in enumerate(lines, 1)]
    assert breaks(closed_up, head)
    assert breaks(closed_up, Head(len(closed_up), head.seal)) or not closed_up


@given(st.integers(2, 12), st.data())
def test_lines_that_changed_their_places_are_seen(length: int, data: st.DataObject) -> None:
    lines, head = a_history(length)
    one = data.draw(st.integers(0, length - 1))
    other = data.draw(st.integers(0, length - 1).filter(lambda place: place != one))
    swapped = list(lines)
    swapped[one] = Sealed(lines[other].line._replace(place=one + 1), lines[other].seal)
    swapped[other] = Sealed(lines[one].line._replace(place=other + 1), lines[one].seal)
    assert breaks(swapped, head)


@given(LENGTHS)
def test_a_line_that_was_added_without_the_key_is_seen(length: int) -> None:
    lines, head = a_history(length)
    line = Line(CASE, length + 1, UUID(int=1), BEGAN, "moved", "x", {})

    def with_another_key(before: str, said: str) -> bytes:
        return hmac.digest(b"theirs", f"{before}|{said}".encode(), hashlib.sha256)

    forged = seal_of(head.seal, line, with_another_key)
    assert breaks([*lines, Sealed(line, forged)], Head(length + 1, forged))
    assert breaks([*lines, Sealed(line, None)], Head(length + 1, head.seal))


def test_what_was_written_before_there_were_seals_may_stand_in_front_only() -> None:
    old = [
        Sealed(Line(CASE, place, UUID(int=place), BEGAN, "opened", "triage", {}), None) for place in (1, 2)
    ]
    new = Line(CASE, 3, UUID(int=3), BEGAN, "moved", "triage", {})
    seal = seal_of(NOTHING_BEFORE, new, with_our_key)
    assert not breaks([*old, Sealed(new, seal)], Head(3, seal))
    assert breaks([Sealed(old[0].line, None), Sealed(new._replace(place=2), seal)], Head(2, seal))
