"""Which mentions are one person: across cases on evidence that outweighs the register, inside one on less.

In one case there are few people: a "Mr Corbrook" among the neighbours of a dispute is the Corbrook whom the
other account names. Across cases somebody is all that their case tells of them: one account has the given
name, another the family name, a third the home. The two sides of one case are never one person, nor are two
parties of one referral.

A name at a home is somebody, as long as nobody else whom it may mean is known there; and a family name at a
home is whoever alone of that name is known there, if both times it is who was responsible, or if a title or
the gender says that it may be nobody else, and both times they stand in one role. A whole name that hardly
anybody has is somebody also where no home is told, if nobody else of that name is known. Who is called
otherwise at a home is somebody known there by a middle name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, starmap
from typing import NamedTuple

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.compare_events import Pairing
from services.triage.domain.matching.compare_people import PersonLevels
from services.triage.domain.matching.judge_events import Judge
from services.triage.domain.matching.judge_people import BORN_OTHERWISE, person_verdict, register_bits
from services.triage.domain.matching.model import Evidence
from services.triage.domain.matching.partition import UNSEEN, Node, partition
from services.triage.domain.matching.sides import Party, on_their_sides
from services.triage.domain.matching.ties import (
    alike_at_home,
    born_alike,
    by_given_name,
    by_middle_name,
    called_alike,
    family_again,
    fits,
    may_be_again,
    may_be_called_so,
    of_family_at_home,
    of_one_birth,
    other_side,
    responsible_again,
    titled_as_before,
    wholly_named,
    without_gender,
)

_CONTRADICTION = -3.5
_IN_CASE = 100.0  # below any evidence that stands by itself: joined after it
_BY_NAME = 1.0  # bits that a whole name alone must have more than what is somebody's own: a son may have it
Links = dict[tuple[int, int], float]
Held = dict[tuple[tuple[Party, ...], tuple[Party, ...]], tuple[Evidence, PersonLevels]]


def group_people(
    accounts: Sequence[Account],
    pairings: Mapping[tuple[str, str], Collection[Pairing]],
    case_of: Mapping[str, object],
    judge: Judge,
    as_before: Sequence[tuple[Party, Party]] = (),
) -> list[list[Party]]:
    """The parties of these accounts, grouped by who they are.

    `pairings` holds, for pairs of references, who was held against whom; `case_of` the case of each account;
    `as_before` who was found to be one person already.
    """
    inside = {pair: found for pair, found in pairings.items() if case_of[pair[0]] == case_of[pair[1]]}
    mentions = on_their_sides(accounts, inside)
    apart = [
        ((account.reference, one), (account.reference, other))
        for account in accounts
        for one, other in combinations(range(len(account.people)), 2)
    ]
    apart += [
        (one, other)
        for one, other in combinations(mentions, 2)
        if case_of[one[0]] == case_of[other[0]] and other_side(mentions[one], mentions[other])
    ]
    before_inside = [pair for pair in as_before if case_of[pair[0][0]] == case_of[pair[1][0]]]
    people = _in_their_cases(accounts, mentions, inside, judge, apart, before_inside)
    people = _called_otherwise(people, mentions, case_of, judge, apart)
    held: Held = {}
    told = _Told(mentions, pairings, case_of, apart, as_before)
    while len(found := _across_cases(people, told, judge, held)) < len(people):
        # Whoever was found to be one tells more together: somebody else may be known by it.
        people = found
    return found


def _in_their_cases(
    accounts: Sequence[Account],
    mentions: Mapping[Party, Mention],
    inside: Mapping[tuple[str, str], Collection[Pairing]],
    judge: Judge,
    apart: Sequence[tuple[Party, Party]],
    as_before: Sequence[tuple[Party, Party]],
) -> list[list[Party]]:
    """The people of each case by itself."""
    thresholds = judge.model.thresholds
    alone = Counter((account.reference, mention.role) for account in accounts for mention in account.people)
    weighed: dict[tuple[Party, Party], float] = {}
    joined: dict[tuple[Party, Party], float] = {}
    for (one, other), found in inside.items():
        for pairing in found:
            pair = ((one, pairing.one), (other, pairing.other))
            a, b = mentions[pair[0]], mentions[pair[1]]
            bits = weighed[pair] = pairing.evidence.bits
            if other_side(a, b):
                continue
            verdict = person_verdict(pairing.evidence, pairing.levels, judge.frequencies.people, judge.model)
            only = a.role == b.role and alone[one, a.role] == alone[other, b.role] == 1
            if verdict == "same" and a.name.somebody and b.name.somebody:
                joined[pair] = bits
            elif bits >= thresholds.same_person_in_case and may_be_called_so(a, b, pairing):
                joined[pair] = bits - _IN_CASE
            elif (only and fits(a, b, pairing)) or (a.role == b.role and of_one_birth(a, b, pairing.levels)):
                joined[pair], weighed[pair] = bits - _IN_CASE, max(bits, 0.0)
    for pair in _ambiguous(joined, weighed, thresholds.margin):
        del joined[pair]
    return _partitioned(list(mentions), joined, weighed, apart, as_before)


def _called_otherwise(
    people: Sequence[Sequence[Party]],
    mentions: Mapping[Party, Mention],
    case_of: Mapping[str, object],
    judge: Judge,
    apart: Sequence[tuple[Party, Party]],
) -> list[list[Party]]:
    """Who is called otherwise in an account, and by all that is told of them was born on the same day.

    Or who is called there by what elsewhere is their middle name, at the same home.
    Every other mention of them has another name; that speaks against them once, not each time.
    """
    of_side: dict[tuple[object, str], list[int]] = defaultdict(list)
    for number, group in enumerate(people):
        for side in {mentions[party].role for party in group}:
            of_side[case_of[group[0][0]], side].append(number)
    told = [list(dict.fromkeys(mentions[party] for party in group)) for group in people]
    joined: dict[tuple[int, int], float] = {}
    for near in of_side.values():
        for one, other in combinations(near, 2):
            evidence, levels = judge.profiles(told[one], told[other])
            if born_alike(levels) or by_middle_name(told[one], told[other], levels):
                joined[one, other] = max(evidence.bits, 0.0)
    if not joined:
        return [list(group) for group in people]
    return _regrouped(people, joined, joined, apart, ())


class _Told(NamedTuple):
    """What is told of everybody, and what keeps them apart or together whatever is told."""

    mentions: Mapping[Party, Mention]
    pairings: Mapping[tuple[str, str], Collection[Pairing]]
    case_of: Mapping[str, object]
    apart: Sequence[tuple[Party, Party]]
    as_before: Sequence[tuple[Party, Party]]


@dataclass
class _Links:
    """Who may be one with whom, and how much that weighs, by what says so."""

    weighed: Links = field(default_factory=dict)
    joined: Links = field(default_factory=dict)
    again: Links = field(default_factory=dict)
    at_home: Links = field(default_factory=dict)
    otherwise: Links = field(default_factory=dict)
    of_family: Links = field(default_factory=dict)
    titled: Links = field(default_factory=dict)
    of_household: Links = field(default_factory=dict)
    family_again: Links = field(default_factory=dict)
    by_name: Links = field(default_factory=dict)
    namesakes: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def _across_cases(
    people: Sequence[Sequence[Party]], told: _Told, judge: Judge, held: Held
) -> list[list[Party]]:
    """The people of all cases: each with all that is told of them by those who are known to be one.

    `held` remembers who was held against whom already.
    """
    person_of = {party: number for number, group in enumerate(people) for party in group}
    links = _links(people, person_of, told, judge, held)
    weighed, joined = links.weighed, links.joined
    for pair in _ambiguous(joined, weighed, judge.model.thresholds.margin):
        del joined[pair]
    beside = _in_company(links.again, joined, people, person_of)
    cases = [{told.case_of[reference] for reference, _ in group} for group in people]
    family_beside = _in_company(links.family_again, joined, people, person_of)
    beside |= _without_rivals(family_beside, joined | beside, weighed, cases)
    alone = _without_rivals(links.at_home, joined, weighed, cases)
    alone |= _without_rivals(links.otherwise, joined | alone, weighed, cases)
    alone |= _without_rivals(links.of_family, joined | alone, weighed, cases)
    alone |= _without_rivals(links.titled, joined | alone | links.of_household, weighed, cases)
    alone |= _without_namesakes(links.by_name, joined | beside | alone, links.namesakes)
    joined |= beside | {pair: bits - _IN_CASE for pair, bits in alone.items()}
    return _regrouped(people, joined, weighed, told.apart, told.as_before)


def _links(
    people: Sequence[Sequence[Party]], person_of: Mapping[Party, int], told: _Told, judge: Judge, held: Held
) -> _Links:
    """Everybody who may be one with somebody of another case."""
    of = [list(dict.fromkeys(told.mentions[party] for party in group)) for group in people]
    in_family = _told_of_with_family(people, told.mentions)
    register = judge.frequencies.people
    least = judge.model.thresholds.same_person + register_bits(register, judge.model)
    links = _Links()
    for pair in _near(told.pairings, told.case_of, person_of):
        one, other = pair
        ones, others = of[one], of[other]
        both = tuple(people[one]), tuple(people[other])
        if both not in held:
            held[both] = judge.profiles(ones, others)
        evidence, levels = held[both]
        links.weighed[pair] = evidence.bits
        verdict = person_verdict(evidence, levels, register, judge.model)
        named = all(any(mention.name.somebody for mention in side) for side in (ones, others))
        if verdict == "same" and named:
            links.joined[pair] = evidence.bits
        elif alike_at_home(levels, ones, others):
            links.otherwise[pair] = evidence.bits
        elif (verdict == "same" and by_given_name(levels)) or (verdict == "ask" and may_be_again(levels)):
            links.again[pair] = evidence.bits
            if levels.home == "same":
                links.at_home[pair] = evidence.bits
            elif wholly_named(levels) and without_gender(evidence) >= least + _BY_NAME:
                links.by_name[pair] = evidence.bits
        elif responsible_again(ones, others, levels):
            links.of_family[pair] = evidence.bits
        elif family_again(levels) and not (in_family[one] or in_family[other]):
            links.family_again[pair] = evidence.bits
        if of_family_at_home(levels):
            links.of_household[pair] = evidence.bits
            if titled_as_before(ones, others, levels):
                links.titled[pair] = evidence.bits
        if called_alike(levels):
            links.namesakes[one].add(other)
            links.namesakes[other].add(one)
    return links


def _regrouped(
    people: Sequence[Sequence[Party]],
    joined: Mapping[tuple[int, int], float],
    weighed: Mapping[tuple[int, int], float],
    apart: Iterable[tuple[Party, Party]],
    as_before: Iterable[tuple[Party, Party]],
) -> list[list[Party]]:
    """These people, with those who were found to be one put together."""
    person_of = {party: number for number, group in enumerate(people) for party in group}

    def between(pairs: Iterable[tuple[Party, Party]]) -> list[tuple[int, int]]:
        return [(person_of[a], person_of[b]) for a, b in pairs if person_of[a] != person_of[b]]

    grouped = _partitioned(list(range(len(people))), joined, weighed, between(apart), between(as_before))
    return [[party for number in group for party in people[number]] for group in grouped]


def _told_of_with_family(people: Sequence[Sequence[Party]], mentions: Mapping[Party, Mention]) -> list[bool]:
    """Of each person, whether a referral tells of somebody else with a family name of theirs."""
    family: dict[str, list[tuple[Party, str]]] = defaultdict(list)
    for party, mention in mentions.items():
        family[party[0]] += [(party, word) for word in mention.name.family]
    return [
        any(
            other != party and word in mentions[party].name.family
            for party in group
            for other, word in family[party[0]]
        )
        for group in people
    ]


def _without_rivals(
    may_be: Mapping[tuple[int, int], float],
    joined: Mapping[tuple[int, int], float],
    weighed: Mapping[tuple[int, int], float],
    cases: Sequence[Collection[object]],
) -> dict[tuple[int, int], float]:
    """Those of these links by which nobody is two people: father and son at one home, or two of one case."""
    near: dict[int, set[int]] = defaultdict(set)
    for one, other in (*may_be, *joined):
        near[one].add(other)
        near[other].add(one)

    def are_two(one: int, other: int) -> bool:
        against = weighed.get((one, other), weighed.get((other, one), 0.0))
        return any(case in cases[other] for case in cases[one]) or against < _CONTRADICTION

    in_doubt = {who for who, others in near.items() if any(starmap(are_two, combinations(others, 2)))}
    return {pair: bits for pair, bits in may_be.items() if in_doubt.isdisjoint(pair)}


def _without_namesakes(
    by_name: Mapping[tuple[int, int], float],
    known: Collection[tuple[int, int]],
    namesakes: Mapping[int, Collection[int]],
) -> dict[tuple[int, int], float]:
    """Those of these links beside which nobody else of the name is known."""
    sure = {frozenset(pair) for pair in known}
    linked = sure | {frozenset(pair) for pair in by_name}

    def is_rival(third: int, one: int, other: int) -> bool:
        """Whether a third, who is called like one of the two, may be another than the other."""
        if frozenset((third, other)) in linked:
            return False
        return third in namesakes[other] or frozenset((third, one)) not in sure

    return {
        (one, other): bits
        for (one, other), bits in by_name.items()
        if not any(is_rival(third, one, other) for third in namesakes[one] if third != other)
        and not any(is_rival(third, other, one) for third in namesakes[other] if third != one)
    }


def _in_company(
    again: Mapping[tuple[int, int], float],
    joined: Collection[tuple[int, int]],
    people: Sequence[Sequence[Party]],
    person_of: Mapping[Party, int],
) -> dict[tuple[int, int], float]:
    """Who is in two cases beside somebody who is surely in both, and may be one: they are.

    Whoever harms somebody again is named again, and no home or birth date of theirs is told. They are joined
    after all who are sure by themselves.
    """
    beside: dict[int, set[int]] = defaultdict(set)
    of_referral: dict[str, list[int]] = defaultdict(list)
    for party, person in person_of.items():
        of_referral[party[0]].append(person)
    for group in people:
        for reference, place in group:
            person = person_of[reference, place]
            beside[person].update(other for other in of_referral[reference] if other != person)
    sure = {frozenset(pair) for pair in joined}
    return {
        (one, other): bits - _IN_CASE
        for (one, other), bits in again.items()
        if any(a == b or frozenset((a, b)) in sure for a in beside[one] for b in beside[other])
    }


def _near(
    pairings: Mapping[tuple[str, str], Collection[Pairing]],
    case_of: Mapping[str, object],
    person_of: Mapping[Party, int],
) -> list[tuple[int, int]]:
    """Who of two cases was held against whom."""
    found = set()
    for (one, other), held in pairings.items():
        if case_of[one] != case_of[other]:
            for pairing in held:
                a, b = person_of[one, pairing.one], person_of[other, pairing.other]
                if a != b:
                    found.add((min(a, b), max(a, b)))
    return sorted(found)


def _partitioned(
    nodes: Sequence[Node],
    joined: Mapping[tuple[Node, Node], float],
    weighed: Mapping[tuple[Node, Node], float],
    apart: Sequence[tuple[Node, Node]],
    as_before: Sequence[tuple[Node, Node]],
) -> list[list[Node]]:
    return partition(
        nodes,
        joined,
        least=-_IN_CASE * 2,
        mean=0.0,
        contradiction=-_IN_CASE * 2,
        one=as_before,
        apart=[*apart, *(pair for pair, bits in weighed.items() if bits <= BORN_OTHERWISE)],
        weigh=lambda one, other: weighed.get((one, other), weighed.get((other, one), UNSEEN)),
    ).groups


def _ambiguous(
    joined: Mapping[tuple[Node, Node], float], weighed: Mapping[tuple[Node, Node], float], margin: float
) -> list[tuple[Node, Node]]:
    """Links of somebody to two who are not one, and neither much better: father and son, twins."""
    of: dict[Node, list[tuple[Node, float, tuple[Node, Node]]]] = defaultdict(list)
    for pair, bits in joined.items():
        if bits > 0:
            of[pair[0]].append((pair[1], bits, pair))
            of[pair[1]].append((pair[0], bits, pair))
    doubtful: dict[tuple[Node, Node], None] = {}
    for links in of.values():
        for (a, bits, first), (b, others, second) in combinations(links, 2):
            against = weighed.get((a, b), weighed.get((b, a), 0.0))
            if against < _CONTRADICTION and abs(bits - others) < margin:
                doubtful |= {first: None, second: None}
    return list(doubtful)
