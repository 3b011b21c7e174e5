"""One referral in the form in which it is compared: the people in it and what happened to them."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from services.triage.domain.matching.names import NAMELESS, Name
from services.triage.domain.matching.places import NOWHERE, Place
from services.triage.domain.matching.references import Reference
from services.triage.domain.matching.whens import When


class Mention(NamedTuple):
    """Somebody as one account mentions them."""

    role: str = "party"
    name: Name = NAMELESS
    born: dt.date | None = None
    gender: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    home: Place = NOWHERE
    identifiers: tuple[tuple[str, str], ...] = ()
    # Where the account as a whole plays: outward codes and towns, for somebody whose home is not told.
    around: tuple[str, ...] = ()
    # `mrs`, `mr`: by which a family name alone is somebody of a household.
    title: str = ""


class Account(NamedTuple):
    """One referral as it is compared."""

    reference: str
    agency: str
    record: str
    strand: str
    kind: str
    told_on: dt.date
    happened: tuple[When, ...]
    numbers: tuple[Reference, ...]
    place: Place
    places_told: tuple[Place, ...]
    words: tuple[str, ...]
    people: tuple[Mention, ...]
    # How the agency itself is reached: what stands here is nobody's own.
    office_phones: tuple[str, ...] = ()
    office_emails: tuple[str, ...] = ()


def nothing_told(reference: str, agency: str) -> Account:
    """An account of which nothing can be compared."""
    return Account(reference, agency, "", "", "other", dt.date.min, (), (), NOWHERE, (), (), ())
