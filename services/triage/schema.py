"""Turns a referral as it travels into what triage compares, and a verdict into what is kept and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.triage.domain.evidence import normalised_reference, person, same_period

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from services.triage.domain.gates import Need
    from shared.contracts import ReferralReceived
    from shared.contracts.referral import Party, Referral
    from shared.sealing import Lookup

_WHOLE_POSTCODE = 5  # characters; an outward code alone has two to four
SAME_REFERENCE, SAME_PERSON = "same_reference", "same_person_and_kind"


class CaseKey(NamedTuple):
    """Exact evidence for a case: its keyed hash, its rule, and where in the referral it stands."""

    key: bytes
    rule: str
    where: str


class Account(NamedTuple):
    """A referral as triage compares it."""

    happened_on: dt.date
    event_type: str
    person_keys: tuple[bytes | None, ...]
    case_keys: tuple[CaseKey, ...]
    home_postcode: str | None
    brings: tuple[Need, ...]

    def same_event(self, rule: str, event_type: str, day: dt.date) -> bool:
        """Whether another account that shares this evidence tells of the same event.

        A reference says so by itself; a person only together with the kind of event and nearness in time.
        """
        return rule == SAME_REFERENCE or (
            event_type == self.event_type and same_period(day, self.happened_on)
        )


def read_account(message: ReferralReceived, lookup: Lookup, *, by_themselves: bool = False) -> Account:
    """What one referral can be compared on and what it brings; `by_themselves`: people refer themselves."""
    referral = message.referral
    person_keys = tuple(_person_key(party, lookup) for party in referral.parties)
    case_keys: dict[bytes, CaseKey] = {}
    for index, reference in enumerate(referral.event.references):
        text = normalised_reference(reference.value)
        if text is not None:
            key = lookup.hash("reference", reference.scheme, text)
            case_keys.setdefault(key, CaseKey(key, SAME_REFERENCE, f"/event/references/{index}"))
    for index, person_key in enumerate(person_keys):
        if person_key is not None:
            case_keys.setdefault(person_key, CaseKey(person_key, SAME_PERSON, f"/parties/{index}"))
    home_postcode = _home_postcode(referral)
    return Account(
        happened_on=referral.event.started_on or referral.referred_at.date(),
        event_type=referral.event.type,
        person_keys=person_keys,
        case_keys=tuple(case_keys.values()),
        home_postcode=home_postcode,
        brings=tuple(_brought(referral, home_postcode, by_themselves=by_themselves)),
    )


def _brought(referral: Referral, home_postcode: str | None, *, by_themselves: bool) -> Iterator[Need]:
    """What of the gates this referral passes (DOMAIN: consent to refer, safe contact, area)."""
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
    if _has_property_number(referral) or (
        home_postcode is not None and len("".join(home_postcode.split())) >= _WHOLE_POSTCODE
    ):
        yield "area"


def _has_property_number(referral: Referral) -> bool:
    """A property number (UPRN) tells the area as well as a whole postcode does."""
    return any(p.address is not None and p.address.uprn for p in referral.parties if p.role != "responsible")


def _person_key(party: Party, lookup: Lookup) -> bytes | None:
    name = party.name
    known = person(name.given if name else None, name.family if name else None, party.date_of_birth)
    return lookup.hash("person", str(known.name), str(known.date_of_birth)) if known.certain else None


def _home_postcode(referral: Referral) -> str | None:
    """The postcode that decides the area: the harmed person's home, else any party's that complains."""
    homes = [p for p in referral.parties if p.role != "responsible"]
    homes.sort(key=lambda p: p.role != "harmed")
    for party in homes:
        if party.address is not None and party.address.postcode:
            return party.address.postcode
    return None
