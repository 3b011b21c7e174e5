"""Move a case from one state to the next, keep who did it and why, and say so to whoever waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.triage.domain.life.guards import Given
from services.triage.domain.life.moving import STOP, Actor, Life, Refused, move, with_task
from services.triage.domain.life.situation import Record
from services.triage.domain.life.states import TOLD_AGENCY
from services.triage.domain.life.turn import is_told_at_once, whose_turn
from services.triage.history.store import SYSTEM, History
from services.triage.lives.store import Kept, Lives
from shared.contracts import CaseDue, CaseProgressed
from shared.working_time import LONDON, england_and_wales

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from services.triage.assign_case import Assigned
    from services.triage.domain.clocks.targets import Targets
    from services.triage.domain.life.situation import Situation
    from services.triage.store import Case
    from shared.messaging.unit import Unit

HUB = Actor(SYSTEM, "system")
# What of what is given is free text: the history holds none, a record of the case does.
_IN_WORDS: Final = ("to", "accepted_by")


def today_of(now: dt.datetime) -> dt.date:
    """Which day it is in London."""
    return now.astimezone(LONDON).date()


def due_in(
    team: str, targets: Targets, today: dt.date, *, urgent: bool, hearing_on: dt.date | None = None
) -> Callable[[str], dt.date]:
    """When a task that begins today is due, in working days of England and Wales.

    Where a court waits, no later than leaves time for the rest before the hearing; what ought to have been
    done already is due today.
    """
    calendar = england_and_wales()

    def due(task: str) -> dt.date:
        usual = calendar.after_working_days(today, targets.days(task, team, today, urgent=urgent))
        back = targets.before_hearing(task, today)
        if hearing_on is None or hearing_on < today or back is None:
            return usual
        return max(min(usual, calendar.before_working_days(hearing_on, back)), today)

    return due


def due_of(case: Case, kept: Kept, targets: Targets, today: dt.date) -> Callable[[str], dt.date]:
    """The same for a case as it stands."""
    hearing_on = kept.facts.hearing_on if "court" in kept.gates else None
    return due_in(case.team, targets, today, urgent=kept.urgent, hearing_on=hearing_on)


def situation_of(case: Case, kept: Kept, unit: Unit) -> Situation:
    """What is known of a case now."""
    return Lives.of(unit).situation(case.id, kept, case.lacks, today_of(unit.now))


def move_case(
    case: Case,
    name: str,
    unit: Unit,
    targets: Targets,
    *,
    actor: Actor = HUB,
    given: Given = Given(),  # noqa: B008 - it is frozen
    owner: Assigned | None = None,
    referrals: Sequence[str] = (),
) -> Kept | None:
    """The case after this transition; `Refused` when it may not happen.

    `owner` takes it over. `referrals` are told where it stands now, if that is another word for them.
    None where nothing is kept of the case's life: it is from before that was.
    """
    kept = Lives.of(unit).find(case.id)
    if kept is None:
        return None
    if owner is not None:
        kept = replace(kept, nobody_fits=owner.nobody_fits)
    today = today_of(unit.now)
    due = due_of(case, kept, targets, today)
    before = kept.life
    situation = situation_of(case, kept, unit)
    life = move(before, name, actor, given, situation, unit.now, due)
    left = kept.left
    if name == "hold" and before.next_on is not None:
        left = england_and_wales().working_days_between(today, before.next_on)
    elif before.hold is not None and life.hold is None:
        # The clock stood still: what was left of its time is left now.
        if life.is_open and left is not None and life.state == before.hold[0]:
            life = replace(life, next_on=england_and_wales().after_working_days(today, max(left, 1)))
        left = None
    if owner is not None:
        life = replace(life, owner=owner.owner)
    if name == "reopen":
        Lives.of(unit).record(case.id, Record("reopened", {}, today, actor.name))
    changed = replace(kept, life=life, left=left, warned_for=None, breached_for=None)
    Lives.of(unit).change(case.id, changed)
    _write(case.id, name, before, changed.life, actor, given, unit)
    _tell(case, before, life, referrals, unit)
    if is_told_at_once(before, life, name):
        others = (person for person in whose_turn(life, situation) if person != actor.name)
        say_begun(case, life, others, unit)
    return changed


def settle_task(case: Case, unit: Unit, targets: Targets, by: str = "") -> None:
    """Something was learnt about the case: the one next thing may be another now.

    `by` is who recorded it, and need not be told.
    """
    kept = Lives.of(unit).find(case.id)
    if kept is None:
        return
    due = due_of(case, kept, targets, today_of(unit.now))
    situation = situation_of(case, kept, unit)
    life = with_task(kept.life, situation, due)
    if life != kept.life:
        Lives.of(unit).change(case.id, replace(kept, life=life))
        if is_told_at_once(kept.life, life):
            turn = (person for person in whose_turn(life, situation) if person != by or not by)
            say_begun(case, life, turn, unit, urgent=life.task == STOP)


def try_to_move(case: Case, name: str, unit: Unit, targets: Targets, **how: object) -> Kept | None:
    """The same, where it does not matter if the case stands somewhere else: None then."""
    try:
        return move_case(case, name, unit, targets, **how)  # type: ignore[arg-type]  # handed on as they came
    except Refused:
        return None


def _write(
    case_id: UUID, name: str, before: Life, life: Life, actor: Actor, given: Given, unit: Unit
) -> None:
    detail: dict[str, object] = {
        "transition": name,
        "from": before.state,
        "to": life.state,
        "role": actor.role,
        "next": life.task,
        "next_on": life.next_on,
        "owner": life.owner,
    }
    said = {key: value for key, value in vars(given).items() if value and key not in _IN_WORDS}
    History.of(unit).write(case_id, "moved", actor.name, detail | said)


def _tell(case: Case, before: Life, life: Life, referrals: Sequence[str], unit: Unit) -> None:
    status = TOLD_AGENCY[life.state]
    if status == TOLD_AGENCY[before.state]:
        return
    for referral in referrals:
        unit.say(
            CaseProgressed(case=case.reference, referral=referral, status=status, progressed_at=unit.now)
        )


def say_begun(case: Case, life: Life, people: Iterable[str], unit: Unit, *, urgent: bool = False) -> None:
    """These are to do what is next from now on: they are told at once, and not only when it is nearly due.

    An empty address stands for the supervisors of the team.
    """
    assert life.next_on is not None  # noqa: S101 - there is something to do
    for person in people:
        unit.say(
            CaseDue(
                case=case.reference,
                to_team=case.team,
                owner=person,
                task=life.task,
                due_on=life.next_on,
                kind="begun",
                said_at=unit.now,
                travels="urgent" if urgent else "normal",
            )
        )
