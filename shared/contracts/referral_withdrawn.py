"""Intake says: the agency has taken its referral back."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class ReferralWithdrawn(Message, frozen=True, kw_only=True):
    """A referral is withdrawn, as of the version that the agency had sent last."""

    TYPE: ClassVar[str] = "referral.withdrawn"

    reference: str
    agency: str
    version: int
    withdrawn_at: dt.datetime
    reason: str

    @property
    def subject(self) -> str:
        """The referral's reference."""
        return self.reference

    @property
    def lane(self) -> Lane:
        """Always urgent: somebody may be about to make contact."""
        return "urgent"
