"""What may be told of counts: rounded to five, and nothing from which one below five could be found."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.figures import FEWEST, Line, Quarter, lines_of, rounded

COUNTS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(1, 400), max_size=12)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({}, []),
        ({"a": 7}, [Line("a", 5)]),
        ({"a": 8, "b": 12}, [Line("b", 10), Line("a", 10)]),
        # Of a few the name of a line says what they are, whatever stands beside it.
        ({"a": 3}, []),
        ({"a": 3, "b": 1}, []),
        ({"a": 4, "b": 1}, [Line("a", None), Line("b", None)]),
        # Alone it could be taken from the total, so the smallest of the others goes with it.
        ({"a": 3, "b": 40, "c": 12}, [Line("b", 40), Line("a", None), Line("c", None)]),
        ({"a": 3, "b": 40, "c": 1}, [Line("b", 40), Line("a", None), Line("c", None)]),
    ],
)
def test_a_table_is_told_in_fives_and_holds_back_what_is_small(
    counts: dict[str, int], told: list[Line]
) -> None:
    assert lines_of(counts) == told


@given(COUNTS, st.sampled_from((FEWEST, 10)))
def test_no_figure_below_the_fewest_is_told_and_none_is_held_back_alone(
    counts: dict[str, int], fewest: int
) -> None:
    lines = lines_of(counts, fewest)
    assert {line.name for line in lines} == (set(counts) if sum(counts.values()) >= fewest else set())
    shown = {line.name: line.told for line in lines if line.told is not None}
    assert all(counts[name] >= fewest and told % 5 == 0 for name, told in shown.items())
    held = len(lines) - len(shown)
    assert held != 1


@given(COUNTS)
def test_those_that_are_held_back_stand_in_an_order_that_says_nothing_of_them(counts: dict[str, int]) -> None:
    held = [line.name for line in lines_of(counts) if line.told is None]
    assert held == sorted(held)


def test_a_small_total_is_held_back_and_nought_is_told() -> None:
    assert [rounded(count) for count in (0, 1, 4, 5, 7, 8, 12, 13)] == [0, None, None, 5, 5, 10, 10, 15]
    assert [rounded(count, 10) for count in (0, 9, 10, 13)] == [0, None, 10, 15]


def test_quarters_follow_one_another_and_are_read_as_they_are_written() -> None:
    last = Quarter.of(dt.date(2026, 12, 31))
    assert str(last) == "2026-4"
    assert (last.begins, last.next.begins) == (dt.date(2026, 10, 1), dt.date(2027, 1, 1))
    assert last.next.before == last
    assert Quarter.read("2026-4") == last
    assert [Quarter.read(text) for text in ("", "2026-5", "2026-4\n", "99-1", "2026-04")] == [None] * 5
