"""Somebody is always told: over every rota with gaps, at every hour, on every rung."""

from __future__ import annotations

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.alert import Alert
from services.notify.domain.escalation import ORDINARY, URGENT, due_of_step, step_at, supervisors_step
from services.notify.domain.preferences import Preferences, when_to_tell
from services.notify.domain.rota import Ladder, Person, who_is_told
from shared.working_time import WorkingTime, england_and_wales

BEGIN = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
LONDON = ZoneInfo("Europe/London")
NAMES = [f"person{n}@hub.example" for n in range(8)]
instants = st.timedeltas(dt.timedelta(), dt.timedelta(days=90)).map(lambda passed: BEGIN + passed)
days = st.integers(0, 90).map(lambda n: (BEGIN + dt.timedelta(days=n)).date())
leaves = st.lists(st.tuples(days, st.integers(0, 30)), max_size=2).map(
    lambda found: tuple((first, first + dt.timedelta(days=more)) for first, more in found)
)
hours = st.sampled_from([(dt.time(9), dt.time(17)), (dt.time(22), dt.time(6)), (dt.time(7), dt.time(7, 30))])
weeks = st.lists(st.none() | hours, min_size=7, max_size=7).filter(any)


@st.composite
def rotas(draw: st.DrawFn) -> tuple[Ladder, dict[str, Person]]:
    """A team with gaps: people without hours or with odd ones, on leave, covered in a circle or by nobody."""
    people = {
        name: Person(
            email=name,
            level=draw(st.integers(1, 3)),
            work=draw(st.none() | weeks.map(lambda week: WorkingTime(week=tuple(week)))),
            leave=draw(leaves),
            cover=draw(st.sampled_from(["", *NAMES])),
        )
        for name in NAMES
    }
    chosen = draw(st.permutations(NAMES))
    first, second = sorted(draw(st.tuples(st.integers(0, 4), st.integers(0, 6))))
    team = [people[name] for name in chosen[:first]]
    above = [people[name] for name in chosen[first:second]]
    return Ladder.of(team, above, [people[chosen[-1]]]), people


@given(rotas(), st.integers(0, 6), instants, st.booleans())
def test_somebody_is_told_and_of_those_who_work_nobody_is_passed_over(
    rota: tuple[Ladder, dict[str, Person]],
    rung: int,
    now: dt.datetime,
    urgent: bool,  # noqa: FBT001 - drawn
) -> None:
    ladder, everybody = rota
    told = who_is_told(ladder, rung, everybody, now, urgent=urgent)
    assert told.people
    assert len({person.email for person in told.people}) == len(told.people)
    away = [person for person in told.people if person.is_away(now)]
    # Only the last rung, and only when all of it is away, is told in its leave.
    assert not away or told.rung == len(ladder.rungs) - 1
    at_work = [
        person for one in ladder.rungs[rung:] for person in one.people
        if not person.is_away(now) and person.can_be_told(now) <= now
    ]  # fmt: skip
    if urgent and at_work:
        assert all(person.can_be_told(now) <= now for person in told.people)


@given(rotas(), st.booleans())
def test_every_alert_climbs_to_the_supervisors_in_time_and_never_stops(
    rota: tuple[Ladder, dict[str, Person]],
    urgent: bool,  # noqa: FBT001 - drawn
) -> None:
    ladder, _ = rota
    pace = URGENT if urgent else ORDINARY
    steps = [step_at(number, ladder, urgent=urgent) for number in range(12)]
    assert steps[0].after == dt.timedelta()
    assert [step.after for step in steps] == sorted(step.after for step in steps)
    assert steps[supervisors_step(ladder)].rung == ladder.supervisors
    assert steps[supervisors_step(ladder)].after <= pace.supervisor
    assert steps[11].after > steps[10].after
    assert {step.rung for step in steps} == set(range(len(ladder.rungs)))


@given(rotas(), instants, st.integers(0, 4))
def test_the_clock_of_what_is_not_urgent_stands_still_out_of_hours(
    rota: tuple[Ladder, dict[str, Person]], raised: dt.datetime, began_at: int
) -> None:
    ladder, work = rota[0], england_and_wales()
    for urgent in (False, True):
        first, second = (step_at(began_at + more, ladder, urgent=urgent).after for more in (0, 1))
        alert = Alert(UUID(int=1), "C-1", "opening", "hub", urgent, "open", raised, began_at=began_at)
        due = due_of_step(alert, began_at + 1, ladder, work)
        assert (due - raised if urgent else work.between(raised, due)) == second - first


clocks = st.integers(0, 24 * 60 - 1).map(lambda minute: dt.time(minute // 60, minute % 60))
wishes = st.builds(
    Preferences,
    digest=st.sampled_from(["at_once", "hourly", "daily"]),
    daily_at=clocks,
    quiet=st.none() | st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]),
    weekends=st.booleans(),
    bank_holidays=st.booleans(),
)


@given(wishes, instants)
def test_whoever_wants_peace_has_it_and_is_told_in_the_end(wanted: Preferences, now: dt.datetime) -> None:
    person, holidays = Person("a@hub.example"), {dt.date(2026, 12, 25), dt.date(2026, 12, 28)}
    at = when_to_tell(person, wanted, now, holidays, urgent=False)
    assert now <= at <= now + dt.timedelta(days=10)
    local = at.astimezone(LONDON)
    if wanted.quiet is not None:
        begins, ends = wanted.quiet
        inside = begins <= local.time() < ends if begins <= ends else not ends <= local.time() < begins
        assert not inside
    if not wanted.weekends:
        assert local.weekday() < 5
    if not wanted.bank_holidays:
        assert local.date() not in holidays
    assert when_to_tell(person, wanted, now, holidays, urgent=True) == now
    # What waits for its time stays due at that time.
    assert when_to_tell(person, wanted, at, holidays, urgent=False) == at or wanted.digest != "at_once"


def test_a_daily_digest_is_told_at_its_time_on_the_next_day_that_is_wanted() -> None:
    wanted = Preferences(digest="daily", daily_at=dt.time(8, 30), weekends=False)
    friday = dt.datetime(2026, 11, 27, 10, tzinfo=dt.UTC)
    at = when_to_tell(Person("a@hub.example"), wanted, friday, (), urgent=False)
    assert at == dt.datetime(2026, 11, 30, 8, 30, tzinfo=dt.UTC)
