"""Keep what somebody who asked for time was promised: a call on that day, and no pressing before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.triage.domain.life.guards import Given
from services.triage.domain.life.moving import may_rest_until, move
from services.triage.domain.routing.facts import stirred_by
from services.triage.lives.store import Lives
from services.triage.move_case import HUB, due_of, today_of, try_to_move

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from services.triage.domain.clocks.targets import Targets
    from services.triage.domain.life.moving import Life
    from services.triage.domain.life.situation import Situation
    from services.triage.domain.routing.facts import Facts
    from services.triage.lives.store import Kept
    from services.triage.store import Case
    from shared.messaging.unit import Unit


def begin_with_promise(
    life: Life,
    facts: Facts,
    gates: Sequence[str],
    situation: Situation,
    now: dt.datetime,
    due: Callable[[str], dt.date],
) -> Life:
    """A case that was just opened, resting until the promised day, if there is one and it may.

    Where the case lacks something it is asked for on that day; else the case is on hold until then.
    """
    day = _promised(facts, gates, situation.today)
    if day is None:
        return life
    if life.state == "returned":
        return replace(life, next_on=day)
    return move(life, "hold", HUB, _until(day), situation, now, due)


def keep_promise(case: Case, unit: Unit, targets: Targets) -> None:
    """A returned case has what it lacked: what was promised to whoever asked holds in it as it would have."""
    kept = Lives.of(unit).find(case.id)
    if kept is None or kept.life.state != "triage":
        return
    day = _promised(kept.facts, kept.gates, today_of(unit.now))
    if day is not None:
        try_to_move(case, "hold", unit, targets, given=_until(day))


def wake(case: Case, before: Kept, unit: Unit, targets: Targets) -> None:
    """Something was learnt of a case that rests behind a promise: if that may not wait, the case goes on.

    `before` is what was known until now: who knew of a danger, and promised a call, is not overruled.
    """
    today = today_of(unit.now)
    kept = Lives.of(unit).find(case.id)
    day = None if kept is None else _rests_until(kept)
    if kept is None or day is None:
        return
    known = stirred_by(before.facts, before.gates, day, today)
    if stirred_by(kept.facts, kept.gates, day, today) <= known:
        return
    if kept.life.state == "on_hold":
        try_to_move(case, "resume", unit, targets)
        return
    due_on = due_of(case, kept, targets, today)(kept.life.task)
    Lives.of(unit).change(case.id, replace(kept, life=replace(kept.life, next_on=min(due_on, day))))


def _promised(facts: Facts, gates: Sequence[str], today: dt.date) -> dt.date | None:
    day = facts.more_time_until
    if day is None or not may_rest_until(day, today) or stirred_by(facts, gates, day, today):
        return None
    return day


def _rests_until(kept: Kept) -> dt.date | None:
    life = kept.life
    if life.state == "returned":
        return life.next_on if life.next_on == kept.facts.more_time_until else None
    return life.next_on if life.task == "call_back" else None


def _until(day: dt.date) -> Given:
    return Given(reason="H-MORE-TIME", review_on=str(day))
