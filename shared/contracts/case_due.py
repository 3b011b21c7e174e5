"""Triage says: it is somebody's turn in a case, or something is due soon, on the day, or was not done."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from shared.contracts.envelope import Lane, Message


class CaseDue(Message, frozen=True, kw_only=True):
    """The next thing in a case, in a code, and the day it is due; it names nobody but staff.

    `owner` is whose turn it is, by their address, once for each of them; empty for the team's supervisors.
    """

    TYPE: ClassVar[str] = "case.due"

    case: str
    to_team: str
    owner: str
    task: str
    due_on: dt.date
    kind: Literal["begun", "warning", "call_back", "breach"]
    said_at: dt.datetime
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """Urgent where somebody was promised a call, waits already or is in danger."""
        return self.travels

    @property
    def team(self) -> str:
        """The team that has the case."""
        return self.to_team
