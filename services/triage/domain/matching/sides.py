"""On which side of their case somebody truly stands: as they are told of, unless an account has it turned.

In a dispute there are no sides: each calls the other responsible. Of a crime a clerk may have typed each side
into the other's box; then whoever is harmed in all other accounts is responsible in that one, and the other
way round. Two people who change sides show it, or one whose whole name and birth date agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.compare_events import Pairing
from services.triage.domain.matching.compare_people import PersonLevels
from services.triage.domain.matching.judge_people import has_own

Party = tuple[str, int]  # a referral's reference, and the place of the party in it
_OTHER = {"harmed": "responsible", "responsible": "harmed"}
_MAY_BE = 3.0  # bits from which on two mentions may be of one person
_WHOLLY_NAMED = 12.0  # bits of two who share a whole name at least


def on_their_sides(
    accounts: Sequence[Account], inside: Mapping[tuple[str, str], Collection[Pairing]]
) -> dict[Party, Mention]:
    """Everybody with the role that is theirs; `inside` has the pairs of accounts that are in one case."""
    crimes = {account.reference: account for account in accounts if account.strand == "crime"}
    alike: dict[str, dict[str, int]] = defaultdict(dict)
    for (one, other), found in inside.items():
        if one in crimes and other in crimes and (way := _way(crimes[one], crimes[other], found)):
            alike[one][other] = alike[other][one] = way
    turned = _turned(crimes.values(), alike)
    return {
        (account.reference, place): _on_their_side(mention, account, turned)
        for account in accounts
        for place, mention in enumerate(account.people)
    }


def _on_their_side(mention: Mention, account: Account, turned: Collection[str]) -> Mention:
    if account.strand != "crime":
        return mention._replace(role="party")
    if account.reference in turned:
        return mention._replace(role=_OTHER.get(mention.role, mention.role))
    return mention


def _way(one: Account, other: Account, found: Collection[Pairing]) -> int:
    """1 if two accounts have somebody on one side, -1 if each has both where the other has the other one."""
    sides = [
        (pairing, one.people[pairing.one].role != other.people[pairing.other].role)
        for pairing in found
        if pairing.evidence.bits > _MAY_BE
        and one.people[pairing.one].role in _OTHER
        and other.people[pairing.other].role in _OTHER
    ]
    sure = [
        p.evidence.bits >= _WHOLLY_NAMED and (has_own(p.levels) or p.levels.given != "missing")
        for p, _ in sides
    ]
    if sides and all(crossed for _, crossed in sides):
        both = len(sides) > 1 and any(sure)
        return -1 if both or any(_beyond_doubt(pairing.levels) for pairing, _ in sides) else 0
    return 1 if any(sure) and not any(crossed for _, crossed in sides) else 0


def _beyond_doubt(levels: PersonLevels) -> bool:
    """Whether a whole name and a birth date agree: then it is one person, on whichever side they stand."""
    whole = levels.given in ("exact", "typo") and levels.family in ("exact", "typo")
    return whole and levels.born in ("exact", "turned") and levels.gender != "none"


def _turned(accounts: Collection[Account], alike: Mapping[str, Mapping[str, int]]) -> set[str]:
    """The accounts that have both sides turned: the fewer ones, where accounts of a case do not agree."""
    ordered = sorted(accounts, key=lambda a: (-sum(alike.get(a.reference, {}).values()), a.agency, a.record))
    way: dict[str, int] = {}
    for account in ordered:
        others = alike.get(account.reference, {})
        way[account.reference] = -1 if sum(others[o] * way[o] for o in others if o in way) < 0 else 1
    return {reference for reference, turned in way.items() if turned < 0}
