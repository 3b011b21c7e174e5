"""Who came into a case has left it: it stands as it stood before they came."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.triage.assign_case import tell_of_giving
from services.triage.history.store import SYSTEM, History
from services.triage.lives.store import Lives
from services.triage.send_case import hand_over
from services.triage.standings_store import Standing, find_standing, keep_standing
from services.triage.store import Register

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from services.triage.lives.store import Kept
    from services.triage.send_case import Table
    from shared.messaging.unit import Unit


def stands_now(case_id: UUID, unit: Unit) -> Standing | None:
    """How a case that was looked up stands; None in cases from before that was kept."""
    register, kept = Register.of(unit), Lives.of(unit).find(case_id)
    if kept is None:
        return None
    return Standing(_versions(register.members(case_id), register), register.case(case_id), kept)


def keep_if_joined(stood: Iterable[Standing], unit: Unit) -> None:
    """Keep how these cases stood into which others have come since, or that have become part of another."""
    for before in stood:
        now = stands_now(before.case.id, unit)
        if now is None or not before.members:
            continue
        if now.members.keys() - before.members.keys() or now.case.merged_into != before.case.merged_into:
            keep_standing(replace(before, taken_back=_taken_back(before.members, unit)), now, unit)


def put_back(
    now: Standing, members: Sequence[str], unit: Unit, table: Table, *, who: str = SYSTEM
) -> Standing | None:
    """The case as it stood when only these were in it, if nothing but their coming has changed it since.

    `now` is how it stood until they left. None where more has happened: then what it is has to be reckoned
    from those who are in it. Nobody is told of it here.
    """
    register = Register.of(unit)
    before = find_standing(now, _versions(members, register), _taken_back(members, unit), unit)
    if before is None:
        return None
    register.put_back(before.case)
    Lives.of(unit).change(before.case.id, _with_what_was_said(before.kept, now.kept))
    if before.kept.life == now.kept.life:
        return before
    life = before.kept.life
    detail = {"from": now.kept.life.state, "to": life.state, "next": life.task, "next_on": life.next_on}
    History.of(unit).write(before.case.id, "put_back", who, detail | {"owner": life.owner})
    if life.owner != now.kept.life.owner:
        tell_of_giving(before.case, (), {now.kept.life.owner} - {life.owner}, SYSTEM, unit)
        if life.owner not in (one.email for one in table.teams.members_of(before.case.team)):
            hand_over(before.case, before.kept, unit, table, is_routed=True)
    return before


def _with_what_was_said(before: Kept, now: Kept) -> Kept:
    """Whatever was said meanwhile of the day that is its day again is not said once more."""
    day = before.life.next_on
    warned = day if now.warned_for == day else before.warned_for
    return replace(
        before, warned_for=warned, breached_for=day if now.breached_for == day else before.breached_for
    )


def _versions(references: Sequence[str], register: Register) -> dict[str, int]:
    return {one: known.triaged.version for one in references if (known := register.known(one)) is not None}


def _taken_back(references: Iterable[str], unit: Unit) -> frozenset[str]:
    register = Register.of(unit)
    return frozenset(reference for reference in references if not register.stands(reference))
