"""How well matching does on labelled referrals: counted over pairs and over records, by error and by trap.

Pairs of one event count as right or missed, pairs of two events as wrong when they are in one case. What
nobody could tell is left out: parts of an event that nothing written links, and pairs that the truth calls
ambiguous. The B-cubed figures (Bagga and Baldwin 1998) ask the same of each record and average, so that one
large case does not outweigh a hundred small ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

from services.triage.domain.matching.model import Model
from services.triage.domain.matching.sides import Party as Place
from services.triage.matching.group_accounts import Arrival, Grouped, Pair, Progress, group_accounts
from services.triage.matching.labelled import Labelled, Party, Truth, undecidable
from services.triage.matching.train_model import train
from services.triage.matching.traps import PLANTED, case_traps, person_traps

Counts = Callable[[str, str], bool]  # whether a pair of these two events is counted
_Thing = TypeVar("_Thing", bound=Hashable)


@dataclass
class Score:
    """Pairs that were put together rightly and wrongly, and that were missed; and the B-cubed sums."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    records: int = 0
    precision_of_records: float = 0.0
    recall_of_records: float = 0.0

    def figures(self) -> dict[str, float]:
        """As they are reported."""
        precision, recall = _share(self.right, self.wrong), _share(self.right, self.missed)
        of_each = self.precision_of_records / max(1, self.records)
        found_of_each = self.recall_of_records / max(1, self.records)
        return {
            "precision": precision,
            "recall": recall,
            "f1": _harmonic(precision, recall),
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.missed,
            "bcubed_precision": of_each,
            "bcubed_recall": found_of_each,
            "bcubed_f1": _harmonic(of_each, found_of_each),
        }

    def __add__(self, other: Score) -> Score:
        """Both together."""
        return Score(*(mine + theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))


class WrongMerge(NamedTuple):
    """Two records of different events in one case, why that was tempting, and the links that did it."""

    one: str
    other: str
    traps: tuple[str, ...]
    # The way of sure links from one to the other; those between two events are what went wrong.
    links: tuple[Pair, ...]


@dataclass
class Quality:
    """What an evaluation found."""

    records: int = 0
    cases: Score = field(default_factory=Score)
    people: Score = field(default_factory=Score)
    found_with_reviews: int = 0
    asked: int = 0
    asked_rightly: int = 0
    pairs_by_error: Counter[str] = field(default_factory=Counter)
    missed_by_error: Counter[str] = field(default_factory=Counter)
    lost_by_error: Counter[str] = field(default_factory=Counter)
    pairs_by_trap: Counter[str] = field(default_factory=Counter)
    missed_by_trap: Counter[str] = field(default_factory=Counter)
    wrong_by_trap: Counter[str] = field(default_factory=Counter)
    wrong_people_by_trap: Counter[str] = field(default_factory=Counter)
    wrong_merges: list[WrongMerge] = field(default_factory=list)

    def __add__(self, other: Quality) -> Quality:
        """Both together."""
        return Quality(*(mine + theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))

    def figures(self) -> dict[str, object]:
        """Everything but the single merges, for machines."""
        positive = self.cases.right + self.cases.missed
        return {
            "records": self.records,
            "cases": self.cases.figures(),
            "people": self.people.figures(),
            "recall_with_reviews": self.found_with_reviews / max(1, positive),
            "review_pairs": self.asked,
            "review_pairs_per_100": 100 * self.asked / max(1, self.records),
            "review_pairs_true": self.asked_rightly,
            "by_error": {
                error: {
                    "pairs": pairs,
                    "missed": self.missed_by_error[error],
                    "lost_even_with_reviews": self.lost_by_error[error],
                }
                for error, pairs in sorted(self.pairs_by_error.items())
            },
            "by_trap": {
                trap: {
                    "pairs": self.pairs_by_trap[trap],
                    "missed": self.missed_by_trap[trap],
                    "wrong": self.wrong_by_trap[trap],
                    "wrong_people": self.wrong_people_by_trap[trap],
                }
                for trap in sorted({*self.pairs_by_trap, *self.wrong_by_trap, *self.wrong_people_by_trap})
            },
        }


def evaluate_matching(
    labelled: Sequence[Labelled], truths: Sequence[Truth], model: Model, progress: Progress = lambda _: None
) -> tuple[Quality, Grouped]:
    """What this model makes of these referrals in a hub, held against the truth."""
    grouped = group_accounts(arrivals(labelled, truths), model, progress)
    return measure(labelled, truths, grouped, lambda _one, _other: True), grouped


def cross_validate(
    labelled: Sequence[Labelled], truths: Sequence[Truth], folds: int, progress: Progress = lambda _: None
) -> Quality:
    """The quality on events that the model was not trained on: in turn, each fold is held out of training.

    All records are matched each time, so that every trap stays where it is; a pair is counted once, in the
    fold of one of its events.
    """
    quality = Quality()
    for fold in range(folds):
        progress(f"fold {fold + 1} of {folds}: training")
        seen = [one for one in labelled if _fold_of(one.truth.event_id, folds) != fold]
        model = train(seen, truths, f"without-{fold + 1}-of-{folds}", progress)
        grouped = group_accounts(arrivals(labelled, truths), model, progress)
        quality += measure(labelled, truths, grouped, _counts_in(fold, folds))
    return quality


def arrivals(labelled: Sequence[Labelled], truths: Sequence[Truth]) -> list[Arrival]:
    """The accounts in the order in which their newest versions arrived."""
    last = {truth.record: number for number, truth in enumerate(truths)}
    ordered = sorted(labelled, key=lambda one: last[one.truth.record])
    return [Arrival(one.account, one.text) for one in ordered]


def _counts_in(fold: int, folds: int) -> Counts:
    return lambda one, other: _fold_of(min(one, other), folds) == fold


def _fold_of(event: str, folds: int) -> int:
    return crc32(event.encode()) % folds


def measure(
    labelled: Sequence[Labelled], truths: Sequence[Truth], grouped: Grouped, counts: Counts
) -> Quality:
    """Hold what was grouped against the truth, as far as it counts."""
    truth_of = {one.account.reference: one.truth for one in labelled}
    cannot_tell = undecidable(list(truths))
    quality = Quality(records=sum(counts(t.event_id, t.event_id) for t in truth_of.values()))

    def left_out(one: str, other: str) -> bool:
        a, b = truth_of[one], truth_of[other]
        if a.event_id == b.event_id:
            return a.link_group != b.link_group
        return (a.record, b.event_id) in cannot_tell or (b.record, a.event_id) in cannot_tell

    asked = [pair for pair in grouped.asked if counts(*(truth_of[r].event_id for r in pair))]
    rightly = [pair for pair in asked if len({truth_of[r].event_id for r in pair}) == 1]
    quality.asked, quality.asked_rightly = len(asked), len(rightly)
    answered = _answered(grouped, rightly)
    _count_cases(truth_of, grouped, answered, left_out, counts, quality)
    _count_records(truth_of, grouped.case_of, left_out, counts, quality.cases)
    _count_people(labelled, grouped, counts, quality)
    return quality


def _answered(grouped: Grouped, rightly: Iterable[Pair]) -> Callable[[str], int]:
    """The case of a record once a human has answered every question that was rightly asked."""
    into: dict[int, int] = {}

    def end(case: int) -> int:
        while case in into:
            case = into[case]
        return case

    for one, other in rightly:
        a, b = end(grouped.case_of[one]), end(grouped.case_of[other])
        if a != b:
            into[a] = b
    return lambda reference: end(grouped.case_of[reference])


def _count_cases(
    truth_of: Mapping[str, Truth],
    grouped: Grouped,
    answered: Callable[[str], int],
    left_out: Callable[[str, str], bool],
    counts: Counts,
    quality: Quality,
) -> None:
    for one, other in _pairs_of(truth_of, lambda reference: truth_of[reference].event_id):
        if left_out(one, other) or not counts(truth_of[one].event_id, truth_of[other].event_id):
            continue
        found = grouped.case_of[one] == grouped.case_of[other]
        with_reviews = answered(one) == answered(other)
        quality.cases.right += found
        quality.cases.missed += not found
        quality.found_with_reviews += with_reviews
        errors = _errors(truth_of[one]) | _errors(truth_of[other])
        traps = {PLANTED.get(trap, trap) for trap in (truth_of[one].trap, truth_of[other].trap) if trap}
        quality.pairs_by_error.update(errors)
        quality.pairs_by_trap.update(traps)
        if not found:
            quality.missed_by_error.update(errors)
            quality.missed_by_trap.update(traps)
        if not with_reviews:
            quality.lost_by_error.update(errors)
    for one, other in _pairs_of(truth_of, grouped.case_of.__getitem__):
        a, b = truth_of[one], truth_of[other]
        if a.event_id != b.event_id and not left_out(one, other) and counts(a.event_id, b.event_id):
            quality.cases.wrong += 1
            traps_here = case_traps(a, b)
            quality.wrong_by_trap.update(traps_here)
            quality.wrong_merges.append(WrongMerge(one, other, traps_here, _way(one, other, grouped)))


def _errors(truth: Truth) -> set[str]:
    return {*truth.err, *(error for party in truth.people for error in party.err)}


def _way(one: str, other: str, grouped: Grouped) -> tuple[Pair, ...]:
    """The links by which two records came into one case: the fewest, the surest first."""
    members = [r for r, case in grouped.case_of.items() if case == grouped.case_of[one]]
    links: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for a, b in combinations(sorted(members), 2):
        judged = grouped.judged.get((a, b))
        if judged is not None and judged.evidence.bits >= grouped.least:
            links[a].append((judged.evidence.bits, b))
            links[b].append((judged.evidence.bits, a))
    came_from = {one: one}
    waiting = [one]
    for here in waiting:
        for _, there in sorted(links[here], key=lambda link: (-link[0], link[1])):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    way = []
    while other in came_from and other != one:
        way.append((min(other, came_from[other]), max(other, came_from[other])))
        other = came_from[other]
    return tuple(reversed(way))


def _count_records(
    truth_of: Mapping[str, Truth],
    case_of: Mapping[str, int],
    left_out: Callable[[str, str], bool],
    counts: Counts,
    score: Score,
) -> None:
    parts = Counter(truth.link_group for truth in truth_of.values())
    members: dict[int, list[str]] = defaultdict(list)
    for reference in truth_of:
        members[case_of[reference]].append(reference)
    for reference, truth in truth_of.items():
        if counts(truth.event_id, truth.event_id):
            beside = members[case_of[reference]]
            same = sum(truth_of[r].link_group == truth.link_group for r in beside)
            judged = sum(r == reference or not left_out(reference, r) for r in beside)
            score.records += 1
            score.precision_of_records += same / judged
            score.recall_of_records += same / parts[truth.link_group]


def _count_people(labelled: Sequence[Labelled], grouped: Grouped, counts: Counts, quality: Quality) -> None:
    score = quality.people
    mentions = {
        (one.account.reference, place): (party, one.truth)
        for one in labelled
        for place, party in enumerate(one.truth.people)
    }
    for one, other in _pairs_of(mentions, lambda place: mentions[place][0].id):
        (a, of_a), (b, of_b) = mentions[one], mentions[other]
        if a.g == b.g and counts(of_a.event_id, of_b.event_id):
            found = grouped.person_of[one] == grouped.person_of[other]
            score.right += found
            score.missed += not found
    for one, other in _pairs_of(mentions, grouped.person_of.__getitem__):
        (a, of_a), (b, of_b) = mentions[one], mentions[other]
        same_event = of_a.event_id == of_b.event_id
        left_out = a.id == b.id or _person_left_out(a, b, same_event=same_event)
        if not left_out and counts(of_a.event_id, of_b.event_id):
            score.wrong += 1
            quality.wrong_people_by_trap.update(person_traps(a, b, same_event=same_event))
    _count_mentions(mentions, grouped.person_of, counts, score)


def _count_mentions(
    mentions: Mapping[Place, tuple[Party, Truth]],
    person_of: Mapping[Place, int],
    counts: Counts,
    score: Score,
) -> None:
    parts = Counter(party.g for party, _ in mentions.values())
    beside: dict[int, list[Place]] = defaultdict(list)
    for place in mentions:
        beside[person_of[place]].append(place)
    for place, (party, truth) in mentions.items():
        if not counts(truth.event_id, truth.event_id):
            continue
        same = judged = 0
        for other in beside[person_of[place]]:
            them, of_them = mentions[other]
            same += them.g == party.g
            judged += other == place or not _person_left_out(
                party, them, same_event=truth.event_id == of_them.event_id
            )
        score.records += 1
        score.precision_of_records += same / judged
        score.recall_of_records += same / parts[party.g]


def _person_left_out(one: Party, other: Party, *, same_event: bool) -> bool:
    """Mentions of which nobody can say more: parts of a name, father or son without a birth date."""
    if one.id == other.id:
        return one.g != other.g
    said = {one.u, other.u}
    if said & {"partial", "placeholder"} and (same_event or one.hh == other.hh):
        return True
    return "namesake" in said and one.ns is not None and one.ns == other.ns


def _pairs_of(
    things: Iterable[_Thing], group_of: Callable[[_Thing], Hashable]
) -> Iterator[tuple[_Thing, _Thing]]:
    members: dict[Hashable, list[_Thing]] = defaultdict(list)
    for thing in things:
        members[group_of(thing)].append(thing)
    for of_one in members.values():
        yield from combinations(of_one, 2)


def _values(of: Score | Quality) -> Iterator[Any]:
    return iter(vars(of).values())


def _share(right: float, other: float) -> float:
    return right / (right + other) if right + other else 1.0


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
