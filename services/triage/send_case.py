"""Send a case where it belongs: open it, return it when it lacks something, release it, take it up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.triage.domain.gates import lacking
from services.triage.domain.routing import Decision, Row, area_of, route
from services.triage.store import Case
from shared.contracts import CaseJoined, CaseReturned, CaseRouted
from shared.directory import DUTY_DESK
from shared.identity import CASE, new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.triage.schema import Account
    from services.triage.store import Register
    from shared.contracts import ReferralReceived
    from shared.messaging.unit import Unit

RETURNED = "The case lacks something and is returned; the duty desk has it until that has come."


@dataclass(frozen=True)
class Table:
    """The routing table and the areas it speaks of, as they were read at the start."""

    rows: tuple[Row, ...]
    version: str
    areas: Mapping[str, str]
    # The front doors by which people refer themselves: whoever does agrees to being referred.
    by_themselves: frozenset[str] = frozenset()


def open_case(
    message: ReferralReceived, account: Account, register: Register, unit: Unit, table: Table
) -> Case:
    """A new case: routed, or returned with what it lacks."""
    referral = message.referral
    area = area_of(account.home_postcode, table.areas)
    lacks = lacking([account.brings])
    if lacks:
        decision = Decision(DUTY_DESK, table.version, 0, RETURNED)
    else:
        decision = route(area, referral.strand, table.rows, table.version)
    why_there = decision._asdict()
    case = Case(
        id=new_id(),
        reference=unit.new_reference(CASE),
        strand=referral.strand,
        event_type=referral.event.type,
        area=area,
        team=decision.team,
        why_there=why_there,
        opened_at=unit.now,
        lacks=lacks,
    )
    register.add_case(case)
    if lacks:
        register.note(case.id, "opened_and_returned", referral=message.reference, lacks=lacks)
        _return(message, case, lacks, unit)
        return case
    register.note(case.id, "opened_and_routed", referral=message.reference, **why_there)
    unit.say(
        CaseRouted(
            case=case.reference,
            referral=message.reference,
            to_team=case.team,
            routed_at=unit.now,
            travels=message.travels,
        )
    )
    return case


def try_to_release(
    message: ReferralReceived, case: Case, account: Account, register: Register, unit: Unit, table: Table
) -> None:
    """A case that was returned has another referral, or an amended one: all together may now be enough."""
    standing = register.standing_referrals(case.id)
    lacks = lacking(brings for _, brings in standing)
    area = case.area or area_of(account.home_postcode, table.areas)
    if lacks:
        register.change_case(case._replace(area=area, lacks=lacks))
        _return(message, case, lacks, unit)
        return
    decision = route(area, case.strand, table.rows, table.version)
    why_there = decision._asdict()
    register.change_case(case._replace(area=area, team=decision.team, why_there=why_there, lacks=()))
    register.note(case.id, "released_and_routed", referral=message.reference, **why_there)
    unit.say(
        CaseRouted(
            case=case.reference,
            referral=message.reference,
            to_team=decision.team,
            routed_at=unit.now,
            travels=message.travels,
            released=True,
        )
    )
    for reference, _ in standing:
        if reference != message.reference:
            unit.say(
                CaseJoined(
                    case=case.reference, referral=reference, joined_at=unit.now, travels=message.travels
                )
            )


def _return(
    message: ReferralReceived, case: Case, lacks: Sequence[str], unit: Unit, *, again: bool = False
) -> None:
    unit.say(
        CaseReturned(
            case=case.reference,
            referral=message.reference,
            to_team=case.team,
            lacks=tuple(lacks),
            returned_at=unit.now,
            again=again,
            travels=message.travels,
        )
    )


def take_up_again(message: ReferralReceived, case: Case, register: Register, unit: Unit) -> None:
    """The team was told to pause; now somebody else has brought the case."""
    register.take_up_again(case.id)
    register.note(case.id, "taken_up_again", referral=message.reference)
    if case.lacks:
        _return(message, case, case.lacks, unit, again=True)
        return
    unit.say(
        CaseRouted(
            case=case.reference,
            referral=message.reference,
            to_team=case.team,
            routed_at=unit.now,
            travels=message.travels,
            again=True,
        )
    )
