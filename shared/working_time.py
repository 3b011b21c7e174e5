"""Working days and hours in England and Wales: what is open now, and when so much of it has passed.

Bank holidays are those that the package govuk-bank-holidays brings with it; nothing is fetched. After the
last year that it knows (`known_until`) only weekends are days off, so its pin is renewed once a year. Clock
times are London's, instants are aware; what is computed is in UTC. Every function is told what time it is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONDON: Final = ZoneInfo("Europe/London")
_DAY: Final = dt.timedelta(days=1)
_NONE: Final = dt.timedelta()

Hours = tuple[dt.time, dt.time]
_OFFICE: Final[Hours] = (dt.time(9), dt.time(17))
OFFICE_WEEK: Final[tuple[Hours | None, ...]] = (_OFFICE,) * 5 + (None, None)


@dataclass(frozen=True)
class WorkingTime:
    """When somebody or something is at work: hours for each weekday (Monday first), and days off.

    Hours that end before they begin go on into the next day; equal ones are a whole day round.
    """

    days_off: frozenset[dt.date] = frozenset()
    week: tuple[Hours | None, ...] = field(default=OFFICE_WEEK)

    def __post_init__(self) -> None:
        """Refuse a week that never opens: whoever waited for it would wait for ever."""
        if len(self.week) != 7 or not any(self.week):  # noqa: PLR2004 - days of a week
            message = "a week has seven days, and hours on one of them at least"
            raise ValueError(message)

    def without(self, days: Iterable[dt.date]) -> WorkingTime:
        """The same with more days off, such as somebody's leave."""
        return replace(self, days_off=self.days_off | frozenset(days))

    def is_working_day(self, day: dt.date) -> bool:
        """Whether there are hours on this day."""
        return self.week[day.weekday()] is not None and day not in self.days_off

    def next_working_day(self, day: dt.date) -> dt.date:
        """The first working day after this one."""
        return self.after_working_days(day, 1)

    def after_working_days(self, day: dt.date, count: int) -> dt.date:
        """The working day so many after this one; with 0 the day itself, or the next that is one.

        "Within 5 working days of a Friday" is `after_working_days(friday, 5)`: the Friday after, if no day
        between is a bank holiday.
        """
        if count == 0:
            return day if self.is_working_day(day) else self.after_working_days(day, 1)
        while count:
            day += _DAY
            count -= self.is_working_day(day)
        return day

    def before_working_days(self, day: dt.date, count: int) -> dt.date:
        """The working day so many before this one: what must be done by then leaves that many days."""
        while count:
            day -= _DAY
            count -= self.is_working_day(day)
        return day

    def working_days_between(self, first: dt.date, last: dt.date) -> int:
        """How many working days come after `first`, up to and with `last`; none when it is not later."""
        return sum(self.is_working_day(first + _DAY * n) for n in range(1, (last - first).days + 1))

    def hours_on(self, day: dt.date) -> tuple[dt.datetime, dt.datetime] | None:
        """From when until when is worked in the hours that begin on this day, in UTC; None on a day off."""
        hours = self.week[day.weekday()]
        if hours is None or day in self.days_off:
            return None
        opens, closes = hours
        ends_on = day if closes > opens else day + _DAY
        return _instant(day, opens), _instant(ends_on, closes)

    def is_open(self, now: dt.datetime) -> bool:
        """Whether it is at work at this instant."""
        return self.opens(now) <= now

    def opens(self, now: dt.datetime) -> dt.datetime:
        """The same instant if it is at work then, else the next at which it begins."""
        begins, _ = next(self._hours_from(now))
        return max(begins, now)

    def after(self, start: dt.datetime, working: dt.timedelta) -> dt.datetime:
        """The instant at which so much working time has passed since `start`.

        With none it is `start` itself if that lies in working time, else the next opening.
        """
        left, last = working, start
        for begins, ends in self._hours_from(start):
            since = max(begins, last)  # hours that overlap are worked once
            if ends > since and left <= ends - since:
                return since + left
            left -= max(ends - since, _NONE)
            last = max(last, ends)
        raise AssertionError  # hours never end

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How much working time lies between two instants; none when the second is not later."""
        worked, last = _NONE, start
        for begins, ends in self._hours_from(start):
            if begins >= end:
                break
            worked += max(min(ends, end) - max(begins, last), _NONE)
            last = max(last, ends)
        return worked

    def _hours_from(self, now: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        day = now.astimezone(LONDON).date() - _DAY  # yesterday's may go on into today
        while True:
            hours = self.hours_on(day)
            if hours is not None and hours[1] > now:
                yield hours
            day += _DAY


def _instant(day: dt.date, clock: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, clock, LONDON).astimezone(dt.UTC)


@cache
def england_and_wales() -> WorkingTime:
    """Office hours, Monday to Friday from nine to five, without bank holidays."""
    return WorkingTime(bank_holidays())


@cache
def bank_holidays() -> frozenset[dt.date]:
    """Every bank holiday of England and Wales that is known, from 2012 on."""
    # Brings an HTTP client along that is never used here: a command that asks for no calendar need not wait.
    from govuk_bank_holidays.bank_holidays import BankHolidays  # noqa: PLC0415

    known = BankHolidays(use_cached_holidays=True)
    return frozenset(event["date"] for event in known.get_holidays(division=BankHolidays.ENGLAND_AND_WALES))


def known_until() -> dt.date:
    """The last day of the last year whose bank holidays are known."""
    return dt.date(max(bank_holidays()).year, 12, 31)
