"""Somebody says that they have the case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.notify import store
from shared.problems import NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from services.notify.domain.alert import Alert, Reader
    from shared.messaging.unit import Unit


def acknowledge_alert(alert_id: UUID, reader: Reader, unit: Unit) -> Alert:
    """The alert, acknowledged; the first to say so stays the one who has it. Another team's is not there."""
    alert = store.find_alert(unit, alert_id)
    if alert is None or not store.is_there_for(unit.connection, alert, reader):
        message = "Your team has no alert with this id."
        raise NotFound(message)
    if alert.state == "acknowledged":
        return alert
    alert = replace(
        alert, state="acknowledged", acknowledged_at=unit.now, acknowledged_by=reader.name, next_step_at=None
    )
    store.acknowledge(unit, alert)
    store.note(unit, alert.id, "acknowledged", reader.name)
    return alert
