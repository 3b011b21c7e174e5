"""Whoever rings is found by what they say of themselves, in the reader's own cases and in no other."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from services.triage.cases.find_somebody import ASKED, DIFFERS
from services.triage.cases.words import ALIKE
from services.triage.domain.matching.compare_people import COMPARISONS, RANKS
from services.triage.history.store import find_case_id
from services.triage.lives.conflicts_store import Conflicts
from shared.logs import JsonLine
from tests.support.builders import an_account
from tests.triage.cases.doing import FACILITATOR, a_crime, allocate, put_into, take, token, whole

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.support.houses import Hub

NAMED = {"given": "Fable", "family": "Figment"}
BORN = {"born-day": "29", "born-month": "2", "born-year": "1988"}
PHONE, EMAIL, BIRTHDAY = "07700 900123", "fable.figment@invented.example", "1988-02-29"


def ask(
    hub: Hub,
    form: dict[str, str],
    role: str = "coordinator",
    team: str | None = None,
    name: str | None = None,
) -> TestResponse:
    bearer = {"Authorization": f"Bearer {token(hub, role, team, name)}", "Accept": "text/html"}
    return hub.front.post("/cases/people", data=form, headers=bearer)


def find(
    hub: Hub,
    form: dict[str, str],
    role: str = "coordinator",
    team: str | None = None,
    name: str | None = None,
) -> dict[str, str]:
    """The cases that are found, the likeliest first, each with all that its row says."""
    answer = ask(hub, form, role, team, name)
    assert answer.status_code == 200, answer.text
    rows = re.findall(r'<tr class="govuk-table__row">\s*<th scope="row".*?</tr>', answer.text, re.DOTALL)
    told = [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]
    assert bool(told) is not ("Nobody like this is in a case that you may see" in answer.text)
    return {row.split()[0]: row for row in told}


def a_known(record: str = "KNOWN", **changes: str) -> dict[str, object]:
    """Somebody who can be found by each thing that is asked for."""
    account = a_crime(record, born=changes.pop("born", BIRTHDAY), phone=PHONE, **changes)
    account["parties"][0]["contacts"].append({"channel": "email", "value": EMAIL, "safe": "yes"})
    return account


@pytest.mark.parametrize(
    ("form", "agrees"),
    [
        (
            NAMED | BORN,
            "the given name is the same, the family name is the same, the date of birth is the same",
        ),
        ({"given": "Fabel", "family": "Figmant"} | BORN, "the family name is written nearly so"),
        (NAMED | BORN | {"born-year": "1989", "born-day": "28"}, None),
        (NAMED | BORN | {"born-year": "1976"}, "the birthday is the same, in another year"),
        ({"telephone": "+44 7700 900123"}, "Harmed person: the telephone is the same"),
        ({"email": EMAIL.upper()}, "Harmed person: the email address is the same"),
        (
            {"family": "figment", "postcode": "dl19zz"},
            "the family name is the same, the postcode is the same",
        ),
        (NAMED, "the given name is the same, the family name is the same"),
        ({"family": "Figment"} | BORN, "the family name is the same, the date of birth is the same"),
        ({"given": "Mythos", "family": "Madeup"}, "Responsible person: the given name is the same"),
        # By the telephone it is found whatever else is said; without it somebody else is not.
        ({"given": "Ottoline", "family": "Elsewhere", "telephone": PHONE}, "the telephone is the same"),
        ({"given": "Ottoline", "family": "Figment"} | BORN | {"born-year": "1952"}, None),
        ({"given": "Ottoline", "family": "Elsewhere", "postcode": "DL1 9ZZ"}, None),
    ],
)
def test_somebody_is_found_by_what_they_say_of_themselves(
    hub: Hub, form: dict[str, str], agrees: str | None
) -> None:
    case = take(hub, a_known())
    found = find(hub, form)
    assert list(found) == ([case] if agrees else [])
    assert (agrees or "") in found.get(case, "")
    if agrees:
        assert "In triage Restorative Hub, County Durham and Darlington" in found[case]
        assert found[case].endswith("You")


def test_the_likeliest_comes_first_and_what_has_ended_is_found_too(hub: Hub) -> None:
    ended = take(hub, a_known("ENDED"))
    put_into(hub, id_of(hub, ended), "closed")
    sister = a_crime("SISTER", given="Cosima", born="1991-07-02", phone=PHONE, on="2025-06-01", kind="theft")
    other = take(hub, sister, "vip")
    assert other != ended
    assert list(find(hub, NAMED | BORN | {"telephone": PHONE})) == [ended, other]
    assert "Closed Support was what was needed." in find(hub, {"telephone": PHONE})[ended]


def id_of(hub: Hub, case: str) -> UUID:
    with hub.rooms["triage"].database.reading() as connection:
        case_id = find_case_id(connection, case)
    assert case_id is not None
    return case_id


def test_at_most_twenty_are_shown_and_a_telephone_alone_leads_to_all_of_them(hub: Hub) -> None:
    for number in range(21):
        family = "bdfgklmprtv"[number % 11].upper() + "aeo"[number // 11] + "nvented"
        born = f"{1950 + number}-0{1 + number % 9}-11"
        account = a_crime(f"MANY-{number}", family=family, born=born, phone=PHONE, on=f"20{number:02}-03-03")
        account["parties"].pop()
        hub.take(account)
    hub.settle()
    cases = {link["case"] for link in hub.links().values()}
    assert len(cases) == 21
    found = find(hub, {"telephone": PHONE})
    assert len(found) == 20
    assert set(found) < cases


def test_what_is_another_teams_or_in_conflict_is_as_if_it_were_not(hub: Hub) -> None:
    wanted = NAMED | BORN | {"telephone": PHONE}
    before = without_nonce(ask(hub, wanted, team="vcas").text)
    case = take(hub, a_known())
    assert list(find(hub, wanted, "supervisor")) == [case]
    # It is the very page that it was while there was nobody.
    assert without_nonce(ask(hub, wanted, team="vcas").text) == before
    assert find(hub, wanted, team="vcas") == {}
    for role in ("coordinator", "supervisor"):
        with hub.rooms["triage"].unit() as unit:
            Conflicts.of(unit).bar(id_of(hub, case), f"{role}@referral-hub.example")
        assert find(hub, wanted, role) == {}
    colleague = "colleague@referral-hub.example"
    assert list(find(hub, wanted, "coordinator", "restorative_hub", colleague)) == [case]


def without_nonce(page: str) -> str:
    return re.sub(r'nonce="[^"]*"', "", page)


def test_a_facilitator_finds_whom_they_were_given(hub: Hub) -> None:
    case = take(hub, a_known())
    assert find(hub, {"telephone": PHONE}, "facilitator") == {}
    allocate(hub, case)
    assert list(find(hub, {"telephone": PHONE}, "facilitator", name=FACILITATOR)) == [case]
    assert (
        find(hub, {"telephone": PHONE}, "facilitator", name="second.facilitator@referral-hub.example") == {}
    )


def test_a_case_that_is_part_of_another_leads_to_the_one_that_goes_on(hub: Hub) -> None:
    hub.take(an_account("FIRST", on="2026-03-01"))
    hub.take(an_account("MAYBE", on="2026-03-10"), "vip")
    hub.settle()
    before = {record: link["case"] for record, link in hub.links().items()}
    assert set(find(hub, NAMED)) == set(before.values())
    (review,) = hub.ask("/v1/reviews", token(hub, "coordinator")).get_json()["reviews"]
    hub.front.post(
        f"/v1/reviews/{review['id']}/decision",
        json={"verdict": "same", "why": "Invented: both were asked."},
        headers={"Authorization": f"Bearer {token(hub, 'coordinator')}"},
    )
    hub.settle()
    after = {link["case"] for link in hub.links().values()}
    assert len(after) == 1
    assert set(find(hub, NAMED)) == after < set(before.values())


@pytest.mark.parametrize(
    ("form", "field", "told"),
    [
        ({}, "family", "Enter a telephone number, an email address, or a family name and one thing more."),
        ({"given": "Fable"} | BORN, "family", "or a family name and one thing more"),
        ({"family": "Figment"}, "given", "a date of birth or a postcode beside the family name."),
        ({"telephone": "none"}, "telephone", "Enter a telephone number, such as"),
        ({"email": "fable"}, "email", "Enter an email address, such as"),
        ({"family": "Figment", "postcode": "DL15 9"}, "postcode", "Enter a whole postcode"),
        ({"family": "?", "given": "Fable"}, "family", "Enter a family name, or leave it out."),
        (NAMED | BORN | {"born-day": "31"}, "born", "Enter a day that there is"),
        (NAMED | BORN | {"born-year": "2999", "born-day": "1"}, "born", "Enter a date of birth in the past."),
        (NAMED | BORN | {"born-year": "1804"}, "born", "Nobody is found by this day"),
        (NAMED | {"family": "F" * 201}, "family", "“Family name” takes at most 200 characters."),
    ],
)
def test_what_is_too_little_or_cannot_be_read_is_told_at_its_field(
    hub: Hub, form: dict[str, str], field: str, told: str
) -> None:
    answer = ask(hub, form)
    assert answer.status_code == 422
    summary = re.findall(r'<a href="#([a-z-]+)">([^<]+)</a>', answer.text)
    assert [(name, told in unescape(text)) for name, text in summary] == [(field, True)]
    assert f'id="{field}"' in answer.text
    # What was typed is still there.
    for text in form.values():
        assert f'value="{text}"' in answer.text


def test_nothing_personal_is_in_an_address_a_log_a_title_or_a_history(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    case = take(hub, a_known())
    before = whole(hub, case)["history"]
    caplog.set_level("DEBUG")
    caplog.clear()
    form = NAMED | BORN | {"telephone": PHONE, "email": EMAIL, "postcode": "DL1 9ZZ"}
    answer = ask(hub, form)
    assert case in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert re.findall(r"<title>([^<]*)", answer.text) == ["Find somebody \N{EN DASH} Referral Hub"]
    assert re.findall(r'<form method="([a-z]+)" action="/cases/people', answer.text) == ["post"]
    lines = [JsonLine().format(record) for record in caplog.records]
    (line,) = [one for one in lines if "somebody was looked for" in one]
    assert '"role":"coordinator","cases":1' in line
    for typed in (*form.values(), "Fable", "900123", BIRTHDAY):
        if len(typed) > 4:
            assert not [one for one in lines if typed.casefold() in one.casefold()], typed
            assert not [link for link in re.findall(r'href="([^"]+)"', answer.text) if typed in link]
    # Who only looks for somebody has not looked at the case; who opens it has.
    looks = [one["what"] for one in whole(hub, case)["history"][len(before) :]]
    assert looks == ["looked_at"]


def test_a_page_of_somebody_else_looks_for_nobody(hub: Hub) -> None:
    take(hub, a_known())
    answer = hub.front.post("/cases/people", data=NAMED, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_whatever_can_agree_has_words() -> None:
    levels = {
        (comparison, level)
        for comparison, ranks in zip(COMPARISONS, RANKS, strict=True)
        for level in ranks
        if comparison in ASKED and level not in DIFFERS
    }
    assert set(ALIKE) == levels
