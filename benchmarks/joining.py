"""Accounts for the exact rule: some tell of an event that is known already, some only look as if they did.

One in ten is a second account, by the reference or by a person in it, each written another way; one in
twenty is so like an account that only one thing keeps them apart. They are like one of those that were there
before, or like one a few places in front, which is often heard in the same batch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import create_engine, select

from benchmarks.filled import sealed
from benchmarks.ground import Ground
from benchmarks.invented import a_typical_referral
from benchmarks.peers.exact_rule import SAME_EVENT, cases, referrals
from shared.contracts.envelope import read_envelope
from shared.messaging.carrier import Outgoing

Referral = dict[str, Any]

_IN_TURN = 20  # of which two are second accounts and one looks like one
_SECOND, _LOOKS_LIKE = (4, 14), (9,)
_ONE_DAY = dt.timedelta(days=1)


class Account(NamedTuple):
    """A referral on its way, and the number of the event that it tells of."""

    message: Outgoing
    event: int

    @property
    def reference(self) -> str:
        """The referral's reference, which stands outside."""
        return read_envelope(self.message.body).subject


class Known(NamedTuple):
    """Accounts that make a register, and what was sent in each."""

    accounts: Sequence[Account]
    sent: Sequence[Referral]


def strangers(ground: Ground, count: int) -> Known:
    """So many accounts, each of an event of its own."""
    sent = [a_typical_referral() for _ in range(count)]
    return Known([*map(Account, sealed(ground, sent), range(count))], sent)


def fellows(ground: Ground, count: int, known: Known) -> list[Account]:
    """So many accounts that come after those that are known."""
    seconds, alike = cycle(_SAME), cycle(_ANOTHER)
    # Each is taken once: an account of its own event could otherwise bring two others together.
    before = iter([*enumerate(known.sent)][:: max(1, len(known.sent) * _IN_TURN // (3 * count))])
    sent: list[Referral] = []
    events: list[int] = []
    for place in range(count):
        of_event = len(known.sent) + place
        referral = a_typical_referral()
        turn = place % _IN_TURN
        if turn in _SECOND + _LOOKS_LIKE:
            # In every other twenty like one that was there before, in the others like one a little in front.
            like = next(before) if place // _IN_TURN % 2 else (events[place - 3], sent[place - 3])
            if turn in _SECOND:
                of_event = like[0]
            next(seconds if turn in _SECOND else alike)(referral, like[1])
        sent.append(referral)
        events.append(of_event)
    return [*map(Account, sealed(ground, sent), events)]


def check_joined(url: str, accounts: Iterable[Account]) -> None:
    """Stop unless each event has one case, and each case is of one event."""
    engine = create_engine(url)
    with engine.connect() as connection:
        case_of = {row.reference: row.case_id for row in connection.execute(select(referrals))}
        opened = set(connection.execute(select(cases.c.id)).scalars())
    engine.dispose()
    pairs: set[tuple[int, UUID]] = {(one.event, case_of.pop(one.reference)) for one in accounts}
    assert not case_of, "there are referrals that nobody sent"
    events, joined = {event for event, _ in pairs}, {case for _, case in pairs}
    assert len(events) == len(pairs), "an event has two cases"
    assert len(joined) == len(pairs), "two events have one case"
    assert joined == opened, "a case was opened for nothing"


def _same_reference(referral: Referral, like: Referral) -> None:
    """Another kind of event and another day, about other people: the reference says it alone."""
    (reference,) = like["event"]["references"]
    value = reference["value"]
    referral["event"] |= {
        "type": "theft",
        "started_on": "2026-08-01",
        "references": [reference | {"value": f"{value[:3].lower()} {value[3:6]}-{value[6:]}"}],
    }


def _same_person(referral: Referral, like: Referral) -> None:
    person = like["parties"][0]
    name = {"given": f" {person['name']['given'].upper()}", "family": person["name"]["family"].lower()}
    referral["parties"][0] |= {"name": name, "date_of_birth": person["date_of_birth"]}
    referral["event"]["started_on"] = _later(like["event"]["started_on"], SAME_EVENT)


def _other_scheme(referral: Referral, like: Referral) -> None:
    (reference,) = like["event"]["references"]
    referral["event"]["references"] = [reference | {"scheme": "incident"}]


def _a_day_too_late(referral: Referral, like: Referral) -> None:
    _same_person(referral, like)
    referral["event"]["started_on"] = _later(referral["event"]["started_on"], _ONE_DAY)


def _other_kind(referral: Referral, like: Referral) -> None:
    _same_person(referral, like)
    referral["event"] |= {"type": "theft", "started_on": like["event"]["started_on"]}


def _other_birthday(referral: Referral, like: Referral) -> None:
    _same_person(referral, like)
    referral["parties"][0]["date_of_birth"] = _later(like["parties"][0]["date_of_birth"], _ONE_DAY)
    referral["event"]["started_on"] = like["event"]["started_on"]


def _later(day: str, by: dt.timedelta) -> str:
    return (dt.date.fromisoformat(day) + by).isoformat()


_Change = Callable[[Referral, Referral], None]
_SAME: Sequence[_Change] = (_same_reference, _same_person)
_ANOTHER: Sequence[_Change] = (_other_scheme, _a_day_too_late, _other_kind, _other_birthday)
