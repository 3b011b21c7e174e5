"""Nobody has, or sees, a case in which they know somebody: what was declared follows the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.domain.life.situation import Record
from services.triage.history.store import SYSTEM, History
from services.triage.lives.store import Lives, conflicts_around, keep_conflict
from services.triage.move_case import today_of
from services.triage.send_case import hand_over

if TYPE_CHECKING:
    from services.triage.send_case import Table
    from services.triage.settle_cases import Clerk
    from services.triage.store import Case, Known
    from shared.messaging.unit import Unit


def mind_conflicts(known: Known, case: Case, clerk: Clerk) -> None:
    """A referral is settled: who knows somebody in it, by what is known already, does not have its case.

    By their own address or telephone, which is a party's too; or because they declared it in another case
    in which one of these people is. What was said in this case itself, either way, stands.
    """
    unit, table = clerk.unit, clerk.table
    found = {
        table.staff_contacts[contact]: "own_contact"
        for mention in known.account.people
        for contact in (*mention.phones, *mention.emails)
        if contact in table.staff_contacts
    }
    people = set(known.triaged.people)
    if not people <= set(known.own_people):
        found |= dict.fromkeys(conflicts_around(unit, people, case.id), "another_case")
    if not found:
        return
    said = {one.says["staff"] for one in Lives.of(unit).records(case.id) if one.kind == "conflict"}
    for email in sorted(found.keys() - said):
        says = {"staff": email, "because": found[email]}
        Lives.of(unit).record(case.id, Record("conflict", says, today_of(unit.now), SYSTEM))
        History.of(unit).write(case.id, "conflict_found", SYSTEM, says)
        apply_conflict(case, email, unit, table, knows=True)


def apply_conflict(case: Case, email: str, unit: Unit, table: Table, *, knows: bool) -> None:
    """Somebody does not see the case any more, or sees it again; if they had it, another gets it."""
    keep_conflict(unit, case.id, email, knows=knows)
    kept = Lives.of(unit).find(case.id)
    if knows and kept is not None and kept.life.owner == email and kept.life.is_open:
        hand_over(case, kept, unit, table)
