"""Triage says: somebody has a case from now on whom nobody has told yet, or somebody has it no longer."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar
from uuid import UUID

from shared.contracts.envelope import Lane, Message


class CaseGiven(Message, frozen=True, kw_only=True):
    """Who owns or facilitates a case now, by their address; `giving` tells it from every other time.

    `to` is empty where whoever has it now knows; `no_longer` are those who had it until then.
    """

    TYPE: ClassVar[str] = "case.given"

    case: str
    to_team: str
    to: str
    giving: UUID
    given_at: dt.datetime
    no_longer: tuple[str, ...] = ()
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """Urgent where the case is."""
        return self.travels
