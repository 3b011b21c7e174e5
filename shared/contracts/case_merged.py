"""Triage says: two cases were found to be one; what was the younger goes on in the other."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class CaseMerged(Message, frozen=True, kw_only=True):
    """Names cases and a team, never a person; `to_team` had the case that is no more."""

    TYPE: ClassVar[str] = "case.merged"

    case: str
    into: str
    to_team: str
    merged_at: dt.datetime
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The reference of the case that is no more."""
        return self.case

    @property
    def lane(self) -> Lane:
        """As the referral that showed it travelled."""
        return self.travels

    @property
    def team(self) -> str:
        """The team that had the case."""
        return self.to_team
