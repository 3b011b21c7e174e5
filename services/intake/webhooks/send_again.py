"""Have something sent because the agency asks: a test, one delivery, or everything since an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.webhooks import deliveries_store, waiting_store
from services.intake.webhooks.domain.delivery import TEST, Delivery
from services.intake.webhooks.keep_webhook import hold_active_webhook
from shared.problems import NotFound

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from shared.messaging.unit import Unit


def send_test(agency: str, unit: Unit) -> Delivery:
    """An event about no referral, to see that it arrives."""
    hold_active_webhook(agency, unit)
    return waiting_store.add_test(unit, agency, TEST)


def send_again(agency: str, delivery_id: UUID | None, unit: Unit) -> Delivery:
    """Send one delivery again, under its own id, whatever became of it before."""
    found = (
        None if delivery_id is None else deliveries_store.find_delivery(unit.connection, agency, delivery_id)
    )
    if found is None:
        raise NotFound("You have no delivery with this id.")
    hold_active_webhook(agency, unit)
    waiting_store.send_one_again(unit, agency, found.id)
    return deliveries_store.find_delivery(unit.connection, agency, found.id) or found


def send_again_since(agency: str, since: dt.datetime, unit: Unit) -> int:
    """Send every change of status since then again, each under its own id; how many they are."""
    hold_active_webhook(agency, unit)
    return waiting_store.send_again_since(unit, agency, since)
