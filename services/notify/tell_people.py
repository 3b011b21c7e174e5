"""Tell an alert to whoever it is the turn of: decide who, over what and when, and keep it to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notify import store
from services.notify.domain.alert import GROUPS, Alert, Delivery
from services.notify.domain.preferences import Preferences, when_to_tell
from services.notify.domain.rota import who_is_told
from services.notify.schema import read_kept_preferences
from shared.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.notify.domain.escalation import Step
    from services.notify.domain.rota import Person
    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

# News of a case has words of its own when it is told again; the rest is told in the same words.
_OF_CASES = ("cases", "changes")


def tell_people(
    alert: Alert,
    step: Step,
    number: int,
    unit: Unit,
    board: Switchboard,
    *,
    gather: bool = False,
    but_not: Collection[str] = (),
) -> list[str]:
    """Whoever is told with this step; their deliveries are kept, each over the first channel that they chose.

    `gather` is for rows of an import, which wait a little for one another. Nobody is told twice in one step,
    and nobody of a case in which they know somebody.
    """
    ladder = board.ladder_of(alert.team, alert.whose)
    barred = store.barred_from(unit.connection, alert.case)

    def without(those: Collection[str]) -> tuple[Person, ...]:
        told = who_is_told(ladder, step.rung, board.everybody, unit.now, urgent=alert.urgent, barred=those)
        return told.people

    # Whoever could not be told is told of that only where there is nobody else.
    people = without(barred.union(but_not)) or without(barred)
    for person in people:
        _tell_one(alert, person, number, _words(alert, step, person), unit, board, gather=gather)
    return [person.email for person in people]


def _words(alert: Alert, step: Step, person: Person) -> str:
    if GROUPS[alert.kind] not in _OF_CASES:
        return alert.kind
    # "You have it now" is true of one person; whoever is told in their place hears that it needs somebody.
    others = alert.kind == "given" and person.email != alert.whose
    first = "handed_on" if others else alert.kind
    return first if step.purpose == "first" else step.purpose


def _tell_one(
    alert: Alert, person: Person, number: int, words: str, unit: Unit, board: Switchboard, *, gather: bool
) -> None:
    wishes = wishes_of(person.email, unit)
    due = when_to_tell(person, wishes, unit.now, board.holidays, urgent=alert.urgent)
    gathered = not alert.urgent and (gather or due > unit.now)
    if gather and not alert.urgent:
        due = max(due, unit.now + board.gather_rows)
    ways = board.ways_to(person.email, wishes.channels_for(GROUPS[alert.kind]))
    for channel in ("in_app", *ways[:1]):
        store.keep_delivery(
            unit,
            Delivery(
                id=new_id(),
                alert_id=alert.id,
                case=alert.case,
                kind=alert.kind,
                channel=channel,
                recipient=person.email,
                urgent=alert.urgent,
                step=number,
                template=words,
                due_at=due,
                gather=gathered,
            ),
        )


def wishes_of(email: str, unit: Unit) -> Preferences:
    """How this person wants to be told; read once in a unit."""
    kept = unit.remember("preferences", lambda: store.all_preferences(unit.connection))
    return read_kept_preferences(kept[email]) if email in kept else Preferences()
