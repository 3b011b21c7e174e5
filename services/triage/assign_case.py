"""Give a case to somebody of its team who may have it; where nobody may, to whoever finds somebody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from services.triage.domain.teams.assigning import WHYS, Task, Teams, choose, reasons_against
from services.triage.lives.store import loads_of
from shared.contracts import CaseGiven
from shared.directory import DUTY_DESK
from shared.identity import new_id

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Sequence

    from services.triage.domain.teams.assigning import Member
    from services.triage.store import Case
    from shared.messaging.unit import Unit

_LOADS_HOLD_FOR = 30.0  # seconds


class Assigned(NamedTuple):
    """Who has a case; `nobody_fits` says why nobody of its team may, in codes, the weightiest first."""

    owner: str
    nobody_fits: tuple[str, ...] = ()


@dataclass
class Loads:
    """How many open cases each has, as it was counted a little while ago and with what came since."""

    _counted: dict[str, int] = field(default_factory=dict)
    _at: dt.datetime | None = None

    def of(self, members: Sequence[str], unit: Unit) -> dict[str, int]:
        """The loads of these; whoever is alone has no need to be counted."""
        if len(members) > 1 and (
            self._at is None
            or not 0 <= (unit.now - self._at).total_seconds() <= _LOADS_HOLD_FOR
            or not self._counted.keys() >= set(members)
        ):
            counted = loads_of(unit.connection, members)
            self._counted |= {member: counted.get(member, 0) for member in members}
            self._at = unit.now
        return self._counted

    def add(self, member: str) -> None:
        """One more."""
        self._counted[member] = self._counted.get(member, 0) + 1


def assign(team: str, task: Task, teams: Teams, loads: Loads, unit: Unit) -> Assigned:
    """Who has the next case of this team from now on; it counts among theirs."""
    assigned = find_owner(team, task, teams, loads, unit)
    if not assigned.nobody_fits:
        loads.add(assigned.owner)
    return assigned


def find_owner(team: str, task: Task, teams: Teams, loads: Loads, unit: Unit) -> Assigned:
    """Who would have a case of this team: one of its own, else whoever stands in for one who is away.

    Where none of them may have it the team's lead has it, or the duty desk, or another supervisor, whose task
    it then is to find somebody; why nobody fits is kept with the case. Where each of them knows somebody in
    it, nobody has it until a person is named who does not: the address is empty.
    """
    members = teams.members_of(team)

    def one_of(group: Sequence[Member]) -> str | None:
        return choose(group, loads.of([member.email for member in group], unit), task)

    chosen = one_of(members) or one_of(teams.standing_in(team, task.today))
    if chosen is not None:
        return Assigned(chosen)
    against = set(reasons_against(members, task))
    why = tuple(reason for reason in WHYS if reason in against)
    desk = (member.email for member in teams.members_of(DUTY_DESK))
    # Any other supervisor sees all cases anyway.
    finding = (teams.leads.get(team), *desk, *teams.supervisors)
    return Assigned(next((one for one in finding if one and one not in task.conflicts), ""), why)


def tell_of_giving(case: Case, to: Iterable[str], before: Collection[str], by: str, unit: Unit) -> None:
    """Whoever has a case from now on is told that; who gave it to themselves knows. `before` had it so far.

    Whoever has it no longer is not reminded of it any more, also where nobody has to be told.
    """
    now = [email for email in to if email]
    news = [email for email in now if email not in before and email != by]
    gone = tuple(sorted({email for email in before if email} - set(now)))
    for email in news or [""] * bool(gone):
        unit.say(
            CaseGiven(
                case=case.reference,
                to_team=case.team,
                to=email,
                giving=new_id(),
                given_at=unit.now,
                no_longer=gone,
                travels="urgent" if case.why_there.get("urgency") == "urgent" else "normal",
            )
        )
