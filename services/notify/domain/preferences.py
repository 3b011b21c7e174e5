"""How somebody wants to be told: over which channels, at once or gathered, and when they have peace."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from services.notify.domain.alert import ChannelName, Group

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from services.notify.domain.rota import Person

Digest = Literal["at_once", "hourly", "daily"]

_LONDON = ZoneInfo("Europe/London")
_MAIL: Final[tuple[ChannelName, ...]] = ("mail",)
# Each turn moves on by at least some minutes: two weeks of turns find an hour in any week that has one.
_MOST_TURNS = 2000
_SATURDAY = 5


@dataclass(frozen=True)
class Preferences:
    """One person's; the defaults tell everything at once, by mail. Clock times are London's.

    Quiet hours, weekends and bank holidays hold back what is not urgent, and nothing else.
    """

    channels: Mapping[Group, tuple[ChannelName, ...]] = field(default_factory=dict)
    digest: Digest = "at_once"
    daily_at: dt.time = dt.time(9)
    quiet: tuple[dt.time, dt.time] | None = None
    weekends: bool = True
    bank_holidays: bool = True

    def channels_for(self, group: Group) -> tuple[ChannelName, ...]:
        """The channels for this kind of news, the first choice first; what is in the app is always there."""
        return self.channels.get(group, _MAIL)


def when_to_tell(
    person: Person, wishes: Preferences, now: dt.datetime, holidays: Collection[dt.date], *, urgent: bool
) -> dt.datetime:
    """The first instant at which this person may be told; what is urgent is told now."""
    if urgent:
        return now
    at = _digest_after(now, wishes)
    for _ in range(_MOST_TURNS):
        later = _out_of_quiet(_to_a_day(person.can_be_told(at), wishes, holidays), wishes)
        if later == at:
            return at
        at = later
    # Nobody's wishes leave no hour at all; who contradicts themselves is told.
    return now


def _digest_after(now: dt.datetime, wishes: Preferences) -> dt.datetime:
    local = now.astimezone(_LONDON)
    if wishes.digest == "hourly":
        full = local.replace(minute=0, second=0, microsecond=0).astimezone(dt.UTC)
        return full if full == now else full + dt.timedelta(hours=1)
    if wishes.digest == "daily":
        today = _at(local.date(), wishes.daily_at)
        return today if today >= now else _at(local.date() + dt.timedelta(days=1), wishes.daily_at)
    return now


def _to_a_day(at: dt.datetime, wishes: Preferences, holidays: Collection[dt.date]) -> dt.datetime:
    day = at.astimezone(_LONDON).date()
    free = (day.weekday() >= _SATURDAY and not wishes.weekends) or (
        day in holidays and not wishes.bank_holidays
    )
    if not free:
        return at
    return _at(day + dt.timedelta(days=1), wishes.daily_at if wishes.digest == "daily" else dt.time(0))


def _out_of_quiet(at: dt.datetime, wishes: Preferences) -> dt.datetime:
    if wishes.quiet is None:
        return at
    begins, ends = wishes.quiet
    local = at.astimezone(_LONDON)
    clock = local.time()
    if begins <= ends:
        return _at(local.date(), ends) if begins <= clock < ends else at
    if clock >= begins:
        return _at(local.date() + dt.timedelta(days=1), ends)
    return _at(local.date(), ends) if clock < ends else at


def _at(day: dt.date, clock: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, clock, _LONDON).astimezone(dt.UTC)
