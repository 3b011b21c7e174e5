"""Find a case for somebody who may see it, and hold it until the unit ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.triage.cases import store
from services.triage.domain.life.moving import Actor
from services.triage.domain.life.transitions import BY_NAME
from services.triage.lives.store import Lives, hold_cases
from services.triage.move_case import situation_of
from shared.identity import read_reference
from shared.problems import Conflict, Fault, NotFound, Unprocessable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from services.triage.cases.store import Seen, Sees
    from services.triage.domain.life.moving import Refused
    from services.triage.domain.life.transitions import Role
    from shared.database import Database
    from shared.messaging.unit import Unit


class NotNow(Conflict):
    """The case may not be moved so just now."""

    code = "not_now"
    advice = "The detail says what stands against it. GET the case to see what can be done."


class NotYours(Conflict):
    """It is not for you to do that in this case."""

    status = 403
    code = "not_yours"
    advice = "The detail says whose it is."


@dataclass(frozen=True)
class Who:
    """Who acts: their address, role and team, and whose cases they see."""

    name: str
    role: str
    team: str
    sees: Sees

    def team_in(self, seen: Seen, unit: Unit) -> str:
        """For which team they work in a case: its own where they have it or facilitate it."""
        return seen.case.team if self._has(seen, unit) else self.team

    def _has(self, seen: Seen, unit: Unit) -> bool:
        return self.name == seen.kept.life.owner or self._facilitates(seen, unit)

    def _facilitates(self, seen: Seen, unit: Unit) -> bool:
        facilitators = situation_of(seen.case, seen.kept, unit).facilitators
        return self.name in {one.email for one in facilitators}

    def roles(self, seen: Seen, offered_to: str | None, unit: Unit) -> tuple[Role, ...]:
        """What they are in a case, which may be offered to another team.

        Whoever has it works with it as its team does, also who stands in for somebody or facilitates. Who was
        given it to facilitate takes a facilitator's steps, whatever else they are; a supervisor among them
        does not supervise themselves.
        """
        facilitates = self._facilitates(seen, unit)
        supervises = self.role == "supervisor"
        of_team = self.role == "coordinator" and self.team == seen.case.team
        leads = self.role in ("coordinator", "supervisor")
        found: dict[Role, bool] = {
            "receiver": leads and self.team == offered_to,
            "supervisor": supervises and not facilitates,
            "coordinator": of_team or supervises or self.name == seen.kept.life.owner,
            "facilitator": self.role == "facilitator" or facilitates,
        }
        return tuple(role for role, is_so in found.items() if is_so)

    def actor(self, roles: Iterable[Role], name: str) -> Actor:
        """As whom they make this transition: in the first of their roles that may."""
        allowed = BY_NAME[name].roles
        return Actor(self.name, next((role for role in roles if role in allowed), ""))


def hold_case(
    reference: str,
    who: Who,
    unit: Unit,
    database: Database,
    beside: Callable[[UUID, Unit], Iterable[UUID]] | None = None,
) -> Seen:
    """The case, locked as triage locks it; `NotFound` where there is none that they see.

    `beside` names the cases that are to be held with it: two who look at each other's do not wait for ever.
    """
    wanted = read_reference(reference)
    seen = wanted and store.find_seen(unit.connection, unit.keys.rest, who.sees, wanted)
    if not seen:
        raise NotFound
    hold_cases(unit, database, [seen.case.id, *(beside(seen.case.id, unit) if beside else ())])
    kept = Lives.of(unit).find(seen.case.id)
    assert kept is not None  # noqa: S101 - it was found above
    # Whoever held it before may have sent it elsewhere.
    again = store.find_seen(unit.connection, unit.keys.rest, who.sees, seen.case.reference)
    if again is None:
        raise NotFound
    return store.Seen(again.case, kept)


def as_problem(refused: Refused) -> Unprocessable | Conflict:
    """A refusal of the table as it is told."""
    if refused.why == "role":
        return NotYours(str(refused))
    if refused.why == "given":
        told = zip(refused.fields, refused.told, strict=True)
        faults = [Fault(f"/{field}", "needed_here", sentence) for field, sentence in told]
        return Unprocessable(str(refused), errors=faults)
    return NotNow(str(refused))
