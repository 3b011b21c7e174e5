"""Turns a referral as it travels into what the gates need of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.triage.domain.gates import Need
    from shared.contracts.referral import Referral

_WHOLE_POSTCODE = 5  # characters; an outward code alone has two to four


def read_brings(referral: Referral, *, by_themselves: bool = False) -> tuple[Need, ...]:
    """What of the gates this referral passes (DOMAIN: consent to refer, safe contact, area).

    With `by_themselves` people refer themselves.
    """
    return tuple(_brought(referral, by_themselves=by_themselves))


def _brought(referral: Referral, *, by_themselves: bool) -> Iterator[Need]:
    if by_themselves or any(
        consent.to == "referral" and consent.decision == "given"
        for party in referral.parties
        for consent in party.consents
    ):
        yield "consent_to_refer"
    # The other side is never approached first, unless it is the side that asked.
    reached = [
        p for p in referral.parties if p.role != "responsible" or referral.initiated_by == "responsible"
    ]
    if any(contact.safe == "yes" for party in reached for contact in party.contacts):
        yield "safe_contact"
    if _has_property_number(referral) or len("".join(_home_postcode(referral).split())) >= _WHOLE_POSTCODE:
        yield "area"


def _has_property_number(referral: Referral) -> bool:
    """A property number (UPRN) tells the area as well as a whole postcode does."""
    return any(p.address is not None and p.address.uprn for p in referral.parties if p.role != "responsible")


def _home_postcode(referral: Referral) -> str:
    """The postcode that decides the area: the harmed person's home, else any party's that complains."""
    homes = [p for p in referral.parties if p.role != "responsible"]
    homes.sort(key=lambda p: p.role != "harmed")
    for party in homes:
        if party.address is not None and party.address.postcode:
            return party.address.postcode
    return ""
