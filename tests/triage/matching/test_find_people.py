"""Somebody is found among many of one name, and only a few of those are held against them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import event, insert

from services.triage.domain.matching.accounts import Mention, nothing_told
from services.triage.domain.matching.names import read_name
from services.triage.domain.matching.places import read_place
from services.triage.matching.find_people import Found, find_person, hashed_person
from services.triage.store import pack_account
from services.triage.tables import match_keys, referrals
from tests.triage.matching.reading import JUDGE

if TYPE_CHECKING:
    from tests.support.houses import Hub

BORN = dt.date(1988, 2, 29)
SOMEBODY = Mention(
    role="harmed",
    name=read_name("Fable", "Figment"),
    born=BORN,
    phones=("+447700900123",),
    home=read_place("14 Nowhere Terrace", "", "Darlington", "DL1 9ZA"),
)
ELSEWHERE = read_place("3 Imagined Close", "", "Shildon", "DL4 9ZE")
# As many of one name as may stand under it, each in a home of their own.
NAMESAKES = [
    SOMEBODY._replace(
        born=dt.date(1930 + number, 7, 2),
        phones=(f"+4477009002{number:02}",),
        home=read_place(f"{number + 20} Unwritten Row", "", "Crook", f"DL15 9Z{chr(97 + number % 26)}"),
    )
    for number in range(50)
]


def know(hub: Hub, mentions: list[Mention]) -> None:
    """Triage knows these, the first under number 1."""
    room = hub.rooms["triage"]
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    keys, rows = [], []
    for number, mention in enumerate(mentions, 1):
        reference = f"R-{number:05}"
        account = nothing_told(reference, "vcas")._replace(people=(mention,))
        keys += [{"key": key, "reference": reference} for key in hashed_person(mention, room.keys, JUDGE)]
        rows.append(
            {
                "reference": reference,
                "agency": "vcas",
                "source_record_id": reference,
                "version": 1,
                "case_id": UUID(int=number),
                "people": [str(UUID(int=number))],
                "sealed": b"",
                "heard_at": now,
                "updated_at": now,
                "account": pack_account(room.keys.rest, reference, 1, account),
            }
        )
    with room.database.transaction() as connection:
        connection.execute(insert(referrals), rows)
        connection.execute(insert(match_keys), keys)


def look_for(hub: Hub, mention: Mention) -> Found:
    room = hub.rooms["triage"]
    with room.database.reading() as connection:
        return find_person(mention, connection, room.database, room.keys, JUDGE)


def test_of_fifty_namesakes_only_a_few_are_held_against_whoever_is_looked_for(hub: Hub) -> None:
    know(hub, [*NAMESAKES, SOMEBODY])
    found = look_for(hub, SOMEBODY)
    assert (found.verdict, found.person) == ("same", UUID(int=51))
    assert len(found.candidates) < 12


@pytest.mark.parametrize(
    ("truly", "written"),
    [
        pytest.param("1988-02-29", "1988-02-19", id="a digit of the day"),
        pytest.param("1988-02-28", "1998-02-28", id="another year"),
        pytest.param("1988-03-05", "1988-05-03", id="day and month turned"),
    ],
)
def test_who_moved_and_was_born_on_nearly_that_day_is_found_among_namesakes(
    hub: Hub, truly: str, written: str
) -> None:
    silent = SOMEBODY._replace(phones=())
    know(hub, [*NAMESAKES, silent._replace(born=dt.date.fromisoformat(truly))])
    found = look_for(hub, silent._replace(born=dt.date.fromisoformat(written), home=ELSEWHERE))
    assert found.candidates[0].person == UUID(int=51)


def test_who_shares_a_second_thing_is_held_against_however_many_share_the_first(hub: Hub) -> None:
    family = [SOMEBODY._replace(name=read_name("Fable", "Figment"), born=None, phones=()) for _ in range(20)]
    know(hub, [*family, SOMEBODY])
    # Whoever has an account for each of twenty events, and a son of the same name at the same home.
    asked = SOMEBODY._replace(born=None, phones=())
    assert len(look_for(hub, asked).candidates) == 21


def test_who_shares_something_of_their_own_comes_before_who_shares_what_many_have(hub: Hub) -> None:
    caspian = SOMEBODY._replace(name=read_name("Caspian", "Figment"), home=ELSEWHERE)
    by_day = [
        caspian._replace(name=read_name("Caspian", family), phones=(f"+44770090020{number}",))
        for number, family in enumerate(("Holloworth", "Larkmoor", "Mistral", "Nettlefold"))
    ]
    # Their first letters and the last four digits, of another number.
    by_half = [
        caspian._replace(name=name, born=dt.date(1950, 7, 2), phones=("+447811220123",))
        for name in map(read_name, ("Clement", "Cuthbert", "Cedric"), ("Fairweather", "Fenwick", "Forsythe"))
    ]
    know(hub, [*by_half, *by_day])
    asked = caspian._replace(home=read_place("2 Dreamt Lane", "", "Stanhope", "DL13 9ZB"))
    assert {one.person for one in look_for(hub, asked).candidates} == {UUID(int=n) for n in (4, 5, 6, 7)}
    # Where nobody shares what is their own, those who share half a telephone are held against them.
    asked = asked._replace(born=dt.date(1960, 3, 4))
    assert {one.person for one in look_for(hub, asked).candidates} == {UUID(int=n) for n in (1, 2, 3)}


def test_a_slip_in_the_landline_of_a_home_does_not_make_a_son_his_father(hub: Hub) -> None:
    father = SOMEBODY._replace(phones=("+441632960123",))
    know(hub, [father])
    son = father._replace(born=None, phones=("+441632960128",))
    assert look_for(hub, son).verdict == "ask"


def test_a_given_name_leads_to_nobody_by_a_street_and_a_family_name_does(hub: Hub) -> None:
    there = read_place("41 Nowhere Terrace", "", "Crook", "DL15 9ZA")
    related = SOMEBODY._replace(name=read_name("Caspian", "Figment"), born=None, phones=(), home=there)
    know(hub, [related, related._replace(name=read_name("Fable", "Holloworth"))])
    found = look_for(hub, SOMEBODY)
    assert [one.person for one in found.candidates] == [UUID(int=1)]


def test_who_stands_under_a_key_is_told_by_the_index_alone(hub: Hub) -> None:
    know(hub, NAMESAKES)
    engine = hub.rooms["triage"].database.engine
    asked: list[tuple[str, tuple[bytes, ...]]] = []

    def note(_: object, __: object, statement: str, given: tuple[bytes, ...], *___: object) -> None:
        asked.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    look_for(hub, SOMEBODY)
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        plans = [
            [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
            for statement, given in asked
            if "match_keys" in statement
        ]
    searches = [step for plan in plans for step in plan if "match_keys" in step]
    assert searches
    assert all("COVERING INDEX" in step for step in searches)
