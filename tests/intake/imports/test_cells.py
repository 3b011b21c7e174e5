"""Dates, phones, names and addresses are read as people in the UK write them, and as Excel leaves them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.intake.imports.domain.addresses import read_address
from services.intake.imports.domain.cells import Unreadable
from services.intake.imports.domain.names import read_name
from services.intake.imports.domain.uk_dates import read_date, read_date_time
from services.intake.imports.domain.uk_phones import mend_phone, split_phones
from services.intake.imports.mapping import Mapping

TABLE: dict[str, dict[str, Any]] = yaml.load(
    Path(__file__).with_name("cells.yaml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506 - it makes nothing but text, and so leaves a date in a cell as it is
)
NINE = dt.time(9)
FORM = Mapping.named("practitioner_form")


@pytest.mark.parametrize(("cell", "day"), TABLE["dates"].items())
def test_a_date_is_read_day_first(cell: str, day: str) -> None:
    assert read_date(cell).isoformat() == day


@pytest.mark.parametrize(("cell", "day"), TABLE["dates_to_come"].items())
def test_a_short_year_of_a_day_to_come_is_of_this_century(cell: str, day: str) -> None:
    assert read_date(cell, to_come=True).isoformat() == day


@pytest.mark.parametrize(("cell", "code"), TABLE["no_dates"].items())
def test_what_is_no_date_is_refused_by_its_kind(cell: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_date(cell)
    assert refused.value.code == code
    assert cell not in refused.value.detail


@pytest.mark.parametrize(("cell", "instant"), TABLE["instants"].items())
def test_a_time_is_londons(cell: str, instant: str) -> None:
    assert read_date_time(cell, NINE).isoformat() == instant


@pytest.mark.parametrize(("cell", "numbers"), TABLE["phones"].items())
def test_phones_are_mended_where_excel_broke_them(cell: str, numbers: list[str]) -> None:
    assert list(split_phones(cell)) == numbers


@pytest.mark.parametrize(("cell", "parts"), TABLE["names"].items())
def test_a_name_in_one_cell_is_taken_apart(cell: str, parts: dict[str, str]) -> None:
    assert read_name(cell) == parts


@pytest.mark.parametrize(("cell", "parts"), TABLE["addresses"].items())
def test_an_address_in_one_cell_is_taken_apart(cell: str, parts: dict[str, str]) -> None:
    assert read_address(cell) == parts


@given(st.dates(dt.date(1930, 1, 1), dt.date(2029, 12, 31)))
def test_every_day_is_read_in_every_usual_form(day: dt.date) -> None:
    serial = str((day - dt.date(1899, 12, 30)).days)
    forms = ("%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%d-%b-%y", "%A %d %B %Y", "%d%m%Y")
    assert {read_date(day.strftime(form)) for form in forms} | {read_date(serial)} == {day}


@given(st.from_regex(r"0[127][0-9]{9}", fullmatch=True))
def test_a_number_that_lost_its_zero_is_whole_again(number: str) -> None:
    assert mend_phone(number[1:]) == number
    assert mend_phone(number) == number


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_no_letter_of_a_name_or_an_address_is_lost(text: str) -> None:
    def letters(*texts: str) -> list[str]:
        return sorted(sign for text in texts for sign in text if sign.isalnum())

    assert letters(*read_address(text).values()) == letters(text)


@given(st.dictionaries(st.sampled_from(FORM.columns), st.text(max_size=40), max_size=30))
def test_whatever_stands_in_a_row_it_becomes_a_body_or_faults(cells: dict[str, str]) -> None:
    mapped = FORM.read_row(cells)
    assert {fault.column for fault in mapped.faults} <= set(cells)
    assert set(mapped.column_of.values()) <= set(FORM.columns)


@pytest.mark.parametrize(
    "text", [" " * 30_000 + "x", "(" * 30_000, ",\u00a0" * 15_000, "1/" * 15_000, "a and " * 6000]
)
def test_a_cell_without_end_is_refused_and_costs_no_time(text: str) -> None:
    cells = dict.fromkeys(FORM.columns, f"x{text}x")
    mapped = FORM.read_row(cells)
    assert {fault.code for fault in mapped.faults} == {"too_long"}
