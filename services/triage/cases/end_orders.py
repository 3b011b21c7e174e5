"""An order that forbade contact has ended: what is next in its case may be done again, and is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.cases.store import find_case
from services.triage.lives.store import hold_cases, stopped_until_before
from services.triage.move_case import settle_task, today_of

if TYPE_CHECKING:
    from services.triage.send_case import Table
    from shared.database import Database
    from shared.messaging.unit import Unit

_MOST = 200


def end_orders(unit: Unit, database: Database, table: Table) -> int:
    """Settle what is next where the last day of an order has passed; in how many cases.

    What else stops contact there, stops it still.
    """
    found = stopped_until_before(unit, today_of(unit.now), _MOST)
    hold_cases(unit, database, found)
    for case_id in found:
        settle_task(find_case(unit.connection, case_id), unit, table.targets)
    return len(found)
