"""Alerts that nobody has taken: remind, tell the next on the rota, then the supervisor, and go on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from services.notify import store
from services.notify.domain.escalation import due_of_step, pace_of, step_at
from services.notify.tell_people import tell_people

if TYPE_CHECKING:
    from services.notify.domain.alert import Happening
    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

_ROUND: Final = 200


def climb_rota(unit: Unit, board: Switchboard) -> int:
    """One round: how many alerts took a step.

    A step's time is counted from the raising of the alert. After an outage in which several fell due they are
    taken one by one, a third of a reminder's time apart, so that nobody gets all of them at once.
    """
    due = store.claim_steps(unit, _ROUND)
    for alert in due:
        ladder, number = board.ladder_of(alert.team, alert.whose), alert.step + 1
        step = step_at(number, ladder, urgent=alert.urgent)
        told = tell_people(alert, step, number, unit, board)
        what: Happening = "handed_on" if step.purpose == "handed_on" else "reminded"
        store.note(unit, alert.id, what, "notify", told=told, step=number)
        pause: dt.timedelta = pace_of(urgent=alert.urgent).reminder / 3
        next_at = due_of_step(alert, number + 1, ladder, board.work)
        store.set_step(unit, alert.id, number, max(next_at, unit.now + pause))
    return len(due)
