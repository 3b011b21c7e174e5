"""Referrals for the load: of the size that agencies send, each about other people; all of it is invented.

The names are made of syllables that spell a number, each with a sound of its own and none doubled: vowels are
not heard by what compares names, so no two sound alike. Who arrives next has nothing alike: they would be one
with a slip in every thing. Telephones begin in as many ways as a county's do, and nobody rings them; domains
end in `.example`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from tests.support.builders import a_consent, a_contact, a_place, a_referral, a_referrer

_SYLLABLES = (["ba", "da", "ga", "ka", "la", "ma"], ["fa", "na", "pa", "ra", "sa", "ta", "va"])
OUTWARD = ("DL1", "DH1", "DL5", "TS1", "DH7", "SR7")
UNITS = "ABDEFGHJLNPQRSTUWXYZ"
_MANY = 65_537  # a prime: no two numbers scatter to one
_FIRST_BIRTH = dt.date(1940, 1, 1)

_numbers = itertools.count(1)
_run = secrets.token_hex(4)


def spelt(number: int) -> str:
    """A number as a name, another for each number."""
    parts: list[str] = []
    while number:
        syllables = _SYLLABLES[len(parts) % 2]
        number, digit = divmod(number, len(syllables))
        parts.append(syllables[digit])
    return "".join(parts).capitalize()


def _scattered(number: int, by: int) -> int:
    """Another number for each, far from that of its neighbours."""
    return number * by % _MANY + number // _MANY * _MANY


def a_typical_referral(postcodes: Sequence[str] = ()) -> dict[str, Any]:
    """A new one of about 1.2 kB: two people, one crime, one safe way to reach the person harmed.

    They live in these postcodes in turn, or else as in a county, where some fifty homes share one.
    """
    number = next(_numbers)
    own = f"{OUTWARD[number % len(OUTWARD)]} 9{UNITS[number // 40 % 20]}{UNITS[number // 800 % 20]}"
    postcode = postcodes[number % len(postcodes)] if postcodes else own
    born = _FIRST_BIRTH + dt.timedelta(days=number * 37 % 24_000)
    place = a_place(line1=f"{number % 200 + 1} {spelt(number // 200 + 4096)} Terrace", postcode=postcode)
    del place["line2"], place["uprn"]
    begins, ends = _scattered(number, 387_631) % 1000, _scattered(number, 19_391) % 1_000_000
    contact = a_contact(value=f"07{begins:03} {ends:06}")
    del contact["safe_times"], contact["confirmed_on"]
    consent = a_consent()
    del consent["contact_again_on"]
    referral = a_referral(
        source_record_id=f"INVENTED-{_run}-{number}",
        referrer=a_referrer(),
        event={
            "type": "burglary",
            "started_on": "2026-03-01",
            "place": place,
            "references": [{"scheme": "crime", "value": f"CRI{_scattered(number, 611_953):09}"}],
            "summary": "An invented account of an invented burglary, as long as most accounts are.",
            "justice_stage": "under_investigation",
        },
        parties=[
            {
                "role": "harmed",
                "name": {
                    "given": spelt(_scattered(number, 271_829)),
                    "family": spelt(_scattered(number, 577_219)),
                },
                "date_of_birth": born.isoformat(),
                "address": place | {"confidential": True},
                "contacts": [contact],
                "consents": [consent],
            },
            {
                "role": "responsible",
                "name": {
                    "given": spelt(_scattered(number, 141_421)),
                    "family": spelt(_scattered(number, 732_051)),
                },
                "date_of_birth": (born + dt.timedelta(days=400)).isoformat(),
            },
        ],
    )
    for name in ("orders", "demand_baseline", "services_wanted"):
        del referral[name]
    return referral


def bodies(count: int, postcodes: Sequence[str] = ()) -> Iterator[bytes]:
    """So many new referrals as they travel over HTTP."""
    for _ in range(count):
        yield json.dumps(a_typical_referral(postcodes)).encode()
