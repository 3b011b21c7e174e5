"""Every message that travels between the services: the whole vocabulary in one dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.agency_key import AgencyKey
from shared.contracts.case_barred import CaseBarred
from shared.contracts.case_due import CaseDue
from shared.contracts.case_given import CaseGiven
from shared.contracts.case_joined import CaseJoined
from shared.contracts.case_merged import CaseMerged
from shared.contracts.case_progressed import CaseProgressed
from shared.contracts.case_referral_withdrawn import CaseReferralWithdrawn
from shared.contracts.case_returned import CaseReturned
from shared.contracts.case_routed import CaseRouted
from shared.contracts.case_telltales import CaseTelltales
from shared.contracts.letter_kept import LetterKept
from shared.contracts.referral_received import ReferralReceived
from shared.contracts.referral_withdrawn import ReferralWithdrawn
from shared.contracts.sessions_ended import SessionsEnded

if TYPE_CHECKING:
    from shared.contracts.envelope import Message

__all__ = [
    "MESSAGES",
    "AgencyKey",
    "CaseBarred",
    "CaseDue",
    "CaseGiven",
    "CaseJoined",
    "CaseMerged",
    "CaseProgressed",
    "CaseReferralWithdrawn",
    "CaseReturned",
    "CaseRouted",
    "CaseTelltales",
    "LetterKept",
    "ReferralReceived",
    "ReferralWithdrawn",
    "SessionsEnded",
]

MESSAGES: dict[str, type[Message]] = {
    contract.TYPE: contract
    for contract in (
        ReferralReceived,
        ReferralWithdrawn,
        CaseRouted,
        CaseTelltales,
        CaseJoined,
        CaseMerged,
        CaseReferralWithdrawn,
        CaseReturned,
        CaseProgressed,
        CaseDue,
        CaseGiven,
        CaseBarred,
        LetterKept,
        AgencyKey,
        SessionsEnded,
    )
}
