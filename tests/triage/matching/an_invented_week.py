"""Some forty referrals of some fifteen events in an invented town, spelt differently, with traps.

Each referral names its event, so that a test can tell what belongs together; nothing else reads that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.builders import Wire

if TYPE_CHECKING:
    from pathlib import Path

_CONSENT = [{"to": "referral", "decision": "given"}]


class Sent(NamedTuple):
    """One referral as an agency sends it, and the event that it truly is about."""

    event: str
    agency: str
    referral: Wire


def _person(
    given: str,
    family: str,
    *,
    role: str = "harmed",
    born: str = "",
    phone: str = "",
    at: str = "",
    code: str = "DL1 9ZZ",
    safe: str = "yes",
) -> dict[str, Any]:
    person: dict[str, Any] = {"role": role, "name": {"given": given, "family": family}}
    if born:
        person["date_of_birth"] = born
    if phone:
        person["contacts"] = [{"channel": "mobile", "value": phone, "safe": safe}]
    if at:
        person["address"] = {"line1": at, "town": "Darlington", "postcode": code}
    if role != "responsible":
        person["consents"] = _CONSENT
    return person


def _sent(  # noqa: PLR0913 - each is something by which events are known again
    event: str,
    agency: str,
    people: list[dict[str, Any]],
    *,
    kind: str,
    on: str,
    number: str = "",
    text: str = "",
    strand: str = "crime",
    told: str = "2026-03-22",
) -> Sent:
    what: dict[str, Any] = {"type": kind, "started_on": on}
    if number:
        what["references"] = [{"scheme": "crime", "value": number}]
    if text:
        what["summary"] = text
    record = f"{event}-{_count(event)}"
    referral = {
        "source_record_id": record,
        "referred_at": f"{told}T14:05:00+00:00",
        "strand": strand,
        "referrer": {"organisation": "An Invented Agency", "phone": "01632 960131"},
        "event": what,
        "parties": people,
    }
    return Sent(event, agency, referral)


_counted: dict[str, int] = {}


def _count(event: str) -> int:
    _counted[event] = _counted.get(event, 0) + 1
    return _counted[event]


_OTTILIE = {"born": "1981-05-17", "phone": "07700 900214", "at": "14 Nowhere Terrace", "code": "DL1 9ZA"}
_BRAM = {"born": "1990-11-02", "phone": "07700 900377", "at": "3 Imagined Close", "code": "DL1 9ZB"}
_TWIN = {"born": "2003-08-09", "at": "8 Fancied Road", "code": "DL1 9ZC"}
_FLAT = "DL1 9ZD"
_DISPUTE = {"strand": "dispute"}

WEEK: tuple[Sent, ...] = (
    # A burglary, told by four agencies: whole, with a slip, in the other order, without the number.
    _sent("BURGLED", "vcas", [_person("Ottilie", "Ravenscourt", **_OTTILIE)], kind="burglary",
          on="2026-03-01", number="CRI004417720", text="Back door forced, jewellery taken while she slept."),
    _sent("BURGLED", "durham_constabulary", [_person("Ottillie", "Ravenscourt", born="1981-05-17",
          at="14 Nowhere Tce", code="DL1 9ZA")], kind="burglary", on="2026-03-02", number="CRI 004417720"),
    _sent("BURGLED", "vip", [_person("Ravenscourt", "Ottilie", phone="+44 7700 900214")], kind="theft",
          on="2026-03-01", text="Rings and jewellery gone, the back door was forced at night."),
    _sent("BURGLED", "restorative_hub", [_person("Otilie", "Ravenscort", born="1981-05-17")],
          kind="burglary", on="2026-03-01", number="C004417720"),
    # The same woman, harmed again three weeks later: another case.
    _sent("AGAIN", "vcas", [_person("Ottilie", "Ravenscourt", **_OTTILIE)], kind="vehicle_crime",
          on="2026-03-20", number="CRI004429981", text="Wing mirror kicked off outside the house."),
    _sent("AGAIN", "durham_constabulary", [_person("Ottilie", "Ravenscourt", born="1981-05-17")],
          kind="criminal_damage", on="2026-03-20", number="4429981"),
    # An assault with both sides, told by three; one names the other side in its text alone.
    _sent("STRUCK", "durham_constabulary", [_person("Bram", "Tilleyard", **_BRAM),
          _person("Caspian", "Holloworth", role="responsible", born="1988-01-23")], kind="assault",
          on="2026-02-27", number="CRI004410093"),
    _sent("STRUCK", "vcas", [_person("Abraham", "Tilleyard", born="1990-11-02", phone="07700 900377")],
          kind="assault", on="2026-02-27", text="Struck in the queue by Caspian Holloworth, lip split."),
    _sent("STRUCK", "vip", [_person("Bram", "Tileyard", born="1990-02-11", at="3 Imagined Cl",
          code="DL1 9ZB"), _person("C", "Holloworth", role="responsible")], kind="public_order",
          on="2026-02-28", number="CRI004410093"),
    # The same man strikes somebody else on the same day: another victim, another case.
    _sent("STRUCK-TOO", "vcas", [_person("Delphine", "Unwritten", born="1975-07-30",
          phone="07700 900455", at="41 Figment Street", code="DL1 9ZE"),
          _person("Caspian", "Holloworth", role="responsible", born="1988-01-23")], kind="assault",
          on="2026-02-27", number="CRI004410187"),
    _sent("STRUCK-TOO", "durham_constabulary", [_person("Delphine", "Unwriten", born="1975-07-30"),
          _person("Caspian", "Holloworth", role="responsible", born="1988-01-23")], kind="assault",
          on="2026-02-27", number="CRI004410187"),
    # Twins: each has had something taken, on two days.
    _sent("TWIN-A", "vcas", [_person("Elowen", "Marchbanksea", phone="07700 900611", **_TWIN)],
          kind="theft", on="2026-03-04", number="CRI004418800", text="Bicycle taken from the rack."),
    _sent("TWIN-A", "vip", [_person("Elowen", "Marchbanksea", **_TWIN)], kind="theft", on="2026-03-04",
          text="Her bicycle was taken from the rack at the station."),
    _sent("TWIN-B", "vcas", [_person("Isolde", "Marchbanksea", phone="07700 900612", **_TWIN)],
          kind="theft", on="2026-03-14", number="CRI004425507", text="Telephone snatched in the park."),
    _sent("TWIN-B", "durham_constabulary", [_person("Isolde", "Marchbanksea", **_TWIN)], kind="robbery",
          on="2026-03-14", number="CRI004425507"),
    # Father and son of one name at one address.
    _sent("FATHER", "vcas", [_person("Gideon", "Oakenfold", born="1956-04-12", phone="07700 900700",
          at="27 Pretend Avenue", code="DL1 9ZF")], kind="fraud", on="2026-03-05", number="CRI004419002",
          text="Savings talked out of him by a caller."),
    _sent("FATHER", "vip", [_person("Gideon", "Oakenfold", born="1956-04-12", at="27 Pretend Ave",
          code="DL1 9ZF")], kind="fraud", on="2026-03-05"),
    _sent("SON", "vcas", [_person("Gideon", "Oakenfold", born="1984-09-28", phone="07700 900701",
          at="27 Pretend Avenue", code="DL1 9ZF")], kind="assault", on="2026-03-11",
          number="CRI004423345", text="Punched outside a club."),
    _sent("SON", "durham_constabulary", [_person("Gid", "Oakenfold", born="1984-09-28",
          phone="07700 900701")], kind="assault", on="2026-03-11", number="CRI004423345"),
    # Two people whose agency gave its own telephone for both.
    _sent("OFFICE-A", "vip", [_person("Hesper", "Quillfeather", born="1999-12-01",
          phone="01632 960131", at="5 Nonesuch Row", code="DL1 9ZG")], kind="harassment", on="2026-03-07"),
    _sent("OFFICE-A", "vcas", [_person("Hesper", "Quillfeather", born="1999-12-01",
          at="5 Nonesuch Row", code="DL1 9ZG")], kind="harassment", on="2026-03-07",
          number="CRI004420611"),
    _sent("OFFICE-B", "vip", [_person("Lucan", "Brackwater", born="1968-06-15", phone="01632 960131",
          at="90 Nowhere Terrace", code="DL1 9ZA")], kind="harassment", on="2026-03-07"),
    # A dispute, in which each side complains about the other.
    _sent("HEDGE", "durham_county_council", [_person("Mirabel", "Stonewright", role="party",
          born="1962-02-08", phone="07700 900801", at="1 Conjured Lane", code="DL1 9ZH"),
          _person("Rufus", "Penhallowick", role="party", at="3 Conjured Lane", code="DL1 9ZH")],
          kind="boundary", on="2026-01-15", text="Next door cut the hedge down to the ground.",
          **_DISPUTE),
    _sent("HEDGE", "restorative_hub", [_person("Rufus", "Penhallowick", role="party", phone="07700 900802",
          at="3 Conjured Lane", code="DL1 9ZH"), _person("Mirabel", "Stonewright", role="party")],
          kind="boundary", on="2026-01-20", text="The lady at no 1 shouts about the hedge that was cut.",
          **_DISPUTE),
    _sent("HEDGE", "durham_constabulary", [_person("Mirabel", "Stonewright", role="party",
          phone="07700 900801")], kind="anti_social_behaviour", on="2026-01-15",
          text="Hedge cut down by Rufus Penhallowick of 3 Conjured Lane.", **_DISPUTE),
    # Another dispute in the same lane.
    _sent("DOG", "durham_county_council", [_person("Sybella", "Farthingale", role="party",
          born="1993-03-03", phone="07700 900850", at="11 Conjured Lane", code="DL1 9ZH"),
          _person("Tobin", "Yarrowby", role="party", at="13 Conjured Lane", code="DL1 9ZH")], kind="noise",
          on="2026-02-01", text="The dog barks all night.", **_DISPUTE),
    _sent("DOG", "restorative_hub", [_person("Sybella", "Farthingale", role="party", phone="07700 900850",
          at="11 Conjured Ln", code="DL1 9ZH"), _person("Tobin", "Yarrowby", role="party")], kind="pets",
          on="2026-02-03", text="Barking dog, all night, every night.", **_DISPUTE),
    # Two flats of one block, each with trouble of its own.
    _sent("FLAT-2", "durham_county_council", [_person("Ulric", "Vanstone", role="party", born="1979-10-10",
          phone="07700 900860", at="Flat 2, Mirage House", code=_FLAT)], kind="noise", on="2026-02-10",
          text="Music through the ceiling after midnight.", **_DISPUTE),
    _sent("FLAT-2", "vip", [_person("Ulrick", "Vanstone", role="party", born="1979-10-10",
          at="2 Mirage Hse", code=_FLAT)], kind="noise", on="2026-02-10",
          text="Loud music after midnight.", **_DISPUTE),
    _sent("FLAT-9", "durham_county_council", [_person("Wenna", "Xanthorp", role="party", born="1986-06-06",
          phone="07700 900870", at="Flat 9, Mirage House", code=_FLAT)], kind="noise", on="2026-02-12",
          text="Doors slammed on the stairs.", **_DISPUTE),
    # Placeholders in the place of names, dates and numbers.
    _sent("NOBODY-A", "durham_constabulary", [_person("Unknown", "Male", born="1900-01-01")],
          kind="criminal_damage", on="2026-03-09", number="TBC"),
    _sent("NOBODY-B", "durham_constabulary", [_person("Unknown", "Male", born="1900-01-01")],
          kind="criminal_damage", on="2026-03-09", number="TBC"),
    # A robbery with two victims who share nothing but the number.
    _sent("ROBBED", "durham_constabulary", [_person("Zebedee", "Applewhaite", born="2001-01-19",
          phone="07700 900910"), _person("Junia", "Kettlewells", born="2001-05-05")], kind="robbery",
          on="2026-03-12", number="CRI004424410"),
    _sent("ROBBED", "vcas", [_person("Zeb", "Applewhaite", born="2001-01-19", phone="07700 900910")],
          kind="robbery", on="2026-03-12", text="Held up at the bus stop with Junia."),
    _sent("ROBBED", "vip", [_person("Junia", "Kettlewels", born="2001-05-05", phone="07700 900911")],
          kind="robbery", on="2026-03-12", number="CRI004424410"),
    # Somebody whom nobody else tells of.
    _sent("ALONE", "vcas", [_person("Perpetua", "Nightingall", born="1947-09-09",
          phone="07700 900990", at="66 Dreamt Drive", code="DL1 9ZJ")], kind="theft", on="2026-03-15",
          number="CRI004425900"),
)  # fmt: skip

# By a part of their name, who is who; of those whose names do not tell, the event does.
_WHO: tuple[str, ...] = (
    "raven",
    "til",
    "hollo",
    "unwri",
    "elowen",
    "isolde",
    "quill",
    "brack",
    "stone",
    "penha",
    "farth",
    "yarro",
)
_WHO += ("vanst", "xanth", "apple", "kettl", "night")
_HOUSES = {"elowen": "march", "isolde": "march", "FATHER": "oaken", "SON": "oaken"}
_TRAPS = {
    "AGAIN": "repeat_victim",
    "TWIN-A": "twins",
    "TWIN-B": "twins",
    "FATHER": "father_son",
    "SON": "father_son",
}


def write_labelled(folder: Path) -> tuple[Path, Path]:
    """The week as labelled data: what was sent, and beside each line what is true of it."""
    data, truth = folder / "labelled-referrals.ndjson", folder / "labelled-truth.ndjson"
    lines = [{"agency": sent.agency, "referral": sent.referral} for sent in WEEK]
    data.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    truth.write_text("".join(json.dumps(_truth(sent)) + "\n" for sent in WEEK), encoding="utf-8")
    return data, truth


def _truth(sent: Sent) -> dict[str, Any]:
    return {
        "key": f"{sent.agency}|{sent.referral['source_record_id']}|1",
        "event_id": sent.event,
        "link_group": sent.event,
        "strand": sent.referral["strand"],
        "people": [_true_party(sent.event, party) for party in sent.referral["parties"]],
        "trap": _TRAPS.get(sent.event),
    }


def _true_party(event: str, party: dict[str, Any]) -> dict[str, Any]:
    written = f"{party['name']['given']} {party['name']['family']}".casefold()
    who = next((part for part in _WHO if part in written), event)
    house = _HOUSES.get(who, who)
    alike = {"tw": house} if house == "march" else {"ns": house} if house == "oaken" else {}
    return {"id": who, "g": who, "hh": house, "role": party["role"], **alike}
