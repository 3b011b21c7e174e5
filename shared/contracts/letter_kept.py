"""Intake says: a mail that came could not be taken whole, and waits for a human."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from shared.contracts.envelope import Message


class LetterKept(Message, frozen=True, kw_only=True):
    """A letter was kept, by its reference; who sent it and what it says stays with intake."""

    TYPE: ClassVar[str] = "letter.kept"

    letter: str
    kept_at: dt.datetime

    @property
    def subject(self) -> str:
        """The letter's reference."""
        return self.letter
