"""Turns a referral as it travels into the account that is compared."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import phonenumbers

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.letters import folded, words
from services.triage.domain.matching.names import NAMELESS, read_name, read_title
from services.triage.domain.matching.places import NOWHERE, Place, places_in, read_place
from services.triage.domain.matching.references import numbers_in, read_reference
from services.triage.domain.matching.whens import When, plausible_birthday, whens_in

if TYPE_CHECKING:
    from shared.contracts import referral as wire

_TELEPHONES = ("mobile", "landline")
_FEWEST_DIGITS = 6
# As nearly all are written, which are read without the library: it takes ten times as long to say the same.
_BRITISH = re.compile(r"(?:0|\+44)([1-357-9][0-9]{9})\Z")
_FEWEST_OF_AN_IDENTIFIER = 4
_GENDERS = {"m": "m", "f": "f", "w": "f"}


def read_account(reference: str, agency: str, referral: wire.Referral) -> Account:
    """The referral as it is compared; dates that are only told are read from the day of the referral."""
    told_on = referral.referred_at.date()
    event = referral.event
    summary = event.summary or ""
    referrer = referral.referrer
    place = _place(event.place)
    office_phones = _phones((referrer.phone,)) if referrer and referrer.phone else ()
    office_emails = _emails((referrer.email,)) if referrer and referrer.email else ()
    happened = [When(event.started_on)] if event.started_on else []
    if event.ended_on and event.ended_on != event.started_on:
        happened.append(When(event.ended_on))
    happened += [when for when in whens_in(summary, told_on) if when not in happened]
    numbers = [read_reference(given.value, told_on, given.scheme) for given in event.references]
    people = tuple(_mention(party, told_on, office_phones, office_emails) for party in referral.parties)
    around = _around((place, *(mention.home for mention in people)))
    return Account(
        reference=reference,
        agency=agency,
        record=referral.source_record_id,
        strand=referral.strand,
        kind=event.type,
        told_on=told_on,
        happened=tuple(happened),
        numbers=tuple(dict.fromkeys([*filter(None, numbers), *numbers_in(summary)])),
        place=place,
        places_told=places_in(summary),
        words=tuple(words(summary)),
        people=tuple(mention._replace(around=_around((mention.home,)) or around) for mention in people),
        office_phones=office_phones,
        office_emails=office_emails,
    )


def read_mention(party: wire.Party, told_on: dt.date) -> Mention:
    """Somebody alone, as they are compared; `told_on` is the day on which they are told of."""
    return _mention(party, told_on, (), ())


def _mention(
    party: wire.Party, told_on: dt.date, office_phones: tuple[str, ...], office_emails: tuple[str, ...]
) -> Mention:
    name, contacts = party.name, party.contacts
    domains = tuple(email.partition("@")[2] for email in office_emails)
    emails = _emails(c.value for c in contacts if c.channel == "email")
    title, gender = read_title(None if name is None else name.title)
    return Mention(
        role=party.role,
        name=NAMELESS if name is None else read_name(name.given, name.family, name.middle, name.known_as),
        born=plausible_birthday(party.date_of_birth, told_on),
        gender=gender if party.gender is None else _GENDERS.get(party.gender.strip().lower()[:1], ""),
        phones=tuple(
            p
            for p in _phones(c.value for c in contacts if c.channel in _TELEPHONES)
            if p not in office_phones
        ),
        emails=tuple(e for e in emails if e.partition("@")[2] not in domains),
        home=_place(party.address),
        identifiers=tuple(
            (one.scheme, _plain(one.value)) for one in party.identifiers if _identifies(one.value)
        ),
        title=title,
    )


def _place(place: wire.Place | None) -> Place:
    if place is None:
        return NOWHERE
    return read_place(place.line1, place.line2, place.town, place.postcode, place.uprn)


def _around(places: tuple[Place, ...]) -> tuple[str, ...]:
    found = [area for place in places for area in (place.outward, "-".join(place.town)) if area]
    return tuple(dict.fromkeys(found))


def _phones(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_phone, values))))


@lru_cache(maxsize=20_000)
def _phone(value: str) -> str:
    """A telephone number in its international form (E.164), or its digits when it is none."""
    if plain := _BRITISH.match(value.replace(" ", "")):
        return f"+44{plain[1]}"
    try:
        number = phonenumbers.parse(value, "GB")
    except phonenumbers.NumberParseException:
        digits = "".join(filter(str.isdigit, value))
        return digits if len(digits) >= _FEWEST_DIGITS else ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _emails(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded(value).strip() for value in values if "@" in value))


def _identifies(value: str) -> bool:
    """Whether a value can be one person's own: a kind of tenure is no identifier, though it stands as one."""
    return sum(map(str.isdigit, value)) >= _FEWEST_OF_AN_IDENTIFIER


def _plain(value: str) -> str:
    return "".join(c for c in folded(value) if c.isalnum())
