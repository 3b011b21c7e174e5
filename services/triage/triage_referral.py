"""Triage one referral: who is in it, which case it belongs to, and which team has that case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.triage.schema import SAME_REFERENCE, Account, CaseKey, read_account
from services.triage.send_case import learn, look_up_areas, open_case, take_up_again, try_to_release
from services.triage.store import Register, Triaged
from shared.contracts import CaseJoined, CaseTelltales
from shared.telltales import telltales_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.contracts import ReferralReceived
    from shared.database import Database
    from shared.messaging.unit import Unit

_encoder = msgspec.json.Encoder()


def prepare_batch(messages: Sequence[ReferralReceived], unit: Unit, database: Database, table: Table) -> None:
    """Lock what this batch is about, then look all of it up at once."""
    lookup = unit.keys.lookup
    accounts = [_account(message, unit, table) for message in messages]
    keys = {key.key for account in accounts for key in account.case_keys}
    Register.of(unit).look_up(
        database,
        # Two versions of one record must not be triaged side by side either.
        locks=[*keys, *(lookup.hash("record", message.reference) for message in messages)],
        keys=keys,
        references={message.reference for message in messages},
    )
    look_up_areas((message.referral for message in messages), unit)


def _account(message: ReferralReceived, unit: Unit, table: Table) -> Account:
    place = ("account", message.reference, message.version)
    by_themselves = message.agency in table.by_themselves
    return unit.remember(place, lambda: read_account(message, unit.keys.lookup, by_themselves=by_themselves))


def triage_referral(message: ReferralReceived, unit: Unit, table: Table) -> Triaged:
    """The referral with its people and its case.

    A version that was overtaken by a newer one adds its evidence, as it would have in its turn, and changes
    nothing else: whatever the order of arrival, the same keys lead to the case.
    """
    register = Register.of(unit)
    account = _account(message, unit, table)
    before = register.referral(message.reference)
    known = _known_cases(account, register)
    if before is not None:
        case = register.case(before.case_id)
    elif known:
        case = register.case(next(iter(known)))
    else:
        case = open_case(message, account, register, unit, table)
    overtaken = before is not None and before.version >= message.version
    people = () if overtaken else _people(account, before, register)
    register.add_evidence(
        case.id, [key.key for key in account.case_keys], account.event_type, account.happened_on
    )
    _ask_about_others(message, case, known, register)
    if before is not None and overtaken:
        return before
    evidence = _told(known.get(case.id, ()))
    triaged = Triaged(
        message.reference,
        message.agency,
        message.referral.source_record_id,
        message.version,
        case.id,
        people,
    )
    content = _encoder.encode(message.referral)
    if before is None:
        register.add_referral(triaged, evidence, account.brings, content)
    else:
        register.amend_referral(triaged, evidence, account.brings, content)
    unit.say(
        CaseTelltales(
            case=case.reference,
            referral=message.reference,
            version=message.version,
            telltales=telltales_of(message.referral, unit.keys.lookup),
            travels=message.travels,
        )
    )
    if before is not None:
        register.note(case.id, "amended", referral=message.reference, version=message.version)
    elif known:
        register.note(case.id, "joined", referral=message.reference, evidence=evidence)
    _tell(message, case, account, register, unit, table, is_new=before is None, joined=bool(known))
    return triaged


def _tell(
    message: ReferralReceived,
    case: Case,
    account: Account,
    register: Register,
    unit: Unit,
    table: Table,
    *,
    is_new: bool,
    joined: bool,
) -> None:
    if is_new and not joined:
        return
    if case.lacks:
        try_to_release(message, case, account, register, unit, table)
    else:
        learn(message, case, unit, table)
        if is_new:
            unit.say(
                CaseJoined(
                    case=case.reference,
                    referral=message.reference,
                    joined_at=unit.now,
                    travels=message.travels,
                )
            )
    if is_new and case.withdrawn_at is not None:
        take_up_again(message, register.case(case.id), register, unit, table)


def _ask_about_others(
    message: ReferralReceived, case: Case, known: Mapping[UUID, Sequence[CaseKey]], register: Register
) -> None:
    """Put the other cases that the evidence points to before a human as possibly the same."""
    for other, keys in known.items():
        if other != case.id and register.ask_review(case.id, other, message.reference, _told(keys)):
            register.note(case.id, "review_asked", referral=message.reference, evidence=_told(keys))


def _told(keys: Sequence[CaseKey]) -> list[dict[str, str]]:
    return [{"rule": key.rule, "where": key.where} for key in keys]


def _people(account: Account, before: Triaged | None, register: Register) -> tuple[UUID, ...]:
    """One person for each party. Two parties of one referral are never one person: they are its two sides."""
    found: list[UUID] = []
    for index, key in enumerate(account.person_keys):
        known = register.person_under(key) if key is not None else None
        if known is not None and known not in found:
            found.append(known)
            continue
        previous = before.people[index] if before is not None and index < len(before.people) else None
        if previous is not None and previous not in found:
            if key is not None and known is None:
                register.name_person(previous, key)
            found.append(previous)
            continue
        found.append(register.add_person(key if known is None else None))
    return tuple(found)


def _known_cases(account: Account, register: Register) -> dict[UUID, list[CaseKey]]:
    """The cases that exact evidence points to, the best first: by reference, then the one that is oldest."""
    found: dict[UUID, list[CaseKey]] = {}
    for key in account.case_keys:
        for case_id, told in register.cases_under(key.key).items():
            if any(account.same_event(key.rule, event_type, day) for event_type, day in told):
                found.setdefault(case_id, []).append(key)

    def rank(case_id: UUID) -> tuple[bool, UUID]:
        return all(key.rule != SAME_REFERENCE for key in found[case_id]), case_id

    return {case_id: found[case_id] for case_id in sorted(found, key=rank)}
