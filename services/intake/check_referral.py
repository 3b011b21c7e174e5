"""Look over a referral that was taken, for what is strange or missing, and warn the agency in its receipt.

No warning keeps a referral out. Three of them (no consent to refer, no safe contact, risks not assessed) say
early what a coordinator would otherwise have to ask for, or return the referral for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from services.intake.domain.contact_details import remark_on_phone, remark_on_postcode, remark_on_uprn
from services.intake.domain.references import remark_on_reference
from services.intake.domain.warning import Remark, Warning  # noqa: A004 - the receipt's own word
from shared.contracts.referral import Event, Party, Place, Referral

RISKS_NOT_ASSESSED: Final = Remark(
    "risks_not_assessed",
    "Not assessed is not read as no risk. Send what you know of danger as soon as you can.",
)
NO_SAFE_CONTACT: Final = Remark(
    "no_safe_contact",
    "No contact is marked as safe, and one that is unknown counts as unsafe. "
    "Ask, and send safe: yes where it is.",
)
NO_CONSENT: Final = Remark(
    "no_consent_to_refer", "Nobody has agreed yet to being referred. Ask, and send the answer under consents."
)
CONSENT_REFUSED: Final = Remark(
    "consent_to_refer_refused",
    "Being referred was refused. Withdraw the referral unless the answer has changed.",
)
LATER_THAN_REFERRAL: Final = Remark(
    "date_after_referral", "This date is later than the referral, yet tells of something done. Check it."
)
EARLIER_THAN_REFERRAL: Final = Remark(
    "date_before_referral",
    "This date is earlier than the referral, yet tells of something to come. Check it.",
)
LONG_AGO: Final = Remark(
    "date_long_ago", "This date is longer ago than anybody can remember. Check its year."
)
NOT_YET: Final = Remark(
    "referred_in_future",
    "This is still to come, and counts as newer than whatever is sent until then. Check its date.",
)

_PHONES: Final = frozenset({"mobile", "landline"})
_LONG_AGO: Final = dt.date(1900, 1, 1)
# Clocks differ, and so do time zones that somebody got wrong.
_STILL_NOW: Final = dt.timedelta(days=1)


def warnings_for(referral: Referral, now: dt.datetime) -> tuple[Warning, ...]:
    """Every warning about this referral, in the order of its fields; none repeats what was typed."""
    return tuple(_warnings(referral, now))


def _warnings(referral: Referral, now: dt.datetime) -> Iterator[Warning]:
    if referral.referred_at > now + _STILL_NOW:
        yield NOT_YET.at("/referred_at")
    referrer = referral.referrer
    if referrer is not None and referrer.phone is not None and (remark := remark_on_phone(referrer.phone)):
        yield remark.at("/referrer/phone")
    referred_on = referral.referred_at.date()
    # A date of referral that is still to come makes nothing earlier than it strange.
    told_by = min(referred_on, now.date())
    yield from _about_event(referral.event, referred_on, told_by)
    for index, party in enumerate(referral.parties):
        yield from _about_party(party, f"/parties/{index}", referred_on, told_by)
    yield from _about_asking(referral)
    if referral.risks is None:
        yield RISKS_NOT_ASSESSED.at("/risks")
    elif not referral.risks.assessed:
        yield RISKS_NOT_ASSESSED.at("/risks/assessed")
    for index, order in enumerate(referral.orders):
        yield from _about_day_to_come(order.until, told_by, f"/orders/{index}/until")


def _about_event(event: Event, referred_on: dt.date, told_by: dt.date) -> Iterator[Warning]:
    yield from _about_day(event.started_on, referred_on, "/event/started_on")
    yield from _about_day(event.ended_on, referred_on, "/event/ended_on")
    yield from _about_day_to_come(event.next_hearing_on, told_by, "/event/next_hearing_on")
    if event.place is not None:
        yield from _about_place(event.place, "/event/place")
    for index, reference in enumerate(event.references):
        if remark := remark_on_reference(reference.scheme, reference.value):
            yield remark.at(f"/event/references/{index}/value")


def _about_place(place: Place, pointer: str) -> Iterator[Warning]:
    if place.postcode is not None and (remark := remark_on_postcode(place.postcode)):
        yield remark.at(f"{pointer}/postcode")
    if place.uprn is not None and (remark := remark_on_uprn(place.uprn)):
        yield remark.at(f"{pointer}/uprn")


def _about_party(party: Party, pointer: str, referred_on: dt.date, told_by: dt.date) -> Iterator[Warning]:
    if party.address is not None:
        yield from _about_place(party.address, f"{pointer}/address")
    for index, contact in enumerate(party.contacts):
        if contact.channel in _PHONES and (remark := remark_on_phone(contact.value, contact.channel)):
            yield remark.at(f"{pointer}/contacts/{index}/value")
        yield from _about_day(contact.confirmed_on, referred_on, f"{pointer}/contacts/{index}/confirmed_on")
    for index, consent in enumerate(party.consents):
        inside = f"{pointer}/consents/{index}"
        yield from _about_day(consent.decided_on, referred_on, f"{inside}/decided_on")
        yield from _about_day_to_come(consent.contact_again_on, told_by, f"{inside}/contact_again_on")
    if party.responsibility is not None:
        yield from _about_day(party.responsibility.on, referred_on, f"{pointer}/responsibility/on")


def _about_day(done_on: dt.date | None, referred_on: dt.date, pointer: str) -> Iterator[Warning]:
    if done_on is None:
        return
    if done_on > referred_on:
        yield LATER_THAN_REFERRAL.at(pointer)
    elif done_on < _LONG_AGO:
        yield LONG_AGO.at(pointer)


def _about_day_to_come(day: dt.date | None, told_by: dt.date, pointer: str) -> Iterator[Warning]:
    """An order that seems to have ended forbids nothing: a wrong year in it must not pass in silence."""
    if day is not None and day < told_by:
        yield EARLIER_THAN_REFERRAL.at(pointer)


def _about_asking(referral: Referral) -> Iterator[Warning]:
    """Warn when nobody on the side that would be contacted first can be, or has agreed to it."""
    asked = _asked_first(referral)
    first = asked[0]
    contacts = [contact for index in asked for contact in referral.parties[index].contacts]
    if not any(contact.safe == "yes" for contact in contacts):
        yield NO_SAFE_CONTACT.at(f"/parties/{first}/contacts")
    decisions = {
        consent.decision
        for index in asked
        for consent in referral.parties[index].consents
        if consent.to == "referral"
    }
    if "given" not in decisions:
        remark = CONSENT_REFUSED if "refused" in decisions else NO_CONSENT
        yield remark.at(f"/parties/{first}/consents")


def _asked_first(referral: Referral) -> list[int]:
    """The places of the parties who are contacted first: the side that asked, else those who were harmed.

    In a dispute, and when no party has such a role, any side may have asked.
    """
    role = "responsible" if referral.initiated_by == "responsible" else "harmed"
    of_that_side = [index for index, party in enumerate(referral.parties) if party.role == role]
    return of_that_side or list(range(len(referral.parties)))
