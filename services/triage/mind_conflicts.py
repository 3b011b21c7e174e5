"""Nobody has, or sees, a case in which they know somebody: what was declared follows the people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.domain.life.situation import Record
from services.triage.domain.teams.conflicts import who_knows
from services.triage.history.store import SYSTEM, History
from services.triage.lives.conflicts_store import Conflicts
from services.triage.lives.store import Lives, hold_cases
from services.triage.move_case import settle_task, today_of
from services.triage.send_case import conflicts_in, hand_over
from services.triage.store import UNSETTLED, Register
from shared.contracts import CaseBarred

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from services.triage.domain.teams.conflicts import Found, Said
    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.database import Database
    from shared.messaging.unit import Unit

_MOST = 50


def look_up_conflicts(unit: Unit) -> None:
    """Read at once what was declared of everybody whom the unit has looked up, for a whole batch."""
    register = Register.of(unit)
    Conflicts.of(unit).look_up(register.everybody(), register.case_ids())


def declare(case_id: UUID, email: str, unit: Unit, database: Database, table: Table, *, knows: bool) -> None:
    """Somebody has said of a case that they, or a colleague, know somebody in it, or do not after all.

    It holds for every referral that is in it now, and so for every case in which one of these people is.
    """
    register = Register.of(unit)
    register.look_up_case(database, case_id)
    references = register.members(case_id)
    look_up_conflicts(unit)
    for reference in references:
        people = _people([reference], register)
        Conflicts.of(unit).keep(reference, email, people, "said" if knows else None)
    mind_conflicts(references, unit, table)


def mind_conflicts(
    references: Collection[str], unit: Unit, table: Table, *, left: Collection[UUID] = ()
) -> None:
    """These referrals were settled, or something was said of them: who knows somebody has no case of theirs.

    By their own address or telephone, which is a party's too; because it was declared of a referral that is
    in the case; or of one elsewhere in which one of these people is. What was said of the case itself, either
    way, stands. `left` are cases that some have left.
    """
    register, conflicts = Register.of(unit), Conflicts.of(unit)
    conflicts.look_up(_people(references, register) - register.fresh, ())
    for reference in references:
        _find_own_contacts(reference, register, conflicts, table)
    if any(conflicts.said_of(one) for one in references) or _said_around(references, unit):
        people = _people(references, register)
        register.elsewhere(people)
        references = {*references, *register.mentioning(people)}
    found = {known.triaged.case_id for one in references if (known := register.known(one)) is not None}
    members = {one: register.members(one) for one in sorted({*found, *left} - {UNSETTLED})}
    shells = {case_id: register.merged_into(case_id) for case_id in members}
    everybody = {reference for those in members.values() for reference in those}
    ids = {*members, *(shell for those in shells.values() for shell in those)}
    conflicts.look_up(_people(everybody, register) - register.fresh, ids - register.fresh)
    for case_id, those in members.items():
        if those:
            _mind(case_id, those, shells[case_id], unit, table)


def _people(references: Iterable[str], register: Register) -> set[UUID]:
    known = (register.known(reference) for reference in references)
    return {person for one in known if one is not None for person in one.triaged.people}


def _said_around(members: Collection[str], unit: Unit) -> list[Said]:
    """What was said of other referrals in which somebody of these is."""
    register, conflicts = Register.of(unit), Conflicts.of(unit)
    said = conflicts.referrals()
    people = _people(members if said else (), register)
    return [
        conflicts.said_of(reference)
        for reference, before in said.items()
        # Whoever was found to be another in this unit is in that referral no more.
        if reference not in members and not (_people([reference], register) or before).isdisjoint(people)
    ]


def _find_own_contacts(reference: str, register: Register, conflicts: Conflicts, table: Table) -> None:
    known = register.known(reference)
    assert known is not None  # noqa: S101 - whoever calls has looked them up
    for mention in known.account.people:
        for contact in (*mention.phones, *mention.emails):
            email = table.staff_contacts.get(contact)
            if email is not None and email not in conflicts.said_of(reference):
                conflicts.keep(reference, email, known.triaged.people, "own_contact")


def _mind(
    case_id: UUID, members: Collection[str], shells: Collection[UUID], unit: Unit, table: Table
) -> None:
    register, conflicts = Register.of(unit), Conflicts.of(unit)
    around = _said_around(members, unit)
    knows = who_knows([conflicts.said_of(reference) for reference in members], around)
    changed = False
    for one in (case_id, *shells):
        before = conflicts.barred(one)
        # What was merged into the case tells of its people too, whoever has left it since.
        gone = before - knows.keys() if one == case_id else frozenset[str]()
        if gone or knows.keys() - before:
            changed = True
            _keep(register.case(one), knows, gone, unit)
    if knows or changed:
        _see_to(register.case(case_id), knows, unit, table)


def _keep(case: Case, knows: Mapping[str, Found], gone: Collection[str], unit: Unit) -> None:
    """Some do not see the case any more, or see it again."""
    conflicts, kept = Conflicts.of(unit), Lives.of(unit).find(case.id)
    recorded = conflicts_in(case, kept, unit) if kept is not None else frozenset[str]()
    for email in sorted(knows.keys() - conflicts.barred(case.id)):
        conflicts.bar(case.id, email)
        if email not in recorded:
            _record(case, {"staff": email, "because": knows[email]}, "conflict_found", unit)
    for email in sorted(gone):
        conflicts.let_in(case.id, email)
        if email in recorded:
            _record(case, {"staff": email, "knows": False, "because": "moved"}, "conflict_gone", unit)
    _say_barred(case.id, case.reference, case.why_there, unit)


def _say_barred(case_id: UUID, reference: str, why_there: Mapping[str, object], unit: Unit) -> None:
    who = tuple(sorted(Conflicts.of(unit).barred(case_id)))
    urgent = why_there.get("urgency") == "urgent"
    unit.say(
        CaseBarred(case=reference, who=who, barred_at=unit.now, travels="urgent" if urgent else "normal")
    )


def say_what_was_known_before(unit: Unit, database: Database) -> int:
    """Conflicts that were known before anybody was told of such are said, once; of how many cases it was."""
    conflicts, told = Conflicts.of(unit), 0
    found = conflicts.untold(_MOST)
    hold_cases(unit, database, [case_id for case_id, _, _ in found])
    conflicts.look_up((), [case_id for case_id, _, _ in found])
    for case_id, reference, why_there in found:
        if conflicts.mark_told(case_id):
            _say_barred(case_id, reference, why_there, unit)
            told += 1
    return told


def _see_to(case: Case, knows: Collection[str], unit: Unit, table: Table) -> None:
    """Who has the case and knows somebody in it passes it on, and who facilitates it is replaced."""
    kept = Lives.of(unit).find(case.id)
    if kept is None or not kept.life.is_open:
        return
    if kept.life.owner in knows or not kept.life.owner:
        hand_over(case, kept, unit, table, is_routed=case.id in Register.of(unit).fresh)
    settle_task(case, unit, table.targets)


def _record(case: Case, says: dict[str, object], what: str, unit: Unit) -> None:
    Lives.of(unit).record(case.id, Record("conflict", says, today_of(unit.now), SYSTEM))
    History.of(unit).write(case.id, what, SYSTEM, says)
