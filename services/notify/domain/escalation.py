"""Until somebody has it: when an alert reminds, goes to the next on the rota, and to the supervisor.

Delivery is not acknowledgement. The clocks of what is urgent run day and night; those of the rest run in the
hub's working time (DESIGN, section 1: tells until somebody has it).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from services.notify.domain.alert import Alert
    from services.notify.domain.rota import Ladder

Purpose = Literal["first", "reminder", "handed_on"]


class Clock(Protocol):
    """Working time."""

    def after(self, start: dt.datetime, working: dt.timedelta) -> dt.datetime:
        """The instant at which so much of it has passed."""


@dataclass(frozen=True)
class Step:
    """What happens to an alert that nobody has taken: how long after it was raised, who is told, as what."""

    after: dt.timedelta
    rung: int
    purpose: Purpose


@dataclass(frozen=True)
class Pace:
    """How quickly alerts climb; `again` is how often whoever is at the top is reminded."""

    reminder: dt.timedelta
    next_rung: dt.timedelta
    supervisor: dt.timedelta
    again: dt.timedelta


ORDINARY: Final = Pace(
    reminder=dt.timedelta(hours=4),
    next_rung=dt.timedelta(hours=8),
    supervisor=dt.timedelta(hours=16),
    again=dt.timedelta(hours=8),
)
URGENT: Final = Pace(
    reminder=dt.timedelta(minutes=15),
    next_rung=dt.timedelta(minutes=30),
    supervisor=dt.timedelta(minutes=60),
    again=dt.timedelta(minutes=60),
)


def pace_of(*, urgent: bool) -> Pace:
    """The pace of an alert."""
    return URGENT if urgent else ORDINARY


def step_at(number: int, ladder: Ladder, *, urgent: bool) -> Step:
    """The step of this number; 0 is the first telling. There is no last: the top is reminded again and again.

    The rungs between the first and the supervisors share the time between `next_rung` and `supervisor`.
    """
    pace = pace_of(urgent=urgent)
    between = range(1, ladder.supervisors)
    steps = [Step(dt.timedelta(), 0, "first")]
    if ladder.supervisors > 0:
        steps.append(Step(pace.reminder, 0, "reminder"))
        share = (pace.supervisor - pace.next_rung) / max(1, len(between))
        steps += [
            Step(pace.next_rung + share * place, rung, "handed_on") for place, rung in enumerate(between)
        ]
        steps.append(Step(pace.supervisor, ladder.supervisors, "handed_on"))
    if number < len(steps):
        return steps[number]
    last = steps[-1]
    beyond = number - len(steps) + 1
    # One rung more, where there is one: the duty desk is told with the second reminder of the supervisors.
    rung = ladder.supervisors if beyond == 1 else len(ladder.rungs) - 1
    return Step(last.after + pace.again * beyond, rung, "reminder")


def supervisors_step(ladder: Ladder) -> int:
    """The number of the step with which the supervisors are told."""
    return ladder.supervisors + 1 if ladder.supervisors else 0


def due_of_step(alert: Alert, number: int, ladder: Ladder, work: Clock) -> dt.datetime:
    """When this step is due for an alert: counted from its raising, and from the step that it began with."""
    began, step = (step_at(one, ladder, urgent=alert.urgent) for one in (alert.began_at, number))
    after = step.after - began.after
    return alert.raised_at + after if alert.urgent else work.after(alert.raised_at, after)
