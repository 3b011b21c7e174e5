"""What notify hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notify import keep_barred as barred
from services.notify import keep_telltales as telltales
from services.notify.alert_coordinator import (
    alert_coordinator,
    alert_duty_desk,
    alert_of_due,
    alert_of_giving,
    alert_of_letter,
    alert_of_merge,
    alert_of_withdrawal,
    end_alerts,
    prepare_batch,
)
from shared.contracts import (
    CaseBarred,
    CaseDue,
    CaseGiven,
    CaseMerged,
    CaseProgressed,
    CaseReferralWithdrawn,
    CaseReturned,
    CaseRouted,
    CaseTelltales,
    LetterKept,
)
from shared.messaging.consumer import Hearer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.notify.switchboard import Switchboard
    from shared.contracts.envelope import Message


def hears(board: Switchboard) -> Mapping[type[Message], Hearer]:
    """Each message with what is done about it."""
    return {
        CaseRouted: Hearer(
            handle=lambda message, unit: alert_coordinator(message, unit, board), prepare=prepare_batch
        ),
        CaseReturned: Hearer(
            handle=lambda message, unit: alert_duty_desk(message, unit, board), prepare=prepare_batch
        ),
        CaseMerged: Hearer(
            handle=lambda message, unit: alert_of_merge(message, unit, board), prepare=prepare_batch
        ),
        CaseDue: Hearer(
            handle=lambda message, unit: alert_of_due(message, unit, board), prepare=prepare_batch
        ),
        CaseGiven: Hearer(
            handle=lambda message, unit: alert_of_giving(message, unit, board), prepare=prepare_batch
        ),
        CaseProgressed: Hearer(handle=end_alerts),
        CaseBarred: Hearer(handle=barred.keep_barred, prepare=barred.prepare_batch),
        LetterKept: Hearer(
            handle=lambda message, unit: alert_of_letter(message, unit, board), prepare=prepare_batch
        ),
        CaseTelltales: Hearer(handle=telltales.keep_telltales, prepare=telltales.prepare_batch),
        CaseReferralWithdrawn: Hearer(
            handle=lambda message, unit: alert_of_withdrawal(message, unit, board), prepare=prepare_batch
        ),
    }
