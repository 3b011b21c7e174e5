"""What a hub makes of accounts, without a hub: which are compared, which are one case, and who is one person.

The same keys, judge, partition and grouping as in triage, over all accounts at once: the cases are a function
of their accounts, so nothing needs to be kept between one and the next. How common names are is taken as it
was when the later of two accounts came, as in a hub that takes them one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

from services.triage.domain.matching.accounts import Account
from services.triage.domain.matching.compare_events import Pairing
from services.triage.domain.matching.frequencies import NOTHING_COUNTED
from services.triage.domain.matching.group_people import group_people
from services.triage.domain.matching.judge_events import Judge, Judged
from services.triage.domain.matching.model import Model
from services.triage.domain.matching.partition import UNSEEN, partition
from services.triage.domain.matching.sides import Party
from services.triage.matching.count_frequencies import FEWEST, GROWN, count
from services.triage.matching.hashed_keys import keys_for
from services.triage.matching.short_forms import canonicals
from services.triage.store import COMMONEST

WORTH_KEEPING = -8.0  # bits; what is clearly different is not kept: there is nothing to explain
WORTH_A_LOOK = 8.0  # bits of some pair of people; below, nobody in two accounts can be one person

Pair = tuple[str, str]
Progress = Callable[[str], None]
_Thing = TypeVar("_Thing", bound=Hashable)


class Arrival(NamedTuple):
    """An account with the summary that it was read from."""

    account: Account
    text: str


class Grouped(NamedTuple):
    """What came of it: the case and the people of each account by its reference, and what was kept."""

    case_of: Mapping[str, int]
    person_of: Mapping[Party, int]
    # Pairs of referrals that are put before a human: one for each two cases that may be one.
    asked: Sequence[Pair]
    judged: Mapping[Pair, Judged]
    least: float  # bits from which on two records are joined


def group_accounts(arrivals: Sequence[Arrival], model: Model, progress: Progress = lambda _: None) -> Grouped:
    """Compare, partition and group these accounts, which are given in the order in which they arrived."""
    judges = list(_judges([one.account for one in arrivals], model))
    accounts = {one.account.reference: one.account for one in arrivals}
    came = {reference: number for number, reference in enumerate(accounts)}
    pairs = candidates(arrivals)
    progress(f"{len(accounts)} accounts, {len(pairs)} pairs to compare")
    judged: dict[Pair, Judged] = {}

    def judge(one: str, other: str) -> Judged:
        pair = _ordered(one, other)
        if pair not in judged:
            at = judges[max(came[one], came[other])]
            judged[pair] = at.events(accounts[pair[0]], accounts[pair[1]])
        return judged[pair]

    bits: dict[Pair, float] = {}
    for pair in pairs:
        weighed = judge(*pair).evidence.bits
        if weighed >= WORTH_KEEPING:
            bits[pair] = weighed
    case_of = _cases(accounts, bits, model)
    progress(f"{len(set(case_of.values()))} cases")
    at_last = judges[-1] if judges else Judge(model, NOTHING_COUNTED, canonicals)
    person_of = _people(accounts, pairs, case_of, judge, at_last)
    progress(f"{len(set(person_of.values()))} people")
    return Grouped(case_of, person_of, _asked(bits, case_of, model), judged, model.thresholds.same_case)


def candidates(arrivals: Sequence[Arrival]) -> list[Pair]:
    """The pairs that a hub would hold against one another: those of which the later one asks for the other.

    A key under which more than a few stand leads nowhere from then on, as in the register.
    """
    under: dict[tuple[str, ...], list[str]] = defaultdict(list)
    pairs: dict[Pair, None] = {}
    for account, text in arrivals:
        keys = keys_for(account, text, canonicals)
        for key in keys.asks:
            others = under.get(key, ())
            if len(others) <= COMMONEST:
                pairs.update(dict.fromkeys(_ordered(account.reference, other) for other in others))
        for key in keys.under:
            under[key].append(account.reference)
    return sorted(pair for pair in pairs if pair[0] != pair[1])


def _ordered(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def _judges(accounts: Sequence[Account], model: Model) -> Iterator[Judge]:
    """The judge at each arrival: names are counted anew whenever the register has grown by a quarter."""
    judge = Judge(model, NOTHING_COUNTED, canonicals)
    due, version = float(FEWEST), 0
    for known in range(len(accounts)):
        if known >= due:
            version += 1
            judge = Judge(model, count(str(version), accounts[:known]), canonicals)
            due = known * GROWN
        yield judge


def _cases(accounts: Mapping[str, Account], bits: Mapping[Pair, float], model: Model) -> dict[str, int]:
    thresholds = model.thresholds
    nodes = sorted(accounts, key=lambda reference: (accounts[reference].agency, accounts[reference].record))
    place = {node: number for number, node in enumerate(nodes)}
    ordered = {tuple(sorted(pair, key=place.__getitem__)): weighed for pair, weighed in bits.items()}
    grouped = partition(
        nodes,
        {(a, b): weighed for (a, b), weighed in ordered.items()},
        least=thresholds.same_case,
        mean=thresholds.mean_of_cases,
        contradiction=thresholds.contradiction,
        weigh=lambda one, other: ordered.get((one, other), ordered.get((other, one), UNSEEN)),
    )
    return {reference: number for number, group in enumerate(grouped.groups) for reference in group}


def _people(
    accounts: Mapping[str, Account],
    pairs: Sequence[Pair],
    case_of: Mapping[str, int],
    judge: Callable[[str, str], Judged],
    at_last: Judge,
) -> dict[Party, int]:
    held: dict[Pair, Sequence[Pairing]] = {}
    in_case = list(_pairs_within(case_of))
    every: dict[Pair, Sequence[Pairing]] = {}
    for pair in sorted({*pairs, *in_case}):
        people = every[pair] = judge(*pair).people
        if case_of[pair[0]] == case_of[pair[1]] or any(p.evidence.bits >= WORTH_A_LOOK for p in people):
            held[pair] = people
    person_of: dict[Party, int] = {}
    for together in _connected(accounts, held):
        near = sorted(together)
        # That two are not one counts too: it keeps a third from making them one.
        inside = {pair: every[pair] for pair in combinations(near, 2) if pair in every}
        groups = group_people([accounts[r] for r in near], inside, case_of, at_last)
        for group in groups:
            number = len(person_of)
            person_of.update(dict.fromkeys(group, number))
    return person_of


def _pairs_within(group_of: Mapping[str, int]) -> Iterator[Pair]:
    members: dict[int, list[str]] = defaultdict(list)
    for reference, group in group_of.items():
        members[group].append(reference)
    for references in members.values():
        yield from combinations(sorted(references), 2)


def _connected(things: Iterable[_Thing], pairs: Iterable[tuple[_Thing, _Thing]]) -> list[set[_Thing]]:
    """What hangs together by these pairs."""
    group_of = {thing: {thing} for thing in things}
    for one, other in pairs:
        a, b = group_of[one], group_of[other]
        if a is not b:
            small, large = sorted((a, b), key=len)
            large |= small
            group_of.update(dict.fromkeys(small, large))
    return list({id(group): group for group in group_of.values()}.values())


def _asked(bits: Mapping[Pair, float], case_of: Mapping[str, int], model: Model) -> list[Pair]:
    best: dict[frozenset[int], tuple[float, Pair]] = {}
    for pair, weighed in bits.items():
        cases = frozenset((case_of[pair[0]], case_of[pair[1]]))
        if weighed >= model.thresholds.ask_case and len(cases) > 1:
            best[cases] = max(best.get(cases, (weighed, pair)), (weighed, pair))
    return sorted(pair for _, pair in best.values())
