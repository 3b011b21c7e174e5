"""Refer oneself: what somebody answered becomes a referral, once, however often it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.forms.schema import write_referral
from services.intake.receive_referrals import receive_referrals
from shared.problems import NotFound, Problem

if TYPE_CHECKING:
    from services.intake.forms.domain.filling import Filled
    from services.intake.receive_referral import Taken
    from shared.directory import Directory
    from shared.messaging.unit import Unit


def agency_of_oneself(directory: Directory) -> str:
    """Under which agency people refer themselves; `NotFound` where they cannot."""
    for slug, agency in directory.agencies.items():
        if agency.self_referral:
            return slug
    message = "This hub takes referrals from agencies only."
    raise NotFound(message)


def refer_oneself(filled: Filled, directory: Directory, unit: Unit) -> Taken:
    """Take the referral in; `Unprocessable` when the door finds fault with an answer."""
    agency = agency_of_oneself(directory)
    (taken,) = receive_referrals([write_referral(filled)], agency, unit, self_referral=True, in_bulk=False)
    if isinstance(taken, Problem):
        raise taken
    return taken
