"""Tell whose turn it is what is due: shortly before, on the day that was promised, and when it has passed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from services.triage.domain.life.turn import whose_turn
from services.triage.history.store import History
from services.triage.lives.store import Lives, due_lives, hold_cases
from services.triage.move_case import today_of
from shared.contracts import CaseDue
from shared.working_time import england_and_wales

if TYPE_CHECKING:
    import datetime as dt

    from services.triage.lives.store import Kept
    from shared.database import Database
    from shared.messaging.unit import Unit

_MOST = 200
Kind = Literal["warning", "call_back", "breach"]


def watch_clocks(unit: Unit, database: Database) -> int:
    """Say what is due of the cases whose day has come near; how many were told of.

    A case on hold has the day on which it is looked at again, and no other: its clock stands still. On a day
    off nobody is warned, but whoever was promised a call on it is called.
    """
    today, calendar = today_of(unit.now), england_and_wales()
    working = calendar.is_working_day(today)
    horizon = calendar.next_working_day(today) if working else today
    told = 0
    near = due_lives(unit, horizon, today, _MOST, working=working)
    hold_cases(unit, database, [case_id for case_id, _, _ in near])
    for case_id, reference, team in near:
        kept = Lives.of(unit).find(case_id)
        kind = None if kept is None else kind_of(kept, today)
        if kept is None or kind is None:
            continue
        life = kept.life
        assert life.next_on is not None  # noqa: S101 - it is due
        for person in whose_turn(life, Lives.of(unit).situation(case_id, kept, None, today)):
            unit.say(
                CaseDue(
                    case=reference,
                    to_team=team,
                    owner=person,
                    task=life.task,
                    due_on=life.next_on,
                    kind=kind,
                    said_at=unit.now,
                    travels="normal" if kind == "warning" else "urgent",
                )
            )
        changed = replace(kept, warned_for=life.next_on)
        if kind == "breach":
            changed = replace(changed, breached_for=life.next_on)
        Lives.of(unit).change(case_id, changed)
        History.of(unit).write(case_id, f"due_{kind}", "triage", {"task": life.task, "due_on": life.next_on})
        told += 1
    return told


def kind_of(kept: Kept, today: dt.date) -> Kind | None:
    """What there is to say of a case today that was not said before."""
    day = kept.life.next_on
    if day is None:
        return None
    if day < today:
        return None if kept.breached_for == day else "breach"
    if kept.warned_for == day:
        return None
    if today_of(kept.life.since) == today:
        return None  # whoever was just given a task need not be reminded of it
    if kept.life.task == "call_back":
        return "call_back" if day == today else None
    return "warning"
