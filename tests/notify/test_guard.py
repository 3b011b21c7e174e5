"""Nothing of a case leaves in a message, whatever its people are called; and honest messages do leave.

Cases are generated with hostile content in every field that could leak: names that are ordinary words of the
very messages, in other scripts and with accents, phone numbers with spaces and country codes, postcodes
without, references of every form, and record numbers that look like our own. All of them are invented.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.intake.schema import read_referral
from services.notify.domain.guard import holds_forbidden_word, why_refused
from services.notify.domain.wording import FREE, Letter, Template
from services.notify.read_wording import FILE, BadWording, read_wording
from shared.identity import CASE, new_reference, read_reference
from shared.sealing import Lookup
from shared.telltales import found_in, split, telltales_of
from tests.support.builders import a_contact, a_party, a_reference, a_referral, a_referrer, an_event

LOOKUP = Lookup(bytes(range(32)))
SIGN_IN = "https://hub.example/sign-in"
WORDS = [
    "Case", "Sign", "May", "Will", "Hope", "Grace", "Faith", "Mark", "Rose", "Bill", "Pat", "Drew", "Urgent",
    "Your", "Team", "Test", "See", "Wait", "New", "Message", "Has", "Come", "Jo", "Al", "Bo", "Ng", "Hub",
]  # fmt: skip
ODD = [
    "O'Neill",
    "D\u2019Arcy",
    "Anne-Marie",
    "Zoë",
    "Núñez",
    "Łukasz",
    "芳子",
    "Nguyễn",
    "Ó Briain",
    "van der Berg",
    "St. John",
]
LETTERS = "ABCDEFGHJKLMNPQRSTUWXYZ"


def a_hostile_case(luck: random.Random) -> dict[str, Any]:
    def name() -> str:
        made = "".join(luck.choice("aeioubdfgklmnprst") for _ in range(luck.randint(4, 9))).title()
        return luck.choice([luck.choice(WORDS), luck.choice(ODD), made])

    def phone() -> str:
        number = f"7700 9{luck.randint(0, 99999):05d}"
        return luck.choice(
            [
                f"0{number}",
                f"+44{number}",
                f"+44 (0){number}",
                f"0044 {number}",
                f"0{number}".replace(" ", ""),
            ]
        )

    postcode = f"{luck.choice(['DL', 'DH', 'TS'])}{luck.randint(1, 20)} {luck.randint(1, 9)}ZZ"
    own = new_reference(CASE)
    crime = luck.choice([f"CRI{luck.randint(10**8, 10**9)}", f"12/{luck.randint(10**5, 10**6)}/26", own])
    party = a_party(
        name={"given": name(), "family": name(), "known_as": name()},
        contacts=[
            a_contact(value=phone()),
            a_contact(channel="email", value=f"invented{luck.randint(0, 10**6)}.x@people.example"),
        ],
        address={"line1": f"{luck.randint(1, 99)} {name()} Street", "town": "Nowhere", "postcode": postcode},
        identifiers=[{"scheme": "invented", "value": luck.choice([own, f"N{luck.randint(10**7, 10**8)}"])}],
    )
    return a_referral(
        source_record_id=luck.choice([own, f"REC-{luck.randint(1, 10**6)}"]),
        referrer=a_referrer(name=f"{name()} {name()}", phone=phone()),
        event=an_event(references=[a_reference(value=crime)]),
        parties=[party, a_party(role="responsible", name={"given": name(), "family": name()})],
    )


def disguised(value: str, luck: random.Random) -> str:
    """The same, as a careless or a clever hand might write it."""
    if value.isascii() and sum(c.isdigit() for c in value) > 6:
        digits = value.replace(" ", "")
        return luck.choice(
            [value, digits, " ".join(digits), "-".join((digits[:5], digits[5:])), f"ring{value}!"]
        )
    return luck.choice(
        [value, value.upper(), value.lower(), f"({value})", value.replace(" ", ""), value.replace(" ", "-")]
    )


def secrets_of(case: dict[str, Any]) -> list[str]:
    found = [case["source_record_id"], case["referrer"]["phone"], case["event"]["references"][0]["value"]]
    found += case["referrer"]["name"].split(" ")
    for party in case["parties"]:
        found += [part for part in party["name"].values() if part]
        found += [contact["value"] for contact in party["contacts"]]
        found += [party["address"]["postcode"], *(one["value"] for one in party["identifiers"])]
    # One letter alone is nobody's name.
    return [secret for secret in found if sum(c.isalnum() for c in secret) > 1]


def honest_letters(reference: str, others: list[str]) -> list[tuple[Template, Letter]]:
    slots = {"case": reference, "cases": "\n".join(others), "count": str(len(others)), "sign_in": SIGN_IN}
    return [
        (versions[-1], versions[-1].write(slots, urgent=urgent, again=again))
        for name, versions in read_wording().templates.items()
        if not FREE & {slot for slot, _ in _slots(versions[-1])}
        for urgent, again in ((False, False), (True, True))
    ]


def _slots(template: Template) -> list[tuple[str, str]]:
    filled = {"case": "C-7KQX4-M3DTW", "cases": "C-7KQX4-M3DTW", "count": "2", "sign_in": SIGN_IN}
    filled |= {"worker": "Jo", "number": "01632 960999", "when": "Tuesday"}
    return template.reads(template.write(filled)) or []


def judged(letter: Letter, template: Template, cases: list[str], telltales: frozenset[bytes]) -> str | None:
    return why_refused(
        letter,
        template,
        cases=cases,
        count=len(cases),
        sign_in=SIGN_IN,
        is_reference=lambda text: read_reference(text) == text,
        gives_away=lambda text: found_in(text, telltales, LOOKUP),
    )


def guard_against(count: int, seed: int) -> Counter[str]:
    luck, counts = random.Random(seed), Counter[str]()
    ring_me = read_wording().newest("ring_me")
    for _ in range(count):
        wire = a_hostile_case(luck)
        telltales = split(telltales_of(read_referral(wire, self_referral=False), LOOKUP))
        reference, other = new_reference(CASE), new_reference(CASE)
        letters = honest_letters(reference, [reference, other])
        counts["honest"] += len(letters)
        for template, letter in letters:
            counts["false alarms"] += judged(letter, template, [reference, other], telltales) is not None
            # What would happen if the words of templates were looked up as well.
            counts["false alarms without the first wall"] += found_in(
                letter.text.replace(reference, "").replace(SIGN_IN, ""), telltales, LOOKUP
            )
        for secret in secrets_of(wire):
            told = disguised(secret, luck)
            template, letter = luck.choice(letters)
            field, value = luck.choice(
                [("subject", letter.subject), ("text", letter.text), ("short", letter.short)]
            )
            at = luck.randint(0, len(value))
            tampered = dataclasses.replace(letter, **{field: f"{value[:at]} {told} {value[at:]}"})
            counts["leaks tried"] += 3
            counts["leaks"] += judged(tampered, template, [reference, other], telltales) is None
            # A reference that is not of this message, and the words of somebody who works here.
            foreign = template.write({"case": told, "cases": told, "count": "2", "sign_in": SIGN_IN})
            harmless = told in (reference, other) or foreign == letter
            if {"case", "cases"} & {slot for slot, _ in _slots(template)} and not harmless:
                counts["leaks"] += judged(foreign, template, [reference, other], telltales) is None
            slots = {"worker": told[:40], "number": "01632 960999"}
            counts["leaks"] += judged(ring_me.write(slots), ring_me, [reference], telltales) is None
            # The second wall alone finds it too.
            counts["not found by the record alone"] += not found_in(f"tell {told} now", telltales, LOOKUP)
        honest = ring_me.write({"worker": luck.choice(["Kim", "Sam", "Lee"]), "number": "01632 960999"})
        counts["public"] += 1
        counts["public false alarms"] += judged(honest, ring_me, [reference], telltales) is not None
    return counts


def check(counts: Counter[str]) -> None:
    print(dict(counts))  # noqa: T201 - shown by `pytest -s`
    assert counts["leaks tried"] > 10 * counts["public"]
    assert counts["leaks"] == 0
    assert counts["not found by the record alone"] == 0
    assert counts["false alarms"] == 0
    # The third wall would hold honest messages back if it read the template's own words.
    assert counts["false alarms without the first wall"] > 0
    assert counts["public false alarms"] <= counts["public"] // 100


def test_nothing_of_a_hostile_case_leaks_and_honest_messages_leave() -> None:
    check(guard_against(60, seed=1))


@pytest.mark.nightly
def test_nothing_of_ten_thousand_hostile_cases_leaks() -> None:
    check(guard_against(10_000, seed=2))


@pytest.mark.parametrize(
    "word",
    ["victim", "Offender", "HARM", "restorative", "Justice", "police", "crime", "court", "mediation",
     "neighbour", "VCAS", "checkpoint", "probation", "YJS", "RestHub", "vic\u200btim"],
)  # fmt: skip
def test_a_word_that_gives_the_hub_away_is_refused(word: str) -> None:
    assert holds_forbidden_word(f"Please, {word}!")


def test_every_message_is_readable_on_a_lock_screen_and_gives_nothing_away() -> None:
    filled = {"case": "C-7KQX4-M3DTW", "cases": "C-7KQX4-M3DTW", "count": "40", "sign_in": SIGN_IN}
    filled |= {"worker": "Jo", "number": "01632 960999", "when": "Tuesday 10:00"}
    for name, versions in read_wording().templates.items():
        for template in versions:
            letter = template.write(filled, urgent=True)
            # About what a telephone shows of a subject, and one part of a text (GSM 03.38).
            assert len(letter.subject) <= 70, name
            assert len(letter.short) <= 160, name
            assert letter.short.isascii(), name
            assert "\n" not in letter.subject
            assert not holds_forbidden_word(f"{letter.subject}\n{letter.text}\n{letter.short}"), name
            assert template.reads(letter) is not None, name


RECORD = a_referral(
    source_record_id="REC-12345",
    referrer=a_referrer(name="Invented Referrer", phone="+44 (0)7700 900456"),
    event=an_event(references=[a_reference(value="CRI123456789")]),
    parties=[
        a_party(
            name={"given": "Łukasz", "family": "O'Figment-Søren", "known_as": "Figgy"},
            date_of_birth="1980-05-17",
            contacts=[
                a_contact(value="07700 900123"),
                a_contact(channel="email", value="fig.m@people.example"),
            ],
            address={"line1": "12 Imaginary Terrace", "town": "Nowhere", "postcode": "DL1 9ZZ"},
        )
    ],
)


@pytest.mark.parametrize(
    "text",
    ["Figgy's", "tell FIGGY.", "f.i.g.g.y", "F I G G Y", "Fig\u200bgy", "\uff26\uff49\uff47\uff47\uff59",
     "oldFiggyhouse", "Łukasz", "Lukasz", "o figment soren", "OFigment", "+447700900123", "07700.900.123",
     "0 7 7 0 0 9 0 0 1 2 3", "(07700) 900-123", "0044 7700 900123", "dl19zz", "D.L.1.9.Z.Z",
     "cri 123-456-789", "CRI/123456789", "rec12345", "FIG.M@PEOPLE.EXAMPLE", "fig.m (at) people",
     "Imaginary Terrace", "imaginary-terrace", "12 Imaginary Terrace", "nowhere", "17/05/1980", "19800517",
     "170580"],
)  # fmt: skip
def test_what_is_of_the_record_is_found_however_it_is_written(text: str) -> None:
    known = split(telltales_of(read_referral(RECORD, self_referral=False), LOOKUP))
    assert found_in(text, known, LOOKUP)


@pytest.mark.parametrize(
    ("slots", "may"),
    [
        ({"worker": "Jo"}, True),
        ({"worker": "Anne-Marie"}, True),
        ({"worker": "Zoë"}, True),
        ({"worker": "D'Arcy"}, True),
        *(({"worker": name}, True) for name in ("Łucja", "Şule", "Čedomir", "Đức", "Ștefan", "Jānis Ģirts")),
        # Somebody who works here and is called like somebody in the case: held back, and a human tells them.
        ({"worker": "Figgy"}, False),
        ({"worker": "J\u043e"}, False),  # a Cyrillic letter that looks like ours
        ({"worker": "Jo\u200b"}, False),
        ({"worker": "JF"}, False),
        *(({"worker": name}, False) for name in ("JŁ", "JÉ", "J\u00d7a", "Jo\u00f7", "łucja", "Łukasz")),
        ({"worker": "Jo 07700 900123"}, False),
        ({"worker": "Jo from the Invented Council"}, False),
        ({"worker": "F1ggy"}, False),
        ({"number": "07700 900123"}, False),
        ({"when": "Tuesday 1 December 10:00"}, True),
        ({"when": "Wed, 2pm"}, True),
        ({"when": "17 May 1980"}, False),
        ({"when": "Tuesday, with Figgy"}, False),
        ({"when": "12 Imaginary Terrace"}, False),
    ],
)
def test_what_people_may_write_into_a_message_is_a_name_a_number_and_a_time(
    slots: dict[str, str],
    may: bool,  # noqa: FBT001 - a table of examples
) -> None:
    known = split(telltales_of(read_referral(RECORD, self_referral=False), LOOKUP))
    template = read_wording().newest("appointment")
    letter = template.write({"worker": "Jo", "number": "01632 960999", "when": "Tuesday 10:00"} | slots)
    assert (judged(letter, template, ["C-7KQX4-M3DTW"], known) is None) is may


def test_a_count_that_is_not_how_many_there_are_is_refused() -> None:
    template, cases = read_wording().newest("many"), [new_reference(CASE), new_reference(CASE)]
    for count, refusal in (("2", None), ("900123", "not_approved")):
        letter = template.write({"cases": "\n".join(cases), "count": count, "sign_in": SIGN_IN})
        assert judged(letter, template, cases, frozenset()) == refusal


def test_words_that_nobody_approved_do_not_start(tmp_path: Path) -> None:
    changed = tmp_path / "wording.yaml"
    changed.write_text(FILE.read_text(encoding="utf-8").replace("has come to your team", "is {worker}'s"))
    with pytest.raises(BadWording, match="not the words that were approved"):
        read_wording(changed)
