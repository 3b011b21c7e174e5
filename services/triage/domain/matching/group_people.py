"""Which mentions are one person: across cases on evidence that outweighs the register, inside one on less.

In one case there are few people: a "Mr Corbrook" among the neighbours of a dispute is the Corbrook whom the
other account names. The two sides of one case are never one person, nor are two parties of one referral.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.compare_events import Pairing
from services.triage.domain.matching.judge_people import BORN_OTHERWISE, person_verdict
from services.triage.domain.matching.model import Model
from services.triage.domain.matching.partition import UNSEEN, partition

Party = tuple[str, int]  # a referral's reference, and the place of the party in it
_CONTRADICTION = -3.5
_IN_CASE = 100.0  # below any evidence that stands by itself: joined after it
_SIDES = ("harmed", "responsible")


def group_people(
    accounts: Sequence[Account],
    pairings: Mapping[tuple[str, str], Collection[Pairing]],
    case_of: Mapping[str, object],
    model: Model,
    people_known: int,
    as_before: Sequence[tuple[Party, Party]] = (),
) -> list[list[Party]]:
    """The parties of these accounts, grouped by who they are.

    `pairings` holds, for pairs of references, who was held against whom; `case_of` the case of each account;
    `as_before` who was found to be one person already.
    """
    thresholds = model.thresholds
    mentions = {(a.reference, place): m for a in accounts for place, m in enumerate(a.people)}
    alone = Counter((account.reference, mention.role) for account in accounts for mention in account.people)
    weighed: dict[tuple[Party, Party], float] = {}
    joined: dict[tuple[Party, Party], float] = {}
    for (one, other), found in pairings.items():
        together = case_of[one] == case_of[other]
        for pairing in found:
            pair = ((one, pairing.one), (other, pairing.other))
            a, b = mentions[pair[0]], mentions[pair[1]]
            bits = pairing.evidence.bits
            weighed[pair] = bits
            if together and _other_side(a, b):
                continue
            verdict = person_verdict(pairing.evidence, pairing.levels, people_known, model)
            if verdict == "same" and a.name.somebody and b.name.somebody:
                joined[pair] = bits
            elif together and (
                (bits >= thresholds.same_person_in_case and _may_be_called_so(a, b, pairing))
                or (
                    a.role == b.role
                    and alone[one, a.role] == alone[other, b.role] == 1
                    and _fits(a, b, pairing)
                )
            ):
                joined[pair] = bits - _IN_CASE
    for pair in _ambiguous(joined, weighed, thresholds.margin):
        del joined[pair]
    apart = [
        ((account.reference, one), (account.reference, other))
        for account in accounts
        for one, other in combinations(range(len(account.people)), 2)
    ]
    apart += [
        (one, other)
        for one, other in combinations(mentions, 2)
        if case_of[one[0]] == case_of[other[0]] and _other_side(mentions[one], mentions[other])
    ]
    grouped = partition(
        list(mentions),
        joined,
        least=-_IN_CASE * 2,
        mean=0.0,
        contradiction=-_IN_CASE * 2,
        one=as_before,
        apart=apart + [pair for pair, bits in weighed.items() if bits <= BORN_OTHERWISE],
        weigh=lambda one, other: weighed.get((one, other), weighed.get((other, one), UNSEEN)),
    )
    return grouped.groups


def _other_side(one: Mention, other: Mention) -> bool:
    return one.role != other.role and one.role in _SIDES and other.role in _SIDES


def _may_be_called_so(one: Mention, other: Mention, pairing: Pairing) -> bool:
    if one.name.somebody and other.name.somebody:
        return pairing.levels.given != "none"
    return pairing.levels.home in ("same", "building")


def _fits(one: Mention, other: Mention, pairing: Pairing) -> bool:
    """The only one of their side in both accounts of a case: whatever agrees will do."""
    levels = pairing.levels
    if levels.born == "none" or not (one.name.somebody and other.name.somebody):
        return False
    named = levels.given not in ("none", "missing") or levels.family not in ("none", "missing")
    own = levels.born in ("exact", "digit", "year_off") or levels.phone == "exact" or levels.email == "exact"
    return (named and levels.given != "none") or (own and levels.family != "none")


def _ambiguous(
    joined: Mapping[tuple[Party, Party], float], weighed: Mapping[tuple[Party, Party], float], margin: float
) -> list[tuple[Party, Party]]:
    """Links of somebody to two who are not one, and neither much better: father and son, twins."""
    of: dict[Party, list[tuple[Party, float, tuple[Party, Party]]]] = defaultdict(list)
    for pair, bits in joined.items():
        if bits > 0:
            of[pair[0]].append((pair[1], bits, pair))
            of[pair[1]].append((pair[0], bits, pair))
    doubtful: set[tuple[Party, Party]] = set()
    for links in of.values():
        for (a, bits, first), (b, others, second) in combinations(links, 2):
            against = weighed.get((a, b), weighed.get((b, a), 0.0))
            if against < _CONTRADICTION and abs(bits - others) < margin:
                doubtful.update((first, second))
    return sorted(doubtful)
