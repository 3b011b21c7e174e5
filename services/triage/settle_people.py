"""Say of every party of a neighbourhood who it is: somebody known, or somebody new."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from services.triage.compare_account import judged
from services.triage.domain.matching.group_people import group_people
from services.triage.matching.group_accounts import WORTH_A_LOOK
from shared.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from services.triage.domain.matching.compare_events import Pairing
    from services.triage.domain.matching.sides import Party
    from services.triage.settle_cases import Clerk, Settled
    from services.triage.store import Known

Held = dict[tuple[str, str], "Collection[Pairing]"]
_MOST_PAIRS = 400  # of accounts that are compared for their people alone


def settle_people(
    changed: Collection[str], compared: Iterable[str], settled: Settled, clerk: Clerk
) -> set[str]:
    """Group the parties of the neighbourhood, and of whoever was compared, and keep who they are.

    Who was one person stays one, unless their accounts are held against one another now. The referrals in
    which somebody is another than before are told.
    """
    register = clerk.register
    references = sorted({*settled.neighbourhood, *compared, *changed})
    known = {r: found for r in references if (found := register.known(r)) is not None}
    if len(known) == 1 and _is_as_first_told(*known.values()):
        # There is nobody to hold them against.
        register.set_people(references[0], known[references[0]].own_people)
        return set()
    anew = {*settled.moved, *changed}
    case_of = {reference: found.triaged.case_id for reference, found in known.items()}
    pairings, near = _held_by_the_new(known, anew, case_of, clerk)
    # All that a case tells of somebody says who they are: also what stands in an account that shares no key.
    for reference in sorted({mate for one in near for mate in register.members(case_of[one])} - known.keys()):
        if (mate := register.known(reference)) is not None:
            known[reference], case_of[reference] = mate, mate.triaged.case_id
    pairings |= _held_by_others(known, anew, near, case_of, clerk, _MOST_PAIRS - len(pairings))
    involved = {reference for pair in pairings for reference in pair} | anew
    accounts = [found.account._replace(reference=r) for r, found in known.items() if r in involved]
    by_person: dict[UUID, list[Party]] = defaultdict(list)
    for reference, found in known.items():
        if reference in involved:
            for place, person in enumerate(found.triaged.people):
                by_person[person].append((reference, place))
    as_before = [
        pair
        for parties in by_person.values()
        for pair in combinations(parties, 2)
        # Whoever was held against one another now is judged by that; all others stay who they were.
        if (pair[0][0], pair[1][0]) not in pairings
        and pair[0][0] not in changed
        and pair[1][0] not in changed
    ]
    groups = group_people(accounts, pairings, case_of, clerk.judge, as_before)
    return _name(groups, known, clerk)


def _is_as_first_told(alone: Known) -> bool:
    people = alone.triaged.people
    return people == alone.own_people and len(people) == len(alone.account.people)


def _held_by_the_new(
    known: Mapping[str, Known], anew: Collection[str], case_of: Mapping[str, UUID], clerk: Clerk
) -> tuple[Held, set[str]]:
    """Everybody new held against everybody compared, and in whose accounts somebody may be one."""
    found: Held = {}
    near = set(anew)
    for one, other in combinations(sorted(known), 2):
        if one in anew or other in anew:
            # Kept also where nobody is alike: that two are not one keeps a third from making them one.
            found[one, other] = judged(one, other, clerk.judge, clerk.register, clerk.unit).people
            alike = any(pairing.evidence.bits >= WORTH_A_LOOK for pairing in found[one, other])
            if alike or case_of[one] == case_of[other]:
                near |= {one, other}
    return found, near


def _held_by_others(
    known: Mapping[str, Known],
    anew: Collection[str],
    near: Collection[str],
    case_of: Mapping[str, UUID],
    clerk: Clerk,
    most: int,
) -> Held:
    """All who may be somebody new, who share a case or a person, held against one another.

    Two of them may be father and son, and the new one must not make them one.
    """
    found: Held = {}
    people = {reference: set(one.triaged.people) for reference, one in known.items()}
    for one, other in combinations(sorted(known), 2):
        if one in anew or other in anew:
            continue
        both = one in near and other in near and len(found) < most
        if both or case_of[one] == case_of[other] or not people[one].isdisjoint(people[other]):
            found[one, other] = judged(one, other, clerk.judge, clerk.register, clerk.unit).people
    return found


def _name(groups: Iterable[Iterable[Party]], known: dict[str, Known], clerk: Clerk) -> set[str]:
    """Give every group the id of whoever of it was known first; who is one now is one everywhere.

    Nobody keeps the id of somebody who was found to be another: whoever is set apart has their own again.
    """
    names: dict[Party, UUID] = {}
    taken: set[UUID] = set()
    merged: dict[UUID, UUID] = {}
    begun = {p: (r, n) for r, one in known.items() for n, p in enumerate(one.own_people)}

    def before(party: Party) -> UUID | None:
        people = known[party[0]].triaged.people
        return people[party[1]] if party[1] < len(people) else None

    ordered = sorted((sorted(group) for group in groups), key=lambda group: (-len(group), group))
    grouped = {party for group in ordered for party in group}
    for group in ordered:
        ids = sorted({person for party in group if (person := before(party)) is not None})
        here = set(group)
        # Whose it was first is here too, or was not held against anybody now.
        free = [p for p in ids if p not in taken and (begun.get(p) in here or begun.get(p) not in grouped)]
        own = sorted(p for p, party in begun.items() if party in here and p not in taken)
        person = (free or own or [new_id()])[0]
        taken.add(person)
        merged |= dict.fromkeys(free[1:], person)
        taken.update(free[1:])
        names |= dict.fromkeys(group, person)
    given = {
        reference: [person or new_id() for person in people]
        for reference, found in known.items()
        if any(people := [names.get((reference, place)) for place in range(len(found.account.people))])
    }
    for reference in clerk.register.elsewhere(merged.keys()) if merged else ():
        away = clerk.register.known(reference)
        if away is not None:
            given[reference] = [merged.get(p, p) for p in away.triaged.people]
    return {reference for reference, people in given.items() if clerk.register.set_people(reference, people)}
