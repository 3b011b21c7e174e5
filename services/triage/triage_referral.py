"""Triage one referral: who is in it, which case it belongs to, and which team has that case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.compare_account import compare_account
from services.triage.matching.hashed_keys import HashedKeys, hash_keys, keys_for
from services.triage.matching.schema import read_account
from services.triage.matching.short_forms import canonicals
from services.triage.mind_conflicts import look_up_conflicts
from services.triage.miss_needs import miss_needs
from services.triage.send_case import learn, look_up_areas, try_to_release, waits_for_more
from services.triage.settle_accounts import settle_accounts
from services.triage.settle_cases import Clerk
from services.triage.store import UNSETTLED, Register, Triaged
from shared.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.triage.domain.matching.accounts import Account
    from services.triage.domain.matching.judge_events import Judge
    from services.triage.matching.desk import Desk
    from services.triage.send_case import Table
    from shared.contracts import ReferralReceived
    from shared.database import Database
    from shared.messaging.unit import Unit
    from shared.sealing import Lookup


def prepare_batch(messages: Sequence[ReferralReceived], unit: Unit, database: Database, desk: Desk) -> None:
    """Lock what this batch is about, then look all of it up at once."""
    judge = _judge(unit, desk)
    lookup = unit.keys.lookup
    hashed = [_keys(message, unit) for message in messages]
    keys = {key for of_one in hashed for key in (*of_one.under, *of_one.asks)}
    Register.of(unit).look_up(
        database,
        # Two versions of one record must not be triaged side by side either.
        locks=[*keys, *(lookup.hash("record", message.reference) for message in messages)],
        keys=keys,
        references={message.reference for message in messages},
        least=judge.model.thresholds.same_case,
    )
    look_up_conflicts(unit)
    look_up_areas((message.referral for message in messages), unit)


def _judge(unit: Unit, desk: Desk) -> Judge:
    """One judge for a whole unit: its verdicts agree with one another."""
    return unit.remember("judge", lambda: desk.judge(unit.now))


def read_referral(message: ReferralReceived, lookup: Lookup) -> dict[object, object]:
    """What of a referral needs no database: the account in it, and the keys under which it is found."""
    account = read_account(message.reference, message.agency, message.referral)
    return {_named("account", message): account, _named("keys", message): _hash(account, message, lookup)}


def _account(message: ReferralReceived, unit: Unit) -> Account:
    return unit.remember(
        _named("account", message),
        lambda: read_account(message.reference, message.agency, message.referral),
    )


def _keys(message: ReferralReceived, unit: Unit) -> HashedKeys:
    return unit.remember(
        _named("keys", message), lambda: _hash(_account(message, unit), message, unit.keys.lookup)
    )


def _named(what: str, message: ReferralReceived) -> object:
    return what, message.reference, message.version


def _hash(account: Account, message: ReferralReceived, lookup: Lookup) -> HashedKeys:
    return hash_keys(keys_for(account, message.referral.event.summary or "", canonicals), lookup)


def triage_referral(message: ReferralReceived, unit: Unit, table: Table, desk: Desk) -> Triaged:
    """The referral with its people and its case.

    A version that was overtaken by a newer one adds the keys by which it is found, as it would have in its
    turn, and changes nothing else: whatever the order of arrival, the newest version decides.
    """
    register, judge = Register.of(unit), _judge(unit, desk)
    clerk = Clerk(register, judge, table, unit, travels=message.travels)
    reference = message.reference
    before = register.referral(reference)
    amended = before is not None and before.version < message.version
    if before is None:
        _add(message, clerk)
    elif amended:
        _amend(message, before, clerk)
    keys = _keys(message, unit)
    compared = compare_account(reference, keys.asks, judge, register, unit)
    register.add_keys(reference, keys.under)
    settled = settle_accounts([reference], compared, clerk, changed=[reference])
    known = register.known(reference)
    assert known is not None  # noqa: S101 - it was added above
    case = register.case(known.triaged.case_id)
    if amended:
        register.note(case.id, "amended", referral=reference, version=message.version)
        if reference not in settled.moved:
            if waits_for_more(case, unit):
                try_to_release(message, case, register, unit, table)
            else:
                learn(message, case, unit, table)
                miss_needs(case.id, unit, table)
    return known.triaged


def _add(message: ReferralReceived, clerk: Clerk) -> None:
    """A referral that is new to triage: it has a place of its own until it is settled."""
    triaged = Triaged(
        message.reference,
        message.agency,
        message.referral.source_record_id,
        message.version,
        UNSETTLED,
        tuple(new_id() for _ in message.referral.parties),
    )
    account = _account(message, clerk.unit)
    clerk.register.add_referral(triaged, clerk.brings(message), message.referral, account, None)


def _amend(message: ReferralReceived, before: Triaged, clerk: Clerk) -> None:
    people = before.people[: len(message.referral.parties)]
    more = tuple(new_id() for _ in message.referral.parties[len(people) :])
    triaged = before._replace(version=message.version, people=people + more)
    account = _account(message, clerk.unit)
    clerk.register.amend_referral(triaged, clerk.brings(message), message.referral, account)
