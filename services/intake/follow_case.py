"""Note what triage has done with a referral, so that the agency sees its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts import CaseJoined, CaseProgressed, CaseReturned, CaseRouted
    from shared.messaging.unit import Unit

_BEFORE_A_TEAM = ("received", "returned")
_WITH_A_TEAM = ("allocated", "in_progress", "closed")


def prepare_batch(
    messages: Sequence[CaseRouted | CaseJoined | CaseReturned | CaseProgressed], unit: Unit
) -> None:
    """Look up at once which referrals this batch is about."""
    store.Progress.of(unit).look_up(message.referral for message in messages)


def follow_case(message: CaseRouted | CaseJoined, unit: Unit) -> None:
    """The referral is with a team now: `received` or `returned` becomes `allocated`.

    The agency never learns from it whether somebody else referred the same person.
    """
    progress = store.Progress.of(unit)
    kept = progress.referral(message.referral)
    if kept is not None and kept.status in _BEFORE_A_TEAM:
        progress.move(kept, "allocated")


def follow_return(message: CaseReturned, unit: Unit) -> None:
    """The referral cannot go to a team yet: the agency is told in codes what is missing.

    Of a case that has come further it is heard only if it was said after that: its case was separated from
    the one that has. Else it is a word of before that was late.
    """
    progress = store.Progress.of(unit)
    kept = progress.referral(message.referral)
    if kept is None or kept.status == "withdrawn":
        return
    if kept.status not in (*_BEFORE_A_TEAM, "allocated") and message.returned_at < kept.updated_at:
        return
    if (kept.status, kept.reasons) != ("returned", message.lacks):
        progress.move(kept, "returned", message.lacks)


def follow_progress(message: CaseProgressed, unit: Unit) -> None:
    """The case has come so far that another word is true: `in_progress`, `closed`, or open again.

    A case may end before a team has it: what was missing did not come.
    """
    progress = store.Progress.of(unit)
    kept = progress.referral(message.referral)
    if kept is None or kept.status == message.status:
        return
    if kept.status in _WITH_A_TEAM or (kept.status in _BEFORE_A_TEAM and message.status == "closed"):
        progress.move(kept, message.status)
