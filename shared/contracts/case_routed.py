"""Triage says: a new case has gone to this team; it names no person."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class CaseRouted(Message, frozen=True, kw_only=True):
    """A case was opened by a referral and routed to a team."""

    TYPE: ClassVar[str] = "case.routed"

    case: str
    referral: str
    to_team: str
    routed_at: dt.datetime
    travels: Lane = "normal"
    # The team has had this case before, and was told to pause it.
    again: bool = False
    # The case was returned before, and now has what it lacked.
    released: bool = False

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """The lane of the referral that opened the case."""
        return self.travels

    @property
    def team(self) -> str:
        """The team that has the case now."""
        return self.to_team
