"""Triage, put together: finds what is already known, makes the case, routes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.triage.handlers import hears
from services.triage.read_tables import read_tables
from services.triage.store import SEALED
from services.triage.tables import messaging
from shared.service import Room, Service
from shared.web import put_together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.contracts.envelope import Message
    from shared.messaging.consumer import Hearer


def _hears(room: Room) -> Mapping[type[Message], Hearer]:
    return hears(room.database, read_tables(room.settings.routing, room.directory))


TRIAGE = Service(
    name="triage",
    tables=messaging,
    migrations=Path(__file__).parent / "migrations",
    hears=_hears,
    web=lambda room: put_together(room, "triage"),
    paths=("/v1/cases", "/v1/reviews", "/v1/routing"),
    sealed=SEALED,
)
