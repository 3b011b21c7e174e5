"""Something was learnt of a case that may not wait: it rests no longer, and who has it is told at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.triage.domain.life.turn import whose_turn
from services.triage.domain.routing.facts import dangers_in, stirred_by
from services.triage.lives.store import Lives
from services.triage.move_case import due_of, say_begun, situation_of, today_of, try_to_move

if TYPE_CHECKING:
    import datetime as dt

    from services.triage.domain.clocks.targets import Targets
    from services.triage.lives.store import Kept
    from services.triage.store import Case
    from shared.messaging.unit import Unit


def wake_case(case: Case, before: Kept, unit: Unit, targets: Targets) -> None:
    """`before` is what was known until now: who knew of a danger, and let the case rest, is not overruled.

    A case that rests behind a promise goes on, also where a court is heard before its day; what is next in
    one that does not rest is due by the court's clock, or sooner where the case is urgent now. Whatever else
    it waits for still stands when a danger is learnt: it stays on hold, and is looked at today. Of a danger
    its owner is told at once, and whose turn it is, wherever the case stands.
    """
    _set_day_anew(case, before, unit, targets)
    _end_rest(case, before, unit, targets)
    kept = Lives.of(unit).find(case.id)
    if kept is None or not kept.life.is_open or not is_danger_new(before, kept):
        return
    assert kept.life.next_on is not None  # noqa: S101 - it is open
    if kept.life.state == "on_hold":
        life = replace(kept.life, next_on=min(kept.life.next_on, today_of(unit.now)))
        kept = replace(kept, life=life)
        Lives.of(unit).change(case.id, kept)
    turn = whose_turn(kept.life, situation_of(case, kept, unit))
    say_begun(case, kept.life, dict.fromkeys((kept.life.owner, *turn)), unit, urgent=True)


def is_danger_new(before: Kept, now: Kept) -> bool:
    """Whether something is to be looked to first that was not known before."""
    return bool(dangers_in(now.facts, now.gates) - dangers_in(before.facts, before.gates))


def _set_day_anew(case: Case, before: Kept, unit: Unit, targets: Targets) -> None:
    """A hearing that sits later leaves more time; nothing else that is learnt puts off what was due."""
    kept = Lives.of(unit).find(case.id)
    if kept is None or not kept.life.is_open or kept.life.state == "on_hold" or _rests_until(kept):
        return
    assert kept.life.next_on is not None  # noqa: S101 - it is open
    due_on = due_of(case, kept, targets, today_of(unit.now))(kept.life.task)
    known, now = before.facts, kept.facts
    if known.hearing_on and now.hearing_on and now.pre_sentence and now.hearing_on > known.hearing_on:
        next_on = due_on
    elif (now.pre_sentence and (known.stage, known.hearing_on) != (now.stage, now.hearing_on)) or (
        kept.urgent and not before.urgent
    ):
        next_on = min(kept.life.next_on, due_on)
    else:
        return
    Lives.of(unit).change(case.id, replace(kept, life=replace(kept.life, next_on=next_on)))


def _end_rest(case: Case, before: Kept, unit: Unit, targets: Targets) -> None:
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


def _rests_until(kept: Kept) -> dt.date | None:
    life = kept.life
    if life.state == "returned":
        return life.next_on if life.next_on == kept.facts.more_time_until else None
    return life.next_on if life.task == "call_back" else None
