"""Triage says: this must never stand in a message about the case; as keyed hashes that nobody can read."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.envelope import Lane, Message


class CaseTelltales(Message, frozen=True, kw_only=True):
    """What one version of one referral would give away, for whoever sends messages about its case.

    `telltales` is made by `shared.telltales`: eight bytes for each name, number, postcode and reference. A
    referral's newest version takes the place of those before.
    """

    TYPE: ClassVar[str] = "case.telltales"

    case: str
    referral: str
    version: int
    telltales: bytes
    travels: Lane = "normal"

    @property
    def subject(self) -> str:
        """The case's reference."""
        return self.case

    @property
    def lane(self) -> Lane:
        """The lane of the referral, so that it is known when the alert of the case is sent."""
        return self.travels
