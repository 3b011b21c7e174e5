"""Triage says: a referral belongs to a case that is already with a team."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class CaseJoined(Message, frozen=True, kw_only=True):
    """A referral was found to tell of a case that is already known."""

    TYPE: ClassVar[str] = "case.joined"

    case: str
    referral: str
    joined_at: dt.datetime
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """The lane of the referral that joined."""
        return self.travels
