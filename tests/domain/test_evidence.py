"""What is evidence and what only stands for "none"; what is compared is the same however it was typed."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.evidence import SAME_EVENT_DAYS, normalised_reference, person, plain, same_period

BORN = dt.date(1988, 2, 29)


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "-", "n/a", "N/K", "none", "nil", "TBC", "t.b.c.", "unknown", "Not known", "not yet",
        "pending", "0", "0000", "000000000000", "1111", "99999999", "1234"[:3], "X", "xxxx", "as above",
        "See notes", "CRI", "CRI00", "crime", "test", "burglary", "ABCDEFGH",
    ],
)  # fmt: skip
def test_what_only_stands_for_none_is_no_reference(value: str) -> None:
    assert normalised_reference(value) is None


@pytest.mark.parametrize(
    ("value", "compared"),
    [
        ("CRI009999990", "CRI009999990"),
        (" cri 00999/9990 ", "CRI009999990"),
        ("DHM-16072026-0358", "DHM160720260358"),
        ("20000123456", "20000123456"),
        ("ＣＲＩ００９９９９９９０", "CRI009999990"),  # noqa: RUF001 - full-width, as some forms send
    ],
)
def test_a_reference_is_compared_without_spaces_signs_and_case(value: str, compared: str) -> None:
    assert normalised_reference(value) == compared


@given(st.text(max_size=30))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    found = normalised_reference(text)
    assert found is None or normalised_reference(found) == found


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=20), st.sampled_from(" -'.,/\t"))
def test_signs_between_letters_do_not_matter(text: str, sign: str) -> None:
    assert plain(sign.join(text)) == plain(text)


@pytest.mark.parametrize(
    ("given_name", "family"),
    [
        ("", "Figment"), ("Fable", ""), (None, "Figment"), ("Fable", None), ("Unknown", "Figment"),
        ("Fable", "n/k"), ("Neighbour", "Figment"), ("Not", "Not Known"), ("-", "Figment"), ("X", "Figment"),
        ("Male", "Male"), ("The", "Occupier"),
    ],
)  # fmt: skip
def test_who_has_no_full_name_of_their_own_cannot_be_told_from_others(
    given_name: str | None, family: str | None
) -> None:
    assert not person(given_name, family, BORN).certain


@pytest.mark.parametrize("born", [None, dt.date(1900, 1, 1), dt.date(1901, 1, 1), dt.date(1970, 1, 1)])
def test_who_has_no_birth_date_of_their_own_cannot_be_told_from_others(born: dt.date | None) -> None:
    assert not person("Fable", "Figment", born).certain


@pytest.mark.parametrize("born", [dt.date(1900, 1, 2), dt.date(1971, 1, 1), dt.date(1988, 1, 1), BORN])
def test_a_real_birth_date_is_not_mistaken_for_a_placeholder(born: dt.date) -> None:
    assert person("Fable", "Figment", born).certain


def test_one_person_is_one_however_their_name_is_spelt() -> None:
    spelt = {
        person(given_name, family, BORN)
        for given_name, family in [
            ("Zoë", "O'Fiction"), ("ZOE", "O’Fiction"), ("zoe", "o-fiction"), ("Zoe\u0308", "OFICTION"),  # noqa: RUF001
        ]
    }  # fmt: skip
    assert len(spelt) == 1
    assert person("Zoe", "Fiction", BORN) not in spelt
    # Where the given name ends is not lost: Ann Elee is not Anne Lee.
    assert person("Ann", "Elee", BORN) != person("Anne", "Lee", BORN)


@given(st.dates(), st.dates())
def test_nearness_in_time_is_the_same_from_both_sides(one: dt.date, other: dt.date) -> None:
    assert same_period(one, other) == same_period(other, one)
    assert same_period(one, one)


def test_thirty_days_are_near_and_thirty_one_are_not() -> None:
    day = dt.date(2026, 3, 1)
    assert SAME_EVENT_DAYS == 30
    assert same_period(day, day + dt.timedelta(days=30))
    assert not same_period(day, day + dt.timedelta(days=31))
