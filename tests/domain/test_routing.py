"""The first row of the table that fits decides, and the first half of a postcode tells the area."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.routing import ANY, Decision, Row, area_of, route

ROWS = (
    Row(("E1", "E2"), "dispute", "peers", "disputes of ours"),
    Row(("E1",), "crime", "hub", "crime of ours"),
    Row(("E3",), ANY, "elsewhere", "not ours"),
    Row((ANY,), ANY, "desk", "nobody else"),
)
AREAS = {"DL1": "E1", "DH1": "E2", "TS24": "E3"}


@pytest.mark.parametrize(
    ("area", "strand", "team", "row"),
    [
        ("E1", "dispute", "peers", 1),
        ("E2", "dispute", "peers", 1),
        ("E1", "crime", "hub", 2),
        ("E2", "crime", "desk", 4),
        ("E3", "crime", "elsewhere", 3),
        (None, "crime", "desk", 4),
        ("E9", "dispute", "desk", 4),
    ],
)
def test_the_first_row_that_fits_decides(area: str | None, strand: str, team: str, row: int) -> None:
    decision = route(area, strand, ROWS, "v1")
    assert (decision.team, decision.row, decision.version) == (team, row, "v1")
    assert decision.why == ROWS[row - 1].why


@given(st.none() | st.sampled_from(["E1", "E2", "E3", "E9"]), st.sampled_from(["crime", "dispute"]))
def test_every_case_has_a_team_and_the_same_one_each_time(area: str | None, strand: str) -> None:
    decision = route(area, strand, ROWS, "v1")
    assert isinstance(decision, Decision)
    assert decision == route(area, strand, ROWS, "v1")


def test_a_table_without_a_last_row_never_guesses() -> None:
    with pytest.raises(AssertionError):
        route("E9", "crime", ROWS[:-1], "v1")


@pytest.mark.parametrize(
    ("postcode", "area"),
    [
        ("DL1 9ZZ", "E1"),
        ("dl19zz", "E1"),
        (" DL1  9 ZZ", "E1"),
        ("DL1", "E1"),
        ("TS24 9ZZ", "E3"),
        ("TS2 4ZZ", None),
        ("DL19 9ZZ", None),
        ("", None),
        (None, None),
        ("nowhere", None),
    ],
)
def test_an_area_is_known_from_the_first_half_of_a_postcode(postcode: str | None, area: str | None) -> None:
    assert area_of(postcode, AREAS) == area


@given(st.text(max_size=20))
def test_whatever_was_typed_as_a_postcode_is_an_area_or_none(postcode: str) -> None:
    assert area_of(postcode, AREAS) in {None, *AREAS.values()}
