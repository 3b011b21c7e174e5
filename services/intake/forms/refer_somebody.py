"""Refer somebody by form: what a practitioner answered becomes a referral of their agency, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.intake.forms import store
from services.intake.forms.practitioner_schema import write_referral
from services.intake.receive_referrals import receive_referrals
from shared.problems import NotFound, Problem

if TYPE_CHECKING:
    from services.intake.domain.kept_referral import KeptReferral
    from services.intake.forms.domain.draft import Draft, Owner
    from services.intake.forms.domain.filling import Filled
    from shared.directory import Directory
    from shared.messaging.unit import Unit

# The agency of the directory under which practitioners without an account refer.
OPEN_FORM: Final = "open_form"


def refer_somebody(filled: Filled, directory: Directory, unit: Unit) -> KeptReferral:
    """Take in what a practitioner without an account answered; the same form again is the same referral.

    Nobody has checked who they are: the referrer says so. `Unprocessable` when the door finds fault.
    """
    if OPEN_FORM not in directory.agencies:
        message = "This hub takes referrals from practitioners with an account only."
        raise NotFound(message)
    return _take(write_referral(filled, filled.begun_at, verified=False), OPEN_FORM, unit)


def send_draft(draft: Draft, owner: Owner, unit: Unit) -> KeptReferral:
    """Take in what the owner answered, as a referral of their agency; the draft is locked by this unit.

    `Unprocessable` when the door finds fault.
    """
    kept = _take(write_referral(draft.filled, unit.now, verified=True), owner.agency, unit)
    store.mark_sent(unit, draft.id, kept.reference)
    return kept


def _take(body: object, agency: str, unit: Unit) -> KeptReferral:
    (taken,) = receive_referrals([body], agency, unit, self_referral=False, in_bulk=False)
    if isinstance(taken, Problem):
        raise taken
    return taken.kept
