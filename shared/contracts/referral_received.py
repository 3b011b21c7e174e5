"""Intake says: an agency's referral has been taken, or amended, and the agency has its receipt."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message
from shared.contracts.referral import Referral


class ReferralReceived(Message, frozen=True, kw_only=True):
    """One version of one referral, whole: triage matches on all of it."""

    TYPE: ClassVar[str] = "referral.received"

    reference: str
    agency: str
    version: int
    received_at: dt.datetime
    referral: Referral
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The referral's reference."""
        return self.reference

    @property
    def lane(self) -> Lane:
        """Urgent, normal or bulk, as intake decided."""
        return self.travels
