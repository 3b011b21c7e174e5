"""Triage says: a case cannot go to a team yet, and what its referrals are lacking."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class CaseReturned(Message, frozen=True, kw_only=True):
    """A referral was triaged and its case lacks something, in codes; `again` if the case had been paused."""

    TYPE: ClassVar[str] = "case.returned"

    case: str
    referral: str
    to_team: str
    lacks: tuple[str, ...]
    returned_at: dt.datetime
    again: bool = False
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """The lane of the referral that was returned."""
        return self.travels
