"""Which mentions are one person: across cases on evidence that outweighs the register, inside one on less.

In one case there are few people: a "Mr Corbrook" among the neighbours of a dispute is the Corbrook whom the
other account names. Across cases somebody is all that their case tells of them: one account has the given
name, another the family name, a third the home. The two sides of one case are never one person, nor are two
parties of one referral.

A name at a home is somebody, as long as nobody else whom it may mean is known there; and a family name at a
home is whoever alone of that name is known there, if both times it is who was responsible, or if a title or
the gender says that it may be nobody else, and both times they stand in one role. A whole name that hardly
anybody has is somebody also where no home is told, if nobody else of that name is known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, starmap

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.compare_events import Pairing
from services.triage.domain.matching.compare_people import PersonLevels
from services.triage.domain.matching.judge_events import Judge
from services.triage.domain.matching.judge_people import BORN_OTHERWISE, person_verdict, register_bits
from services.triage.domain.matching.model import Evidence
from services.triage.domain.matching.partition import UNSEEN, Node, partition
from services.triage.domain.matching.sides import Party, on_their_sides

_CONTRADICTION = -3.5
_IN_CASE = 100.0  # below any evidence that stands by itself: joined after it
_BY_NAME = 1.0  # bits that a whole name alone must have more than what is somebody's own: a son may have it
_SIDES = ("harmed", "responsible")
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
        if case_of[one[0]] == case_of[other[0]] and _other_side(mentions[one], mentions[other])
    ]
    before_inside = [pair for pair in as_before if case_of[pair[0][0]] == case_of[pair[1][0]]]
    people = _in_their_cases(accounts, mentions, inside, judge, apart, before_inside)
    people = _called_otherwise(people, mentions, case_of, judge, apart)
    held: Held = {}
    while len(
        found := _across_cases(people, mentions, pairings, case_of, judge, apart, as_before, held)
    ) < len(people):
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
            if _other_side(a, b):
                continue
            verdict = person_verdict(pairing.evidence, pairing.levels, judge.frequencies.people, judge.model)
            only = a.role == b.role and alone[one, a.role] == alone[other, b.role] == 1
            if verdict == "same" and a.name.somebody and b.name.somebody:
                joined[pair] = bits
            elif bits >= thresholds.same_person_in_case and _may_be_called_so(a, b, pairing):
                joined[pair] = bits - _IN_CASE
            elif (only and _fits(a, b, pairing)) or (a.role == b.role and _born_alike(pairing.levels)):
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
            if _born_alike(levels):
                joined[one, other] = max(evidence.bits, 0.0)
    if not joined:
        return [list(group) for group in people]
    return _regrouped(people, joined, joined, apart, ())


def _across_cases(
    people: Sequence[Sequence[Party]],
    mentions: Mapping[Party, Mention],
    pairings: Mapping[tuple[str, str], Collection[Pairing]],
    case_of: Mapping[str, object],
    judge: Judge,
    apart: Sequence[tuple[Party, Party]],
    as_before: Sequence[tuple[Party, Party]],
    held: Held,
) -> list[list[Party]]:
    """The people of all cases: each with all that is told of them by those who are known to be one.

    `held` remembers who was held against whom already.
    """
    person_of = {party: number for number, group in enumerate(people) for party in group}
    told = [list(dict.fromkeys(mentions[party] for party in group)) for group in people]
    weighed: dict[tuple[int, int], float] = {}
    joined: dict[tuple[int, int], float] = {}
    again: dict[tuple[int, int], float] = {}
    at_home: dict[tuple[int, int], float] = {}
    of_family: dict[tuple[int, int], float] = {}
    titled: dict[tuple[int, int], float] = {}
    of_household: dict[tuple[int, int], float] = {}
    family_again: dict[tuple[int, int], float] = {}
    by_name: dict[tuple[int, int], float] = {}
    namesakes: dict[int, set[int]] = defaultdict(set)
    thresholds = judge.model.thresholds
    in_family = _told_of_with_family(people, mentions)
    least = thresholds.same_person + register_bits(judge.frequencies.people, judge.model)
    for one, other in _near(pairings, case_of, person_of):
        both = tuple(people[one]), tuple(people[other])
        if both not in held:
            held[both] = judge.profiles(told[one], told[other])
        evidence, levels = held[both]
        weighed[one, other] = evidence.bits
        verdict = person_verdict(evidence, levels, judge.frequencies.people, judge.model)
        if verdict == "same" and all(any(m.name.somebody for m in told[who]) for who in (one, other)):
            joined[one, other] = evidence.bits
        elif verdict == "ask" and _may_be_again(levels):
            again[one, other] = evidence.bits
            if levels.home == "same":
                at_home[one, other] = evidence.bits
            elif _wholly_named(levels) and _without_gender(evidence) >= least + _BY_NAME:
                by_name[one, other] = evidence.bits
        elif _responsible_again(told[one], told[other], levels):
            of_family[one, other] = evidence.bits
        elif _family_again(levels) and not (in_family[one] or in_family[other]):
            family_again[one, other] = evidence.bits
        if _of_family_at_home(levels):
            of_household[one, other] = evidence.bits
            if _titled_as_before(told[one], told[other], levels):
                titled[one, other] = evidence.bits
        if _called_alike(levels):
            namesakes[one].add(other)
            namesakes[other].add(one)
    for pair in _ambiguous(joined, weighed, thresholds.margin):
        del joined[pair]
    beside = _in_company(again, joined, people, person_of)
    cases = [{case_of[reference] for reference, _ in group} for group in people]
    beside |= _without_rivals(
        _in_company(family_again, joined, people, person_of), joined | beside, weighed, cases
    )
    alone = _without_rivals(at_home, joined, weighed, cases)
    alone |= _without_rivals(of_family, joined | alone, weighed, cases)
    alone |= _without_rivals(titled, joined | alone | of_household, weighed, cases)
    alone |= _without_namesakes(by_name, joined | beside | alone, namesakes)
    joined |= beside | {pair: bits - _IN_CASE for pair, bits in alone.items()}
    return _regrouped(people, joined, weighed, apart, as_before)


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


def _may_be_again(levels: PersonLevels) -> bool:
    """Whether the name fits and nothing speaks against: in known company, or at home, that says who it is."""
    called = levels.given in ("exact", "short", "typo") and levels.family in ("exact", "typo", "missing")
    return called and not _against(levels) and levels.born != "same_year"


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


def _family_again(levels: PersonLevels) -> bool:
    """Whether a family name agrees, no given name is told, and nothing speaks against."""
    called = levels.given == "missing" and levels.family in ("exact", "typo")
    return called and levels.home != "none" and not _against(levels)


def _wholly_named(levels: PersonLevels) -> bool:
    """Whether a whole name agrees, one of the two has no home, and nothing speaks against."""
    whole = levels.given == levels.family == "exact"
    return whole and levels.home == "missing" and not _against(levels)


def _called_alike(levels: PersonLevels) -> bool:
    given = levels.given in ("exact", "short", "typo", "initial")
    return given and levels.family in ("exact", "typo")


def _without_gender(evidence: Evidence) -> float:
    """The bits without what is said twice: who shares the given name mostly shares the gender."""
    return evidence.bits - sum(line.bits for line in evidence.lines if line.comparison == "gender")


def _of_family_at_home(levels: PersonLevels) -> bool:
    """Whether nothing but a family name and a home is told, and nothing speaks against."""
    of_family = levels.given == "missing" and levels.family in ("exact", "typo") and levels.home == "same"
    return of_family and not _against(levels)


def _responsible_again(ones: Iterable[Mention], others: Iterable[Mention], levels: PersonLevels) -> bool:
    """Whether nothing but a family name and a home is told, and somebody of both was responsible before."""
    responsible = all(mention.role == "responsible" for mention in (*ones, *others))
    return responsible and _of_family_at_home(levels)


def _titled_as_before(ones: Iterable[Mention], others: Iterable[Mention], levels: PersonLevels) -> bool:
    """Whether two of a household are of one gender, stand in one role and have no two titles.

    `Mrs Corbrook`, who complains, is the Mrs Corbrook of that home who complained before; whoever was harmed
    by a Mr Corbrook of their home is another.
    """
    roles, others_roles = ({mention.role for mention in side} for side in (ones, others))
    titles, others_titles = ({mention.title for mention in side if mention.title} for side in (ones, others))
    another = titles and others_titles and titles.isdisjoint(others_titles)
    return levels.gender == "same" and not roles.isdisjoint(others_roles) and not another


def _against(levels: PersonLevels) -> bool:
    return "none" in (levels.phone, levels.email, levels.gender, levels.born, levels.identifier)


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


def _born_alike(levels: PersonLevels) -> bool:
    """Whether two of one side share birth date and family name: in one case that is one, called otherwise."""
    return levels.born == "exact" and levels.family in ("exact", "typo") and levels.gender != "none"


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
