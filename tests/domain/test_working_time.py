"""Working days and hours of England and Wales: weekends and bank holidays count for nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.working_time import LONDON, WorkingTime, bank_holidays, england_and_wales, known_until

OFFICE = england_and_wales()
HOUR = dt.timedelta(hours=1)
EVERY_DAY = (dt.time(9), dt.time(17))


def london(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON)


BEGIN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
instants = st.timedeltas(dt.timedelta(), dt.timedelta(days=1200)).map(lambda passed: BEGIN + passed)
spans = st.timedeltas(dt.timedelta(), dt.timedelta(hours=200))
clock_times = st.times().map(lambda t: t.replace(microsecond=0, tzinfo=None))
weeks = st.lists(st.none() | st.tuples(clock_times, clock_times), min_size=7, max_size=7).filter(any)
times_of_work = st.builds(
    lambda week, off: WorkingTime(frozenset(off), tuple(week)),
    weeks,
    st.sets(st.dates(dt.date(2025, 1, 1), dt.date(2028, 12, 31)), max_size=20),
)


def test_bank_holidays_are_those_of_england_and_wales() -> None:
    assert dt.date(2026, 12, 28) in bank_holidays()  # Boxing Day, moved
    assert dt.date(2026, 5, 4) in bank_holidays()
    assert dt.date(2026, 3, 17) not in bank_holidays()  # Northern Ireland's
    assert dt.date(2026, 1, 2) not in bank_holidays()  # Scotland's
    assert known_until().year >= 2028


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        ("2026-12-24", 1, "2026-12-29"),  # Thursday before Christmas: a holiday, a weekend, a holiday
        ("2026-12-24", 0, "2026-12-24"),
        ("2026-12-25", 0, "2026-12-29"),
        ("2026-11-27", 5, "2026-12-04"),
        ("2026-11-28", 1, "2026-11-30"),
        ("2027-03-25", 2, "2027-03-31"),  # over Easter
    ],
)
def test_working_days_are_counted_over_weekends_and_holidays(day: str, count: int, then: str) -> None:
    assert OFFICE.after_working_days(dt.date.fromisoformat(day), count) == dt.date.fromisoformat(then)


def test_working_days_between_two_days_leave_out_the_first() -> None:
    assert OFFICE.working_days_between(dt.date(2026, 12, 24), dt.date(2026, 12, 29)) == 1
    assert OFFICE.working_days_between(dt.date(2026, 12, 29), dt.date(2026, 12, 24)) == 0
    assert OFFICE.next_working_day(dt.date(2026, 11, 27)) == dt.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("start", "working", "end"),
    [
        ("2026-11-27T16:00", 2 * HOUR, "2026-11-30T10:00"),  # over a weekend
        ("2026-11-27T16:00", HOUR, "2026-11-27T17:00"),  # the end of a day is reached on that day
        ("2026-11-27T17:00", HOUR / 60, "2026-11-30T09:01"),
        ("2026-11-28T12:00", 0 * HOUR, "2026-11-30T09:00"),
        ("2026-12-24T16:30", HOUR, "2026-12-29T09:30"),
        ("2026-03-27T16:00", 2 * HOUR, "2026-03-30T10:00"),  # summer time begins in between
        ("2026-10-23T16:00", 2 * HOUR, "2026-10-26T10:00"),  # and ends
    ],
)
def test_working_hours_go_on_where_the_day_before_ended(start: str, working: dt.timedelta, end: str) -> None:
    assert OFFICE.after(london(start), working) == london(end)
    assert OFFICE.between(london(start), london(end)) == working


def test_a_night_shift_is_open_after_midnight() -> None:
    nights = WorkingTime(week=((dt.time(22), dt.time(6)), *(None,) * 6))
    assert nights.is_open(london("2026-11-30T23:00"))
    assert nights.is_open(london("2026-12-01T05:59"))
    assert not nights.is_open(london("2026-12-01T06:00"))
    assert nights.opens(london("2026-12-01T06:00")) == london("2026-12-07T22:00")


def test_somebodys_leave_is_days_off() -> None:
    away = OFFICE.without([dt.date(2026, 11, 30)])
    assert away.opens(london("2026-11-30T10:00")) == london("2026-12-01T09:00")
    assert OFFICE.is_open(london("2026-11-30T10:00"))


def test_a_week_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="seven days"):
        WorkingTime(week=(None,) * 7)
    with pytest.raises(ValueError, match="seven days"):
        WorkingTime(week=(EVERY_DAY,))


@given(times_of_work, instants, spans)
def test_what_has_passed_is_what_was_waited_for(
    work: WorkingTime, start: dt.datetime, working: dt.timedelta
) -> None:
    assert work.between(start, work.after(start, working)) == working


@given(times_of_work, instants, spans, spans)
def test_waiting_longer_never_ends_sooner(
    work: WorkingTime, start: dt.datetime, one: dt.timedelta, more: dt.timedelta
) -> None:
    assert start <= work.after(start, one) <= work.after(start, one + more)


@given(times_of_work, instants)
def test_it_is_open_when_it_opens(work: WorkingTime, now: dt.datetime) -> None:
    assert work.is_open(work.opens(now))
    assert work.is_open(now) == (work.opens(now) == now)
