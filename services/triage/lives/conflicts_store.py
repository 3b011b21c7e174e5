"""Finds and keeps who knows somebody: as it was said of referrals, and which cases they do not see for it.

What was said goes where the referral goes: into another case, and out of it again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select, update

from services.triage.lives.tables import case_conflicts, declared_conflicts
from services.triage.tables import cases, people_in, referrals
from shared.rows import find_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.triage.domain.teams.conflicts import Because, Said
    from shared.messaging.unit import Unit

_SAID = tuple(declared_conflicts.c)


class Conflicts:
    """One unit's view of them; each person and each case is asked about once."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing nothing."""
        self._unit = unit
        self._asked: set[UUID] = set()
        self._said: dict[str, dict[str, Because | None]] = {}  # by referral and member of staff
        self._people: dict[str, frozenset[UUID]] = {}  # of referrals of which something was said
        self._barred: dict[UUID, set[str]] = {}

    @classmethod
    def of(cls, unit: Unit) -> Conflicts:
        """The one of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    def look_up(self, people: Collection[UUID], case_ids: Collection[UUID]) -> None:
        """Read what was said of every referral in which one of these people is, and who is barred where."""
        connection = self._unit.connection
        if wanted := set(people) - self._asked:
            self._asked |= wanted
            theirs = find_rows(connection, (people_in.c.reference,), people_in.c.person_id, wanted)
            fresh = {row[0] for row in theirs} - self._said.keys()
            for row in find_rows(connection, _SAID, declared_conflicts.c.reference, fresh):
                self._said.setdefault(row.reference, {})[row.email] = row.because
            told = (referrals.c.reference, referrals.c.people)
            for row in find_rows(connection, told, referrals.c.reference, fresh & self._said.keys()):
                self._people[row.reference] = frozenset(map(UUID, row.people))
        if unread := set(case_ids) - self._barred.keys():
            barred: dict[UUID, set[str]] = defaultdict(set)
            by = case_conflicts.c.case_id
            for row in find_rows(connection, tuple(case_conflicts.c), by, unread):
                barred[row.case_id].add(row.email)
            self._barred |= {case_id: barred[case_id] for case_id in unread}

    def said_of(self, reference: str) -> Said:
        """What was said of this referral, by the addresses of staff."""
        return self._said.get(reference, {})

    def referrals(self) -> dict[str, frozenset[UUID]]:
        """The referrals of which something was said, with the people who were in them then."""
        return self._people

    def keep(self, reference: str, email: str, people: Iterable[UUID], because: Because | None) -> None:
        """From now on they are known to know somebody in this referral; where it is None, not to."""
        said = self._said.setdefault(reference, {})
        key = {"email": email, "reference": reference}
        if email in said:
            self._unit.change(declared_conflicts, key, because=because)
        else:
            self._unit.insert(declared_conflicts, {**key, "because": because})
        said[email] = because
        self._people[reference] = frozenset(people)

    def barred(self, case_id: UUID) -> frozenset[str]:
        """Who does not see this case; it was looked up, or opened in this unit."""
        return frozenset(self._barred.get(case_id, ()))

    def bar(self, case_id: UUID, email: str) -> None:
        """From now on they do not see it."""
        self._barred.setdefault(case_id, set()).add(email)
        row = {"email": email, "case_id": case_id, "told_at": self._unit.now}
        self._unit.insert(case_conflicts, row)

    def let_in(self, case_id: UUID, email: str) -> None:
        """They may see it again, where it is theirs to see."""
        self._barred[case_id].discard(email)
        self._unit.flush()
        table = case_conflicts
        self._unit.connection.execute(delete(table).where(table.c.case_id == case_id, table.c.email == email))

    def untold(self, most: int) -> list[tuple[UUID, str, dict[str, Any]]]:
        """Cases of which it was never said who does not see them, each with why it is where it is."""
        table = case_conflicts
        unsaid = select(table.c.case_id).where(table.c.told_at.is_(None))
        query = select(cases.c.id, cases.c.reference, cases.c.why_there).where(cases.c.id.in_(unsaid))
        found = self._unit.connection.execute(query.order_by(cases.c.id).limit(most))
        return [(row.id, row.reference, row.why_there) for row in found]

    def mark_told(self, case_id: UUID) -> bool:
        """It is said of this case now; False where somebody else has meanwhile."""
        table = case_conflicts
        told = update(table).where(table.c.case_id == case_id, table.c.told_at.is_(None))
        return bool(self._unit.connection.execute(told.values(told_at=self._unit.now)).rowcount)
