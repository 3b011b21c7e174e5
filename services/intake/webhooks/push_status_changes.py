"""Hand on each change of a referral's status: to its agency's webhook, or to nobody when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.webhooks import endpoints_store, waiting_store

if TYPE_CHECKING:
    from shared.messaging.unit import Unit

_ROUND = 500


def push_status_changes(unit: Unit) -> int:
    """One round: how many changes were handed on.

    A change becomes a delivery under its own id, in the transaction that marks it: it is never sent under two
    ids, and never forgotten. What an agency without a webhook was not told it can ask for later.
    """
    changes = waiting_store.claim_changes(unit, _ROUND)
    if changes:
        agencies = endpoints_store.hold_endpoints(unit, (agency for _, agency, _ in changes))
        if told := [change for change in changes if change[1] in agencies]:
            waiting_store.add_deliveries(unit, told)
    return len(changes)
