"""Intake says: this key opens the hub for an agency from now on, or no longer."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class AgencyKey(Message, frozen=True, kw_only=True):
    """The id and the hash of a key, never the key: so that another service knows who asks."""

    TYPE: ClassVar[str] = "agency.key"

    key_id: str
    agency: str
    key_hash: bytes
    good: bool
    said_at: dt.datetime

    @property
    def subject(self) -> str:
        """The key's id."""
        return self.key_id

    @property
    def lane(self) -> Lane:
        """Always urgent: a key that was revoked must not open anything for long."""
        return "urgent"
