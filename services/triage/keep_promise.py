"""Keep what somebody who asked for time was promised: a call on that day, and no pressing before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.triage.domain.life.guards import Given
from services.triage.domain.life.moving import may_rest_until, move
from services.triage.domain.routing.facts import stirred_by
from services.triage.lives.store import Lives
from services.triage.move_case import HUB, today_of, try_to_move

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from services.triage.domain.clocks.targets import Targets
    from services.triage.domain.life.moving import Life
    from services.triage.domain.life.situation import Situation
    from services.triage.domain.routing.facts import Facts
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


def _promised(facts: Facts, gates: Sequence[str], today: dt.date) -> dt.date | None:
    day = facts.more_time_until
    if day is None or not may_rest_until(day, today) or stirred_by(facts, gates, day, today):
        return None
    return day


def _until(day: dt.date) -> Given:
    return Given(reason="H-MORE-TIME", review_on=str(day))
