"""Settle all that some accounts move: their cases, who is who in them, and who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.mind_conflicts import mind_conflicts
from services.triage.put_back import keep_if_joined
from services.triage.settle_cases import settle_cases
from services.triage.settle_people import settle_people

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.triage.settle_cases import Clerk, Settled


def settle_accounts(
    references: Collection[str], compared: Iterable[str], clerk: Clerk, *, changed: Collection[str] = ()
) -> Settled:
    """What became of these; `changed` are those that tell something new.

    Their people, and those of whoever was moved, are held against the people of whoever they were
    `compared` with.
    """
    settled = settle_cases(sorted(references), clerk)
    named = settle_people(changed, compared, settled, clerk)
    touched = {*references, *settled.neighbourhood, *named}
    mind_conflicts(touched, clerk.unit, clerk.table, left=settled.left)
    # Only now has all happened that their coming makes of a case.
    keep_if_joined(settled.before.values(), clerk.unit)
    return settled
