"""Triage says: a case has come so far that its referrers are told another word."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from shared.contracts.envelope import Lane, Message


class CaseProgressed(Message, frozen=True, kw_only=True):
    """The case of this referral is with a team, in progress, or closed; never why."""

    TYPE: ClassVar[str] = "case.progressed"

    case: str
    referral: str
    status: Literal["allocated", "in_progress", "closed"]
    progressed_at: dt.datetime

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """Nobody waits for it."""
        return "normal"
