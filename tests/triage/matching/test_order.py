"""The cases are a function of the referrals: in whatever order they come, together or apart, or twice."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from shared.messaging.parking import count_held
from tests.support.houses import Hub, embedded_hub
from tests.triage.matching.an_invented_week import WEEK

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Sets = frozenset[tuple[str, ...]]


class Ended(NamedTuple):
    """How it ended, without the names that the hub makes up itself."""

    cases: Sets
    people: Sets
    questions: frozenset[Sets]


class Course(NamedTuple):
    """In what order the referrals come, after which of them the hub rests, and what is delivered again."""

    order: Sequence[int]
    rests: Collection[int]
    again: Collection[int]


IN_TURN = Course(range(len(WEEK)), frozenset(range(len(WEEK))), frozenset())


def deliver_again(hub: Hub, places: Collection[int]) -> None:
    """What intake said at these places of its outbox goes out once more."""
    intake = hub.rooms["intake"]
    outbox = intake.service.tables.outbox
    with intake.database.transaction() as connection:
        said = list(connection.execute(select(outbox.c.id).order_by(outbox.c.id)).scalars())
        chosen = [said[place % len(said)] for place in places]
        connection.execute(update(outbox).where(outbox.c.id.in_(chosen)).values(sent_at=None))


def after(course: Course) -> Ended:
    """What the hub knows when these referrals have come in this way."""
    with tempfile.TemporaryDirectory() as folder:
        hub = embedded_hub(Path(folder) / "home")
        for number, place in enumerate(course.order):
            hub.take(WEEK[place].referral, WEEK[place].agency)
            if place in course.again:  # the agency is not sure that it was heard
                hub.take(WEEK[place].referral, WEEK[place].agency)
            if number in course.rests:
                hub.settle()
        deliver_again(hub, course.again)
        hub.settle()
        ended = ended_in(hub)
        assert count_held(hub.books["triage"]) == (0, 0)
        hub.close()
    return ended


def ended_in(hub: Hub) -> Ended:
    links = hub.links()
    cases: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    for record, link in links.items():
        cases.setdefault(link["case"], set()).add(record)
        for place, person in enumerate(link["people"]):
            people.setdefault(person, set()).add(f"{record}/{place}")
    members = {record: tuple(sorted(cases[link["case"]])) for record, link in links.items()}
    return Ended(
        frozenset(members.values()),
        frozenset(tuple(sorted(parties)) for parties in people.values()),
        frozenset(
            frozenset((members[record], members[other]))
            for record, link in links.items()
            for other in link["review"]
        ),
    )


@cache
def in_turn() -> Ended:
    """How it ends when each referral is settled before the next one comes."""
    return after(IN_TURN)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Any order, some rests, some repetition."""
    places = st.integers(0, len(WEEK) - 1)
    return Course(
        draw(st.permutations(range(len(WEEK)))),
        draw(st.frozensets(places, max_size=4)),
        draw(st.frozensets(places, max_size=4)),
    )


def test_each_event_has_one_case_and_no_two_events_share_one() -> None:
    events: dict[str, set[str]] = {}
    for sent in WEEK:
        events.setdefault(sent.event, set()).add(f"{sent.agency}:{sent.referral['source_record_id']}")
    assert in_turn().cases == frozenset(tuple(sorted(records)) for records in events.values())


def test_who_is_harmed_twice_or_harms_twice_is_one_person_and_twins_father_and_son_are_two() -> None:
    people = [{party.partition(":")[2] for party in parties} for parties in in_turn().people]

    def whose(*parties: str) -> set[str]:
        return next(found for found in people if parties[0] in found)

    assert whose("BURGLED-1/0") >= {"BURGLED-4/0", "AGAIN-1/0", "AGAIN-2/0"}
    assert whose("STRUCK-1/1") >= {"STRUCK-TOO-1/1", "STRUCK-TOO-2/1"}
    assert "TWIN-B-1/0" not in whose("TWIN-A-1/0")
    assert "SON-1/0" not in whose("FATHER-1/0")
    assert "OFFICE-B-1/0" not in whose("OFFICE-A-1/0")
    assert "NOBODY-B-1/0" not in whose("NOBODY-A-1/0")


@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(courses())
def test_any_order_and_any_repetition_end_in_the_same_cases(course: Course) -> None:
    assert after(course) == in_turn()


@pytest.mark.nightly
@settings(max_examples=300, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(courses())
def test_hundreds_of_orders_end_in_the_same_cases(course: Course) -> None:
    assert after(course) == in_turn()
