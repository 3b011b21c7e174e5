"""The exact rule, with which the hub's consumer is measured beside bare loops; the hub itself weighs instead.

Two accounts tell of one event if they give the same reference of the same scheme, or the same person (full
name and birth date) with the same kind of event at most thirty days apart. What was sent is kept sealed, and
found again by keyed hashes only: that of a name, a birth date and a kind of event is all that a person is
here. A batch is locked and looked up once, and what one referral of it has opened a later one joins. Of
several cases it is the oldest, first by reference; an amended version is one more account. Nothing is
routed, nobody is told.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Column, Date, Index, Integer, LargeBinary, MetaData, String, Table, Uuid

from shared.contracts import ReferralReceived
from shared.contracts.referral import Name
from shared.database import Database, Instant
from shared.identity import new_id
from shared.messaging.consumer import Hearer
from shared.messaging.unit import Unit
from shared.rows import Wanted
from shared.sealing import Keys

metadata = MetaData()
cases = Table(
    "exact_cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_type", String(32), nullable=False),
    Column("opened_at", Instant, nullable=False),
)
referrals = Table(
    "exact_referrals",
    metadata,
    Column("reference", String(16), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("heard_at", Instant, nullable=False),
)
# What leads to a case: a reference or a person, with the day of the event that was told with it.
evidence = Table(
    "exact_evidence",
    metadata,
    Column("key", LargeBinary, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
)
Index("exact_evidence_by_key", evidence.c.key)

SAME_EVENT = dt.timedelta(days=30)
_FEWEST_DIGITS = 4
_NOBODY = frozenset({"", "UNKNOWN", "NOTKNOWN", "NOTGIVEN", "ANON", "ANONYMOUS", "TBC", "NA", "NK", "NONE"})
_CAPITALS = bytes(range(256)).upper()
_NEITHER_LETTER_NOR_DIGIT = bytes(code for code in range(128) if not chr(code).isalnum())
_NO_DIGIT = bytes(set(range(256)) - set(b"0123456789"))

_encoder = msgspec.json.Encoder()


class Account(NamedTuple):
    """What one referral can be compared by, as hashes of its references and its people; and what is kept."""

    references: list[bytes]
    people: list[bytes]
    day: dt.date
    sealed: bytes


class Register:
    """What is known about the accounts of one unit, also of what the unit itself has added."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        # Under each key the cases it leads to, with the day of the event that was told with it.
        self.under: defaultdict[bytes, list[tuple[UUID, dt.date]]] = defaultdict(list)

    def case_of(self, account: Account) -> UUID | None:
        """The case that the evidence leads to, None when there is none yet."""
        under, day = self.under, account.day
        found = [case_id for key in account.references for case_id, _ in under[key]]
        if not found:
            found = [
                case_id
                for key in account.people
                for case_id, then in under[key]
                if abs(then - day) <= SAME_EVENT
            ]
        return min(found, default=None)


def hearer(database: Database, keys: Keys) -> Hearer:
    """What the consumer does with a referral on this database."""
    return Hearer(
        handle=join,
        prepare=lambda messages, unit: prepare_batch(messages, unit, database),
        foresee=lambda message: {_name(message): read_account(message, keys)},
    )


def _name(message: ReferralReceived) -> object:
    return "account", message.reference, message.version


def _account(message: ReferralReceived, unit: Unit) -> Account:
    return unit.remember(_name(message), lambda: read_account(message, unit.keys))


def prepare_batch(messages: Sequence[ReferralReceived], unit: Unit, database: Database) -> None:
    """Lock what this batch is about, then look all of it up at once."""
    register = unit.remember(Register, Register)
    keys: set[bytes] = set()
    for message in messages:
        account = _account(message, unit)
        keys.update(account.references, account.people)
    wanted = Wanted(tuple(evidence.c), evidence.c.key, keys)
    (found,) = database.lock_and_find(unit.connection, keys, wanted)
    for key, case_id, day in found:
        register.under[key].append((case_id, day))


def join(message: ReferralReceived, unit: Unit) -> None:
    """Keep the referral in the case that it belongs to, or in a new one."""
    register = unit.remember(Register, Register)
    account = _account(message, unit)
    case_id = register.case_of(account)
    if case_id is None:
        case_id = new_id()
        unit.insert(cases, {"id": case_id, "event_type": message.referral.event.type, "opened_at": unit.now})
    for key in (*account.references, *account.people):
        register.under[key].append((case_id, account.day))
        unit.insert(evidence, {"key": key, "case_id": case_id, "day": account.day})
    unit.insert(
        referrals,
        {
            "reference": message.reference,
            "version": message.version,
            "case_id": case_id,
            "sealed": account.sealed,
            "heard_at": unit.now,
        },
    )


def read_account(message: ReferralReceived, keys: Keys) -> Account:
    """What a referral can be compared by; a placeholder for a number or a name is no evidence."""
    event, lookup = message.referral.event, keys.lookup
    place = f"exact/{message.reference}/{message.version}"
    return Account(
        [
            lookup.hash("reference", one.scheme, number)
            for one in event.references
            if identifies(number := plain(one.value))
        ],
        [
            lookup.hash("person", *name, party.date_of_birth.isoformat(), event.type)
            for party in message.referral.parties
            if party.date_of_birth is not None and (name := _full_name(party.name))
        ],
        event.started_on or message.referral.referred_at.date(),
        keys.rest.seal(_encoder.encode(message.referral), place),
    )


def plain(text: str) -> str:
    """Capital letters and digits only: how two ways to write one thing are compared."""
    if text.isascii():
        return text.encode().translate(_CAPITALS, _NEITHER_LETTER_NOR_DIGIT).decode()
    return "".join(filter(str.isalnum, text.upper()))


def identifies(number: str) -> bool:
    """Whether a plain reference can identify something: it has digits enough, and they are not all alike."""
    digits = number.encode().translate(None, _NO_DIGIT)
    return len(digits) >= _FEWEST_DIGITS and digits.count(digits[:1]) < len(digits)


def _full_name(name: Name | None) -> tuple[str, str] | None:
    if name is None:
        return None
    given, family = plain(name.given or ""), plain(name.family or "")
    return None if given in _NOBODY or family in _NOBODY else (given, family)
