"""The exact rule of the benchmarks is a real one: it joins what it must, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks.filled import sealed
from benchmarks.ground import Ground
from benchmarks.joining import check_joined, fellows, strangers
from benchmarks.peers import exact_rule
from shared.contracts import ReferralReceived
from shared.database import migrate
from shared.messaging.carrier import Delivery, Outgoing
from shared.messaging.consumer import Consumer
from shared.messaging.topology import queues_of
from shared.service import Room
from tests.conftest import FreshDatabase
from tests.support.builders import an_account
from tests.support.houses import BOTH

_QUEUE = next(queue for queue in queues_of("triage") if queue.name == "triage.normal")


@dataclass
class Rule:
    """The hub's consumer with the exact rule, on a database of its own."""

    ground: Ground
    room: Room
    consumer: Consumer

    def hear(self, messages: Sequence[Outgoing], *, one_by_one: bool = False) -> None:
        """Hear these as one batch, or with a transaction for each."""
        deliveries = [Delivery(one.body, _QUEUE, redelivered=False, receipt=None) for one in messages]
        self.consumer.handle(deliveries, careful=one_by_one)

    def cases(self, *sent: dict[str, Any]) -> int:
        """In how many cases these end, heard one after the other."""
        for message in sealed(self.ground, sent):
            self.hear([message])
        return self.opened()

    def opened(self) -> int:
        """How many cases there are, each of which has a referral."""
        with self.room.database.reading() as connection:
            opened = set(connection.execute(select(exact_rule.cases.c.id)).scalars())
            assert opened == set(connection.execute(select(exact_rule.referrals.c.case_id)).scalars())
        return len(opened)


@pytest.fixture(params=BOTH)
def rule(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rule]:
    """The rule on a database of each kind, with nothing in it."""
    if request.param == "embedded":
        url = f"sqlite:///{tmp_path}/triage.db"
    else:
        fresh: FreshDatabase = request.getfixturevalue("fresh_database")
        url = fresh()
    with Ground() as ground:
        room = ground.room("triage", url)
        migrate(room.database, room.service.migrations)
        exact_rule.metadata.create_all(room.database.engine)
        consumer = Consumer(
            "triage",
            database=room.database,
            tables=room.service.tables,
            keys=room.keys,
            clock=room.clock,
            hears={ReferralReceived: exact_rule.hearer(room.database, room.keys)},
        )
        yield Rule(ground, room, consumer)
        room.close()


@pytest.mark.parametrize("one_by_one", [False, True])
def test_each_event_has_one_case_and_each_case_is_of_one_event(rule: Rule, one_by_one: bool) -> None:  # noqa: FBT001
    known = strangers(rule.ground, 60)
    accounts = [*known.accounts, *fellows(rule.ground, 240, known)]
    for start in range(0, len(accounts), 50):
        rule.hear([one.message for one in accounts[start : start + 50]], one_by_one=one_by_one)

    check_joined(str(rule.room.database.url), accounts)
    assert rule.opened() == 300 - 24


def test_what_is_delivered_twice_is_joined_once(rule: Rule) -> None:
    messages = [one.message for one in strangers(rule.ground, 5).accounts]
    for _ in range(2):
        rule.hear([*messages, messages[0]])
    assert rule.opened() == 5


BORN = "1988-02-29"
FIRST = an_account("1", born=BORN, references=("CRI009999990",))


@pytest.mark.parametrize(
    "second",
    [
        an_account("2", family="Madeup", kind="theft", on="2024-05-01", references=("cri 00-9999990",)),
        an_account("2", given="FABLE ", family="figment", born=BORN, on="2026-03-31"),
        an_account("2", given="fable", family="Fig-ment", born=BORN, on="2026-01-30"),
    ],
    ids=["the reference alone", "the same person thirty days later", "thirty days before"],
)
def test_these_are_one_case(rule: Rule, second: dict[str, Any]) -> None:
    assert rule.cases(FIRST, second) == 1


@pytest.mark.parametrize(
    "second",
    [
        an_account("2", family="Madeup", references=("CRI009999991",)),
        an_account("2", born=BORN, on="2026-04-01"),
        an_account("2", born=BORN, kind="theft"),
        an_account("2", born="1988-03-01"),
        an_account("2", born=BORN, given="Mythos"),
    ],
    ids=["another number", "thirty-one days later", "another kind", "another birth date", "another name"],
)
def test_these_are_two_cases(rule: Rule, second: dict[str, Any]) -> None:
    assert rule.cases(FIRST, second) == 2


def test_a_number_of_another_scheme_is_another_number(rule: Rule) -> None:
    second = an_account("2", family="Madeup")
    second["event"]["references"] = [{"scheme": "incident", "value": "CRI009999990"}]
    assert rule.cases(FIRST, second) == 2


@pytest.mark.parametrize("number", ["TBC", "n/a", "0000000", "12"])
def test_what_stands_for_no_number_joins_nobody(rule: Rule, number: str) -> None:
    accounts = [an_account(record, family=record, references=(number,)) for record in ("Figment", "Madeup")]
    assert rule.cases(*accounts) == 2


def test_somebody_without_a_name_joins_nobody(rule: Rule) -> None:
    accounts = [an_account(record, given="Unknown", family="Unknown", born="1980-05-05") for record in "12"]
    assert rule.cases(*accounts) == 2


def test_a_reference_counts_before_a_person_and_the_oldest_case_before_a_later_one(rule: Rule) -> None:
    by_person = an_account("2", family="Madeup", on="2026-03-02")
    by_number = an_account("3", family="Nobody", references=("CRI008888880",))
    both = an_account("4", family="Madeup", on="2026-03-03", references=("CRI008888880", "CRI009999990"))
    sent = sealed(rule.ground, [FIRST, by_person, by_number, both])
    rule.hear(sent)
    with rule.room.database.reading() as connection:
        by_case = connection.execute(select(exact_rule.referrals.c.case_id)).scalars().all()
    assert sorted(by_case.count(case) for case in set(by_case)) == [1, 1, 2]
    assert by_case.count(min(by_case)) == 2


def test_nothing_that_was_sent_can_be_read_in_the_database(rule: Rule) -> None:
    rule.cases(FIRST)
    with rule.room.database.reading() as connection:
        rows = [
            *connection.execute(select(exact_rule.referrals)),
            *connection.execute(select(exact_rule.evidence)),
        ]
    assert len(rows) == 3
    for planted in (b"Figment", b"FIGMENT", b"9999990", b"1988"):
        assert all(planted not in value for row in rows for value in row if isinstance(value, bytes))
