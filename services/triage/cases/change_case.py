"""Do with a case what somebody asks for, if the table of its life allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.assign_case import tell_of_giving
from services.triage.cases import store
from services.triage.cases.give_case import as_registered, check_owner, give_to_facilitators
from services.triage.cases.hold_case import as_problem, hold_case
from services.triage.cases.refer_across import answer_lead, offer_lead, open_offer
from services.triage.domain.life.moving import Refused
from services.triage.domain.life.situation import Record
from services.triage.domain.life.transitions import BY_NAME
from services.triage.lives.store import Lives
from services.triage.move_case import move_case, settle_task, today_of
from services.triage.send_case import conflicts_in, hand_over
from shared.contracts import CaseJoined, CaseReturned

if TYPE_CHECKING:
    from services.triage.assign_case import Assigned
    from services.triage.cases.hold_case import Who
    from services.triage.cases.store import Seen
    from services.triage.domain.life.guards import Given
    from services.triage.lives.store import Kept
    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.database import Database
    from shared.messaging.unit import Unit


def change_case(
    reference: str, name: str, given: Given, who: Who, unit: Unit, database: Database, table: Table
) -> Seen:
    """The case after it; a problem with every reason where it may not happen."""
    seen = hold_case(reference, who, unit, database)
    case = seen.case
    told = store.references_in(unit.connection, case.id)
    offer = open_offer(case.id, unit)
    actor = who.actor(who.roles(seen, offer.to_team if offer is not None else None, unit), name)
    before, owner = seen.kept.life.owner, None
    if actor.role in BY_NAME[name].roles and seen.kept.life.state in BY_NAME[name].origins:
        given, owner = _look_up_named(name, given, seen, unit, table)
    try:
        kept = move_case(
            case, name, unit, table.targets, actor=actor, given=given, owner=owner, referrals=told
        )
    except Refused as refused:
        raise as_problem(refused) from None
    assert kept is not None  # noqa: S101 - it was held
    seen = store.Seen(case, _passed_on(case, kept, unit, table))
    if name in ("allocate", "reallocate"):
        give_to_facilitators(seen, given, who, unit)
        settle_task(case, unit, table.targets, who.name)
    elif name == "assign":
        tell_of_giving(case, [given.owner], [before], who.name, unit)
    elif name in ("hold_meeting", "finish_indirect"):
        held = Record("held", {"method": given.method}, today_of(unit.now), who.name)
        Lives.of(unit).record(case.id, held)
    elif name == "send_back":
        seen = _send_back(seen, given, told, unit)
    elif name == "release":
        _tell_released(case, told, unit)
    elif name == "transfer":
        offer_lead(case, given.to, who.name, who.team_in(seen, unit), unit, table)
    elif name in ("accept_transfer", "refuse_transfer", "record_acceptance"):
        seen = answer_lead(seen, name, given, who.name, unit, table)
    return store.Seen(seen.case, Lives.of(unit).find(case.id) or seen.kept)


def _look_up_named(
    name: str, given: Given, seen: Seen, unit: Unit, table: Table
) -> tuple[Given, Assigned | None]:
    """Whoever is to have the case, as they are registered; a problem where they may not."""
    if name in ("allocate", "reallocate"):
        return as_registered(given, seen, unit, table), None
    if name == "assign" and given.owner:
        return given, check_owner(seen, given.owner, unit, table)
    return given, None


def _passed_on(case: Case, kept: Kept, unit: Unit, table: Table) -> Kept:
    """Whoever had the case when it was closed may have been found to know somebody in it since."""
    if kept.life.is_open and kept.life.owner in conflicts_in(case, kept, unit):
        return hand_over(case, kept, unit, table)
    return kept


def _tell_released(case: Case, told: list[str], unit: Unit) -> None:
    """Whoever was told what is missing is told that the case goes on: somebody here has found it out."""
    for referral in told:
        unit.say(CaseJoined(case=case.reference, referral=referral, joined_at=unit.now))


def _send_back(seen: Seen, given: Given, told: list[str], unit: Unit) -> Seen:
    """What a coordinator misses: the referrers are told, and an amendment that brings it releases.

    Its team knows: whoever has it did that, and goes on asking.
    """
    case = seen.case._replace(lacks=[given.reason])
    store.change_team(unit, case)
    for referral in told:
        unit.say(
            CaseReturned(
                case=case.reference,
                referral=referral,
                to_team=case.team,
                lacks=(given.reason,),
                returned_at=unit.now,
            )
        )
    return store.Seen(case, seen.kept)
