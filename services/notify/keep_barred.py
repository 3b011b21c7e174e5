"""Somebody knows somebody in a case: they are told nothing more of it, and others are told instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notify import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts import CaseBarred
    from shared.messaging.unit import Unit


def prepare_batch(messages: Sequence[CaseBarred], unit: Unit) -> None:
    """Take the locks, once: of two words about one case the newest counts, also when both are heard now."""
    store.hold_barred(unit, [message.case for message in messages])


def keep_barred(message: CaseBarred, unit: Unit) -> None:
    """The newest word counts, in whatever order they arrive.

    What waits to be sent to whoever is new among them is dropped, and what they alone may have been told of
    goes on at once; what goes on already is not hurried by one more.
    """
    new = store.keep_barred(unit, message.case, message.who, message.barred_at)
    for alert in store.open_alerts_told(unit.connection, message.case, new):
        store.drop_deliveries(unit, alert, new)
        store.set_step(unit, alert.id, alert.step, unit.now)
