"""Nothing that a case rests on stands any more, because of who left it or came: its team is told to pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.lives.store import Lives
from services.triage.move_case import try_to_move
from services.triage.store import Register
from shared.contracts import CaseReferralWithdrawn

if TYPE_CHECKING:
    from uuid import UUID

    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.messaging.unit import Unit


def pause_where_none_stands(case_id: UUID, unit: Unit, table: Table) -> None:
    """A case of which every referral was taken back pauses, as if the last had been taken back now.

    One that pauses already, has ended, or goes on in another stays as it is.
    """
    register = Register.of(unit)
    case, kept = register.case(case_id), Lives.of(unit).find(case_id)
    members = sorted(register.members(case_id))
    if case.withdrawn_at is not None or case.merged_into is not None or not members:
        return
    if register.standing_referrals(case_id):
        return
    if kept is not None and not kept.life.is_open:
        return
    register.pause(case_id)
    try_to_move(case, "withdraw", unit, table.targets)
    register.note(case_id, "referral_withdrawn", referral=members[0], stands=False)
    say_paused(case, members[0], unit)


def say_paused(case: Case, referral: str, unit: Unit) -> None:
    """The team of the case is told to pause; the referral is one of those that were taken back."""
    unit.say(
        CaseReferralWithdrawn(
            case=case.reference,
            referral=referral,
            to_team=case.team,
            withdrawn_at=unit.now,
            stands=False,
        )
    )
