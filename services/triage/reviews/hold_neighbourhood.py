"""Hold everything that a human's word about some cases may move, and settle it by that word."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.triage.domain.life.situation import Record
from services.triage.lives.store import Lives
from services.triage.matching.hashed_keys import hash_keys, keys_for
from services.triage.move_case import today_of
from services.triage.reviews import store
from services.triage.settle_accounts import settle_accounts
from services.triage.settle_cases import Clerk
from services.triage.store import Register
from shared.problems import Conflict

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.matching.desk import Desk
    from services.triage.send_case import Table
    from shared.database import Database
    from shared.messaging.unit import Unit


class Office(NamedTuple):
    """What a human's word is settled with: the database, the routing table, and the desk of comparing."""

    database: Database
    table: Table
    desk: Desk


class Stale(Conflict):
    """What you looked at has changed since."""

    code = "stale"
    advice = "GET it again, look at what is new, and say what you think of that."


def hold_neighbourhood(case_ids: Collection[UUID], who: Who, why: str, unit: Unit, office: Office) -> Clerk:
    """A clerk who settles by this person's word; everything around these cases is locked as triage locks it.

    Raises `Stale` when somebody came into the cases while they were being locked.
    """
    judge = office.desk.judge(unit.now)
    before = store.find_members(unit.connection, unit.keys.rest, case_ids)
    lookup = unit.keys.lookup
    locks = {lookup.hash("record", reference) for reference in before}
    for whole in before.values():
        if whole.account is not None:
            keys = keys_for(whole.account, whole.content.event.summary or "", judge.canonicals)
            hashed = hash_keys(keys, lookup)
            locks.update((*hashed.under, *hashed.asks))
    register = Register.of(unit)
    register.look_up(
        office.database, locks=locks, references=before.keys(), least=judge.model.thresholds.same_case
    )
    if {r for case_id in case_ids for r in register.members(case_id)} != before.keys():
        raise Stale
    return Clerk(register, judge, office.table, unit, who=who.name, why=why)


def record_why(case_id: UUID, kind: str, who: Who, why: str, unit: Unit) -> None:
    """Keep the reason with the case, sealed: it may name somebody, and the history names nobody."""
    Lives.of(unit).record(case_id, Record(kind, {"note": why}, today_of(unit.now), who.name))


def settle_by_word(references: Collection[str], clerk: Clerk) -> None:
    """Settle the neighbourhood of these again, and who is who in it.

    Whoever is somebody of these elsewhere is looked at too: they may be somebody else after all.
    """
    register = clerk.register
    people = {
        person for r in references if (k := register.known(r)) is not None for person in k.triaged.people
    }
    elsewhere = register.elsewhere(people)
    settle_accounts(references, elsewhere, clerk)
