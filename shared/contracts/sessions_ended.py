"""Notify says: whoever is signed in to an account is so no longer, in any service."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class SessionsEnded(Message, frozen=True, kw_only=True):
    """What was signed for an account of staff until then holds no more."""

    TYPE: ClassVar[str] = "sessions.ended"

    email: str
    ended_at: dt.datetime

    @property
    def subject(self) -> str:
        """Nothing: whose account it is, is for those alone who hear it."""
        return ""

    @property
    def lane(self) -> Lane:
        """Always urgent: whoever left must see nothing for long."""
        return "urgent"
