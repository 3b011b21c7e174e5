"""Triage says: an agency has taken back one of the referrals that a case rests on."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class CaseReferralWithdrawn(Message, frozen=True, kw_only=True):
    """A referral of this case was withdrawn; `stands` says whether the case has others that were not."""

    TYPE: ClassVar[str] = "case.referral_withdrawn"

    case: str
    referral: str
    to_team: str
    withdrawn_at: dt.datetime
    stands: bool

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """Always urgent: somebody may be about to make contact."""
        return "urgent"

    @property
    def team(self) -> str:
        """The team that has the case."""
        return self.to_team
