"""Take a referral back for the agency that made it, and say so, so that nobody goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake import store
from shared.contracts import ReferralWithdrawn
from shared.problems import Conflict, NotFound

if TYPE_CHECKING:
    from services.intake.domain.kept_referral import KeptReferral
    from shared.messaging.unit import Unit


class AlreadyClosed(Conflict):
    """The case of this referral is closed already."""

    code = "already_closed"
    advice = "There is nothing left to withdraw. Ring the hub if it should be forgotten."


def withdraw_referral(reference: str, reason: str, agency: str, unit: Unit) -> KeptReferral:
    """The referral as it stands now; withdrawing it twice changes nothing, and keeps the first reason.

    Raises `NotFound` for what is not this agency's, and `AlreadyClosed`.
    """
    progress = store.Progress.of(unit)
    progress.look_up([reference], agency)
    kept = progress.referral(reference)
    if kept is None:
        message = "You have no referral with this reference."
        raise NotFound(message)
    if kept.status == "withdrawn":
        return kept
    if kept.status == "closed":
        raise AlreadyClosed
    store.keep_withdrawal(unit, kept, reason)
    unit.say(
        ReferralWithdrawn(
            reference=kept.reference,
            agency=kept.agency,
            version=kept.version,
            withdrawn_at=unit.now,
            reason=reason,
        )
    )
    return progress.move(kept, "withdrawn")
