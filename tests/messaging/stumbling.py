"""Triage that fails where a test wants it to, with its real handler behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from services.every import SERVICES
from shared.contracts import ReferralReceived
from shared.contracts.envelope import Message
from shared.messaging.consumer import Hearer
from shared.service import Room, Service

_DEADLOCK = "DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$"


def services_with(hears: Callable[[Room], Mapping[type[Message], Hearer]]) -> list[Service]:
    """All three services, of which triage hears like this."""
    return [
        dataclasses.replace(service, hears=hears) if service.name == "triage" else service
        for service in SERVICES.values()
    ]


class Stumbling:
    """Fails for the records that a test names, and remembers in which order it was asked."""

    def __init__(self, *records: str) -> None:
        """Fail for these records, until they are taken out of `fails_for`."""
        self.fails_for = set(records)
        self.busy_for: list[str] = []  # for these records the database answers once that there is a deadlock
        self.asked: list[str] = []
        self.when_asked: Callable[[str], object] = lambda _: None

    @property
    def services(self) -> list[Service]:
        """All three services, with this triage among them."""
        return services_with(self._hears)

    def _hears(self, room: Room) -> Mapping[type[Message], Hearer]:
        hearer = SERVICES["triage"].hears(room)[ReferralReceived]

        def handle(message: ReferralReceived, unit: Any) -> object:  # noqa: ANN401 - the unit, passed on
            record = message.referral.source_record_id
            self.asked.append(record)
            self.when_asked(record)
            result = hearer.handle(message, unit)
            if record in self.busy_for:
                self.busy_for.remove(record)
                unit.connection.exec_driver_sql(_DEADLOCK)
            if record in self.fails_for:
                # After the effect: it must be undone.
                raise ArithmeticError(f"nobody may read of {record}")
            return result

        return {ReferralReceived: Hearer(handle, hearer.prepare)}
