"""What needs no database is worked out before there is a transaction; what fails there costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from shared.contracts import ReferralReceived
from shared.messaging import consumer
from shared.messaging.consumer import Hearer
from shared.messaging.parking import list_parked
from tests.messaging.stumbling import services_with
from tests.support.builders import an_account
from tests.support.houses import Hub

RECORDS = ("FIRST", "SECOND", "THIRD")


class Counting:
    """Works out how long a record's name is, and remembers when it did so and what the use case was told."""

    def __init__(self, fails_for: str = "") -> None:
        """Fail for this record."""
        self.fails_for = fails_for
        self.worked_out: list[str] = []
        self.told: list[tuple[str, int]] = []
        self.hearer = Hearer(
            self._handle, foresee=lambda message: {self._name(message): self._count(message)}
        )

    def _name(self, message: ReferralReceived) -> object:
        return "length", message.referral.source_record_id

    def _count(self, message: ReferralReceived) -> int:
        record = message.referral.source_record_id
        self.worked_out.append(record)
        if record == self.fails_for:
            raise ArithmeticError
        return len(record)

    def _handle(self, message: ReferralReceived, unit: Any) -> None:  # noqa: ANN401 - the unit
        length = unit.remember(self._name(message), lambda: self._count(message))
        self.told.append((message.referral.source_record_id, length))


def hear(make_hub: Callable[..., Hub], counting: Counting, records: Sequence[str] = RECORDS) -> Hub:
    hub = make_hub(services=services_with(lambda _: {ReferralReceived: counting.hearer}))
    for record in records:
        hub.take(an_account(record))
    hub.settle()
    return hub


def test_the_use_case_is_told_what_was_worked_out_once(make_hub: Callable[..., Hub]) -> None:
    counting = Counting()
    hear(make_hub, counting)
    assert counting.worked_out == [*RECORDS]
    assert counting.told == [("FIRST", 5), ("SECOND", 6), ("THIRD", 5)]


def test_what_is_read_in_advance_is_worked_out_once_and_told_in_its_turn(
    make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BATCH", 4)
    counting, records = Counting(), [f"RECORD-{number}" for number in range(30)]
    hear(make_hub, counting, records)
    assert counting.worked_out == records
    assert [record for record, _ in counting.told] == records


def test_what_cannot_be_worked_out_is_held_alone(make_hub: Callable[..., Hub]) -> None:
    counting = Counting(fails_for="SECOND")
    hub = hear(make_hub, counting)
    # The first was handled with the others, and then again for itself.
    assert counting.told == [("FIRST", 5), ("FIRST", 5), ("THIRD", 5)]
    (held,) = list_parked(hub.rooms["triage"].books, waiting_too=True)
    assert held.reason == "failed: ArithmeticError"

    counting.fails_for = ""
    hub.clock.move(seconds=1)
    hub.settle()
    assert counting.told[-1] == ("SECOND", 6)
