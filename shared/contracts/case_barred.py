"""Triage says: who of the staff knows somebody in a case, and so neither has it nor hears of it."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class CaseBarred(Message, frozen=True, kw_only=True):
    """Everybody who does not see the case from now on, by their addresses; none where nobody is kept out."""

    TYPE: ClassVar[str] = "case.barred"

    case: str
    who: tuple[str, ...]
    barred_at: dt.datetime
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """Urgent where the case is."""
        return self.travels
