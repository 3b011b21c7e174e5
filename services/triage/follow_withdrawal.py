"""An agency has taken a referral back: keep that with its case, and have the team told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.miss_needs import miss_needs
from services.triage.move_case import try_to_move
from services.triage.store import Register
from shared.contracts import CaseReferralWithdrawn
from shared.problems import TooEarly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.triage.send_case import Table
    from shared.contracts import ReferralWithdrawn
    from shared.database import Database
    from shared.messaging.unit import Unit


def prepare_batch(messages: Sequence[ReferralWithdrawn], unit: Unit, database: Database) -> None:
    """Lock these records, as triage does, and look them up."""
    references = [message.reference for message in messages]
    locks = [unit.keys.lookup.hash("record", reference) for reference in references]
    Register.of(unit).look_up(database, locks=locks, keys=(), references=references)


def follow_withdrawal(message: ReferralWithdrawn, unit: Unit, table: Table) -> None:
    """The case goes on if another referral still stands; if none does, its team is told that too.

    Raises `TooEarly` while the referral itself has not been heard: withdrawals travel in the urgent lane, and
    overtake.
    """
    register = Register.of(unit)
    triaged = register.referral(message.reference)
    if triaged is None:
        message_to_ops = "its referral has not been heard yet"
        raise TooEarly(message_to_ops)
    case = register.case(triaged.case_id)
    stands = register.withdraw(triaged, message.reason)
    if stands:
        miss_needs(case.id, unit, table)
    else:
        try_to_move(register.case(case.id), "withdraw", unit, table.targets)
    register.note(case.id, "referral_withdrawn", referral=message.reference, stands=stands)
    unit.say(
        CaseReferralWithdrawn(
            case=case.reference,
            referral=message.reference,
            to_team=case.team,
            withdrawn_at=message.withdrawn_at,
            stands=stands,
        )
    )
