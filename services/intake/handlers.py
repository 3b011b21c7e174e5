"""What intake hears."""

from __future__ import annotations

from collections.abc import Mapping

from services.intake.follow_case import follow_case, follow_progress, follow_return, prepare_batch
from services.intake.tables import ended_sessions
from shared.contracts import CaseJoined, CaseProgressed, CaseReturned, CaseRouted, SessionsEnded
from shared.contracts.envelope import Message
from shared.messaging.consumer import Hearer
from shared.sessions import end_sessions

HEARS: Mapping[type[Message], Hearer] = {
    CaseRouted: Hearer(follow_case, prepare=prepare_batch),
    CaseReturned: Hearer(follow_return, prepare=prepare_batch),
    CaseJoined: Hearer(follow_case, prepare=prepare_batch),
    CaseProgressed: Hearer(follow_progress, prepare=prepare_batch),
    SessionsEnded: Hearer(
        lambda message, unit: end_sessions(unit, ended_sessions, message.email, message.ended_at)
    ),
}
