"""Who in a case lives with whom: another person of one home and family name, here or in a case beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.triage.cases import store
from services.triage.domain.matching.compare_people import compare_places
from services.triage.domain.matching.keys import keys_of_place
from services.triage.matching.store import accounts_under

if TYPE_CHECKING:
    from uuid import UUID

    from services.triage.cases.store import Sees
    from services.triage.domain.matching.accounts import Mention
    from shared.database import Database
    from shared.messaging.unit import Unit


class SameHousehold(NamedTuple):
    """Two parties of one home, each by a referral and their place in it; `case` is the other's."""

    referral: str
    party: int
    other_referral: str
    other_party: int
    case: str
    name: str


def find_households(case_id: UUID, sees: Sees, unit: Unit, database: Database) -> list[SameHousehold]:
    """The households of a case's people, each other person once, as far as this person sees their case.

    A household is a relation between people, and no reason to take them for one: a home and a family name in
    common, and found to be two.
    """
    connection, ring = unit.connection, unit.keys.rest
    here = store.mentioned_in(connection, ring, case_id)
    hashed = {
        unit.keys.lookup.hash("match", *key)
        for mentions in here.values()
        for mention, _ in mentions
        for key in keys_of_place(mention.home)
    }
    around = accounts_under(connection, database, ring, sorted(hashed)) if hashed else []
    near = {
        account.reference: list(zip(account.people, people, strict=False)) for account, people in around
    } | here
    cases = store.cases_seen_of(connection, sees, near.keys())
    found: dict[tuple[UUID, UUID], SameHousehold] = {}
    for one, mentions in here.items():
        for place, (mention, person) in enumerate(mentions):
            for other, others in sorted(near.items()):
                for there, (beside, somebody) in enumerate(others):
                    if somebody != person and other in cases and _live_together(mention, beside):
                        told = SameHousehold(one, place, other, there, cases[other], _called(beside))
                        found.setdefault((person, somebody), told)
    return list(found.values())


def _live_together(one: Mention, other: Mention) -> bool:
    names = set(one.name.family) & set(other.name.family)
    return bool(names) and compare_places(one.home, other.home) == "same"


def _called(mention: Mention) -> str:
    return " ".join((*mention.name.given, *mention.name.family)).title()
