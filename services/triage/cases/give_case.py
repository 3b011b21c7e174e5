"""Who may be given a case: by the register, their leave, and whom they know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.triage.assign_case import Assigned, tell_of_giving
from services.triage.cases import store
from services.triage.cases.hold_case import NotNow
from services.triage.domain.life.situation import Record
from services.triage.domain.teams.assigning import LEVELS, WHYS, Member, Task, why_not
from services.triage.lives.store import Lives
from services.triage.move_case import today_of
from services.triage.send_case import conflicts_in
from shared.directory import DUTY_DESK
from shared.problems import Fault, Unprocessable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from services.triage.cases.hold_case import Who
    from services.triage.cases.store import Seen
    from services.triage.domain.life.guards import Given
    from services.triage.send_case import Table
    from shared.messaging.unit import Unit


def colleagues_of(team: str, table: Table, today: dt.date) -> dict[str, Member]:
    """Who may have a case of this team: who works in it, who stands in for them, its lead, who else leads."""
    teams = table.teams
    members = [*teams.members_of(team), *teams.standing_in(team, today), *teams.members_of(DUTY_DESK)]
    found = {member.email: member for member in members}
    return found | {one: teams.everybody[one] for one in teams.supervisors if one not in found}


def check_owner(seen: Seen, owner: str, unit: Unit, table: Table) -> Assigned:
    """Whoever a case is given to, when they may have it; a problem that says why not."""
    today = today_of(unit.now)
    colleagues = colleagues_of(seen.case.team, table, today)
    if owner not in colleagues:
        told = f"One of {', '.join(sorted(colleagues))}."
        raise Unprocessable(errors=[Fault("/owner", "not_allowed", told)])
    conflicts = conflicts_in(seen.case, seen.kept, unit)
    due_on = seen.kept.life.next_on or today
    task = Task(today, due_on, "specialist_pair" in seen.kept.gates, conflicts)
    if (why := why_not(colleagues[owner], task)) is not None:
        message = f"Whoever you named {WHYS[why]}."
        raise NotNow(message)
    return Assigned(owner)


def as_registered(given: Given, seen: Seen, unit: Unit, table: Table) -> Given:
    """The facilitators at the levels at which they are registered, whatever was sent.

    Nobody is taken who is not in the register, says more of themselves than it does, is on leave, or has no
    room while somebody else of the team has.
    """
    faults, people = [], []
    loads = store.loads_of_facilitators(unit.connection, seen.case.id)
    for place, (email, level) in enumerate(given.facilitators):
        member = table.teams.facilitating.get(email)
        if member is None:
            told = "Nobody with that address is registered here."
            faults.append(Fault(f"/facilitators/{place}/email", "not_allowed", told))
        elif level in LEVELS and LEVELS.index(level) > LEVELS.index(member.level):
            told = f"They are registered as {member.level}."
            faults.append(Fault(f"/facilitators/{place}/level", "not_allowed", told))
        elif member.is_away(today_of(unit.now)):
            message = f"Facilitator {place + 1} is on leave."
            raise NotNow(message)
        elif other := _instead_of(member, given, seen, loads, unit, table):
            message = f"Facilitator {place + 1} has no room for another case; {other} has."
            raise NotNow(message)
        else:
            people.append((email, member.level))
    if faults:
        raise Unprocessable(errors=faults)
    return replace(given, facilitators=tuple(people))


def _instead_of(
    full: Member, given: Given, seen: Seen, loads: Mapping[str, int], unit: Unit, table: Table
) -> str | None:
    """Another facilitator of the team who has room and might do as much, for one who has none."""

    def has_room(one: Member) -> bool:
        return loads.get(one.email, 0) < one.room

    if has_room(full):
        return None
    named = {email for email, _ in given.facilitators} | conflicts_in(seen.case, seen.kept, unit)
    work = table.teams.work.get(seen.case.team)
    for one in work.facilitators if work is not None else ():
        as_high = LEVELS.index(one.level) >= LEVELS.index(full.level)
        if as_high and one.email not in named and has_room(one) and not one.is_away(today_of(unit.now)):
            return one.email
    return None


def give_to_facilitators(seen: Seen, given: Given, who: Who, unit: Unit) -> None:
    """They, and no others, work with the case from now on; whoever did not before is told."""
    people = [{"email": email, "level": level} for email, level in given.facilitators]
    record = Record("facilitators", {"who": people}, today_of(unit.now), who.name)
    Lives.of(unit).record(seen.case.id, record)
    emails = [email for email, _ in given.facilitators]
    before = store.give_to(unit, seen.case.id, emails)
    tell_of_giving(seen.case, emails, before, who.name, unit)
