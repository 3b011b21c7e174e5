"""What clerks, scanners and forms do to a referral, and labelled data may lack: each alone, on what was sent.

An error changes what is written and never what is true. Each takes a referral as it came over the wire, and
says whether it found anything to spoil.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from nicknames import NickNamer

Wire = dict[str, Any]
Spoil = Callable[[random.Random, Wire], bool]

_SCANNED = (("rn", "m"), ("m", "rn"), ("l", "1"), ("o", "0"), ("e", "c"), ("h", "b"), ("cl", "d"), ("i", "l"))
_HEARD = (("ph", "f"), ("f", "ph"), ("ck", "k"), ("c", "k"), ("y", "i"), ("ie", "y"), ("s", "z"), ("n", "m"))
# One sound in two alphabets' habits: Polish, Arabic, Punjabi, Russian, Romanian names in English ears.
_OTHERWISE = (
    ("sz", "sh"), ("w", "v"), ("j", "y"), ("kh", "ch"), ("q", "k"), ("ee", "i"), ("oo", "u"), ("u", "ou"),
    ("ah", "a"), ("cz", "ch"), ("dh", "d"), ("x", "ks"), ("ei", "ai"), ("iy", "y"), ("aa", "a"),
)  # fmt: skip
_SERIES = ("CRI", "SE", "DHM", "CLV", "NPT", "BTP", "OCC")
_HOSTELS = (
    {"line1": "The Lantern Hostel", "line2": "2 Invented Square", "postcode": "DL1 9QA"},
    {"line1": "Fernlea Care Home", "line2": "60 Pretend Drive", "postcode": "DH1 9QB"},
    {"line1": "c/o Safe Harbour Refuge", "line2": "PO Box 17", "postcode": "TS1 9QC"},
)
_OFFICES = (("01632 960888", "duty@casework.example"), ("01632 960999", "advice@frontdoor.example"))
_DAY = 12  # the last that may also be a month
_DIGIT = re.compile(r"\d")
_FEWEST_DIGITS = 9  # of a telephone that can lose one
# What an office types once and sends with each referral; nothing in it is of this event.
_TEMPLATE = (
    "Initial contact was made by our team and the service was explained in full. The person has been told how"
    " their information is used and that they may withdraw at any time. No barriers to taking part were"
    " identified at the time of writing. Please contact the named worker before any visit is arranged."
)
_short_forms = NickNamer()


def _people(referral: Wire) -> Iterator[Wire]:
    yield from (party for party in referral["parties"] if party.get("name"))


def _homes(referral: Wire) -> list[Wire]:
    places = [party.get("address") for party in referral["parties"]]
    return [place for place in (*places, referral["event"].get("place")) if place and place.get("line1")]


def _rewritten(draw: random.Random, referral: Wire, habits: tuple[tuple[str, str], ...]) -> bool:
    """One place in one name, as somebody else would have written it."""
    may = [
        (party["name"], part, before, after)
        for party in _people(referral)
        for part in ("given", "family")
        for before, after in habits
        if before in (party["name"].get(part) or "")[1:].lower()
    ]
    if not may:
        return False
    name, part, before, after = draw.choice(may)
    word = name[part]
    at = word.lower().index(before, 1)
    name[part] = word[:at] + after + word[at + len(before) :]
    return True


def roles_turned(_: random.Random, referral: Wire) -> bool:
    """The clerk typed each side into the other's box."""
    turned = {"harmed": "responsible", "responsible": "harmed"}
    parties = referral["parties"]
    if {"harmed", "responsible"} <= {party["role"] for party in parties}:
        for party in parties:
            party["role"] = turned.get(party["role"], party["role"])
    elif len(parties) == 2:
        parties[0]["role"], parties[1]["role"] = parties[1]["role"], parties[0]["role"]
    else:
        return False
    return True


def scanned(draw: random.Random, referral: Wire) -> bool:
    """A name was read by a machine."""
    return _rewritten(draw, referral, _SCANNED)


def heard(draw: random.Random, referral: Wire) -> bool:
    """A name was heard on a bad line."""
    return _rewritten(draw, referral, _HEARD)


def transliterated(draw: random.Random, referral: Wire) -> bool:
    """A name was brought from another alphabet, or another country's spelling, otherwise."""
    return _rewritten(draw, referral, _OTHERWISE)


def birthday_turned(_: random.Random, referral: Wire) -> bool:
    """Day and month of a birth date changed places."""
    for party in referral["parties"]:
        turned = _turned(party.get("date_of_birth"))
        if turned:
            party["date_of_birth"] = turned
            return True
    return False


def day_turned(_: random.Random, referral: Wire) -> bool:
    """Day and month of the event changed places, where the referral is not older than that."""
    event = referral["event"]
    turned = _turned(event.get("started_on"))
    if not turned or turned > referral["referred_at"][:10] or event.get("ended_on"):
        return False
    event["started_on"] = turned
    return True


def _turned(day: str | None) -> str:
    if not day:
        return ""
    whole = dt.date.fromisoformat(day)
    if whole.day > _DAY or whole.day == whole.month:
        return ""
    return whole.replace(day=whole.month, month=whole.day).isoformat()


def neighbours_number(draw: random.Random, referral: Wire) -> bool:
    """The number of the house next door."""
    homes = [home for home in _homes(referral) if re.search(r"\d", home["line1"])]
    if not homes:
        return False
    home = draw.choice(homes)
    step = draw.choice((-2, -1, 1, 2))
    home["line1"] = re.sub(r"\d+", lambda n: str(max(1, int(n.group()) + step)), home["line1"], count=1)
    home.pop("uprn", None)
    return True


def capitals(_: random.Random, referral: Wire) -> bool:
    """The whole form in capital letters."""
    for party in _people(referral):
        party["name"] = {part: said.upper() for part, said in party["name"].items()}
    for home in _homes(referral):
        home.update({part: said.upper() for part, said in home.items() if isinstance(said, str)})
    event = referral["event"]
    if event.get("summary"):
        event["summary"] = event["summary"].upper()
    return True


def in_a_hostel(draw: random.Random, referral: Wire) -> bool:
    """A home that many share: a hostel, a care home, a refuge."""
    homed = [party for party in referral["parties"] if party.get("address")]
    if not homed:
        return False
    draw.choice(homed)["address"] = dict(draw.choice(_HOSTELS))
    return True


def reached_at_the_office(draw: random.Random, referral: Wire) -> bool:
    """The telephone and the mail of whoever refers stand as the person's own, and nowhere as an office's."""
    phone, email = draw.choice(_OFFICES)
    party = draw.choice(referral["parties"])
    party["contacts"] = [
        {"channel": "landline", "value": phone},
        {"channel": "email", "value": email},
    ]
    return True


def another_series(draw: random.Random, referral: Wire) -> bool:
    """A number with the letters of another force or system in front."""
    told = [r for r in referral["event"].get("references", ()) if re.match(r"[A-Za-z]{2,3}\d", r["value"])]
    if not told:
        return False
    one = draw.choice(told)
    one["value"] = re.sub(r"^[A-Za-z]+", draw.choice(_SERIES), one["value"])
    return True


def nothing_told(_: random.Random, referral: Wire) -> bool:
    """No summary."""
    return bool(referral["event"].pop("summary", ""))


def day_of_the_report(_: random.Random, referral: Wire) -> bool:
    """The day on which it was written down stands as the day on which it happened."""
    event, told = referral["event"], referral["referred_at"][:10]
    if event.get("started_on") in (None, told) or event.get("ended_on"):
        return False
    event["started_on"] = told
    return True


def another_scheme(draw: random.Random, referral: Wire) -> bool:
    """A number in the box for another kind of number."""
    told = referral["event"].get("references", ())
    if not told:
        return False
    one = draw.choice(told)
    one["scheme"] = draw.choice([s for s in ("crime", "incident", "first", "other") if s != one["scheme"]])
    return True


def fields_shifted(_: random.Random, referral: Wire) -> bool:
    """From the house on, each part of the address stands one box too far."""
    shifted = False
    for home in _homes(referral):
        parts = ("line1", "line2", "town")
        said = [home.pop(part, None) for part in parts]
        home.update({part: one for part, one in zip(parts[1:], said, strict=False) if one})
        if said[2]:
            home["town"] = f"{home['town']}, {said[2]}" if home.get("town") else said[2]
        shifted = True
    return shifted


def in_one_box(draw: random.Random, referral: Wire) -> bool:
    """The whole name in the box of the given name."""
    whole = [party["name"] for party in _people(referral) if {"given", "family"} <= party["name"].keys()]
    if not whole:
        return False
    name = draw.choice(whole)
    name["given"] = f"{name['given']} {name.pop('family')}"
    return True


def two_in_one(_: random.Random, referral: Wire) -> bool:
    """A couple, or a mother and her son, typed as one person: the second stands beside the first's name."""
    for party in _people(referral):
        if party["role"] == "harmed" and party["name"].get("given"):
            party["name"]["given"] += " and partner"
            return True
    return False


def place_name_only(draw: random.Random, referral: Wire) -> bool:
    """Of an address only the town is told."""
    homes = [home for home in _homes(referral) if home.get("town")]
    if not homes:
        return False
    home = draw.choice(homes)
    for part in ("line1", "line2", "postcode", "uprn"):
        home.pop(part, None)
    return True


def from_a_template(_: random.Random, referral: Wire) -> bool:
    """The summary is what the office sends with each referral, and tells nothing of this one."""
    event = referral["event"]
    changed: bool = event.get("summary") != _TEMPLATE
    event["summary"] = _TEMPLATE
    return changed


def digit_missing(draw: random.Random, referral: Wire) -> bool:
    """A telephone number without one of its digits."""
    phones = [
        contact
        for party in referral["parties"]
        for contact in party.get("contacts", ())
        if len(_DIGIT.findall(contact["value"])) >= _FEWEST_DIGITS
    ]
    if not phones:
        return False
    phone = draw.choice(phones)
    at = draw.choice([found.start() for found in _DIGIT.finditer(phone["value"])][3:])
    phone["value"] = phone["value"][:at] + phone["value"][at + 1 :]
    return True


def nickname_only(draw: random.Random, referral: Wire) -> bool:
    """Somebody is told of as they are called at home, without a family name."""
    may = [
        (party["name"], sorted(_short_forms.nicknames_of(party["name"]["given"].lower())))
        for party in _people(referral)
        if party["name"].get("given")
    ]
    called = [(name, forms) for name, forms in may if forms]
    if not called:
        return False
    name, forms = draw.choice(called)
    name.clear()
    name["given"] = draw.choice(forms).capitalize()
    return True


ERRORS: dict[str, Spoil] = {
    spoil.__name__: spoil
    for spoil in (
        roles_turned, scanned, heard, transliterated, birthday_turned, day_turned, neighbours_number,
        capitals, in_a_hostel, reached_at_the_office, another_series, nothing_told,
        day_of_the_report, another_scheme, fields_shifted, in_one_box, two_in_one, place_name_only,
        from_a_template, digit_missing, nickname_only,
    )
}  # fmt: skip
