"""What triage hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage import follow_withdrawal as withdrawal
from services.triage.cases.refer_across import end_sharing_where_refused
from services.triage.reviews.know_agencies import keep_agency_key
from services.triage.tables import ended_sessions
from services.triage.triage_referral import prepare_batch, read_referral, triage_referral
from shared.contracts import AgencyKey, ReferralReceived, ReferralWithdrawn, SessionsEnded
from shared.messaging.consumer import Hearer
from shared.sessions import end_sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.triage.matching.desk import Desk
    from services.triage.send_case import Table
    from shared.contracts.envelope import Message
    from shared.database import Database
    from shared.messaging.unit import Unit
    from shared.sealing import Lookup


def _triage(message: ReferralReceived, unit: Unit, table: Table, desk: Desk) -> None:
    triaged = triage_referral(message, unit, table, desk)
    end_sharing_where_refused(triaged.case_id, unit, table)


def hears(database: Database, table: Table, desk: Desk, lookup: Lookup) -> Mapping[type[Message], Hearer]:
    """Each message with what is done about it."""
    return {
        ReferralReceived: Hearer(
            handle=lambda message, unit: _triage(message, unit, table, desk),
            prepare=lambda messages, unit: prepare_batch(messages, unit, database, desk),
            foresee=lambda message: read_referral(message, lookup),
        ),
        AgencyKey: Hearer(keep_agency_key),
        SessionsEnded: Hearer(
            lambda message, unit: end_sessions(unit, ended_sessions, message.email, message.ended_at)
        ),
        ReferralWithdrawn: Hearer(
            handle=lambda message, unit: withdrawal.follow_withdrawal(message, unit, table),
            prepare=lambda messages, unit: withdrawal.prepare_batch(messages, unit, database),
        ),
    }
