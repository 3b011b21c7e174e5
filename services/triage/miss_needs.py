"""What a case had of what it must have is there no longer: it lacks it again, and whoever has it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.triage.domain.gates import lacking
from services.triage.domain.life.turn import whose_turn
from services.triage.lives.store import Lives
from services.triage.move_case import say_begun, settle_task, situation_of, today_of, try_to_move
from services.triage.schema import read_brings
from services.triage.send_case import decide, found_out, hand_over, is_urgent
from services.triage.store import Register
from shared.contracts import CaseReturned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from services.triage.lives.store import Kept
    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.messaging.unit import Unit


def miss_needs(case_id: UUID, unit: Unit, table: Table, *, left: bool = False) -> None:
    """A referral of the case was amended or taken back, or has `left` it: the others may be too little.

    With whom nobody has begun, it is returned to its referrers. It stays with its team, which knows it; but
    where it went to a team by what others brought who have left, it is the duty desk's again. A case that was
    begun with goes on, held by what it lacks; whoever has it, and whose turn it is, are told at once.
    """
    register, kept = Register.of(unit), Lives.of(unit).find(case_id)
    if register.case(case_id).merged_into is not None or kept is None or not kept.life.is_open:
        return
    if not reckon_needs(case_id, unit, table):
        return
    case = register.case(case_id)
    if left and kept.life.state in ("triage", "reopened"):
        case = _send_back(case, kept, unit, table)
    elif kept.life.state == "triage":
        try_to_move(case, "return", unit, table.targets)
        _tell_who_has_it(case, unit)
    elif kept.life.state != "returned":
        settle_task(case, unit, table.targets)
        _tell_who_has_it(case, unit)
        return
    for number, reference in enumerate(_standing(case, register)):
        unit.say(
            CaseReturned(
                case=case.reference,
                referral=reference,
                to_team=case.team,
                lacks=tuple(case.lacks or ()),
                returned_at=unit.now,
                again=left and kept.life.state != "returned" and number == 0,
            )
        )


def reckon_needs(case_id: UUID, unit: Unit, table: Table) -> bool:
    """Add to what the case lacks whatever none of its referrals brings any more; whether there is such."""
    register = Register.of(unit)
    case = register.case(case_id)
    if case.lacks is None:
        return False  # it is from before there were gates
    missed = tuple(need for need in _missing(case, unit, table) if need not in case.lacks)
    if missed:
        register.change_case(case._replace(lacks=(*case.lacks, *missed)))
        register.note(case_id, "lacks_again", lacks=missed)
    return bool(missed)


def _standing(case: Case, register: Register) -> Iterator[str]:
    return (reference for reference, _ in register.standing_referrals(case.id))


def _missing(case: Case, unit: Unit, table: Table) -> Sequence[str]:
    """What none of those that stand, or of all where none does, brings, and nobody here has found out."""
    register = Register.of(unit)
    standing = [reference for reference, _ in register.standing_referrals(case.id)]
    brought = [_brings(reference, register, table) for reference in standing or register.members(case.id)]
    known = found_out(case, unit)
    return [need for need in lacking(brought) if need not in known]


def _brings(reference: str, register: Register, table: Table) -> Sequence[str]:
    """Of referrals from before there were gates it was not kept what they bring."""
    known = register.known(reference)
    assert known is not None  # noqa: S101 - it is in the case
    by_themselves = known.triaged.agency in table.by_themselves
    return known.brings or read_brings(register.content(reference), by_themselves=by_themselves)


def _send_back(case: Case, kept: Kept, unit: Unit, table: Table) -> Case:
    """The case is where it would be had nobody else come into it."""
    decision = decide(kept.facts, case.lacks or (), unit, table)
    case = case._replace(team=decision.team, why_there=decision._asdict())
    Register.of(unit).change_case(case)
    urgent = is_urgent(kept.facts, decision, today_of(unit.now))
    lead = kept.facts.assessment_point or decision.team
    changed = replace(kept, gates=decision.gates, urgent=urgent, lead=lead)
    Lives.of(unit).change(case.id, changed)
    changed = try_to_move(case, "return", unit, table.targets) or changed
    hand_over(case, changed, unit, table, is_routed=True)
    return case


def _tell_who_has_it(case: Case, unit: Unit) -> None:
    kept = Lives.of(unit).find(case.id)
    if kept is not None:
        turn = whose_turn(kept.life, situation_of(case, kept, unit))
        say_begun(case, kept.life, dict.fromkeys((kept.life.owner, *turn)), unit, urgent=True)
