"""Learn the weights of a model from labelled referrals: reproducibly, into a file that people review.

People: m and u of every level, counted among true pairs and among people drawn by chance (Fellegi and Sunter
1969). Events: one logistic regression for each strand over the levels of all pairs that share a key. Its
levels stay in their order: a level is worth what the worst one is, plus increments that are never negative,
so that nothing is learned that a careful human would call absurd. Both are shrunk towards saying nothing.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from services.triage.domain.matching.accounts import Account
from services.triage.domain.matching.compare_events import (
    LEVELS,
    compare_events,
    hold_people,
    is_crime,
    pair_people,
)
from services.triage.domain.matching.compare_people import COMPARISONS, compare_people
from services.triage.domain.matching.frequencies import NOTHING_COUNTED, RAREST_WORD
from services.triage.domain.matching.judge_people import judge_people
from services.triage.domain.matching.keys import keys_of, keys_of_names, names_told
from services.triage.domain.matching.model import Model
from services.triage.matching.labelled import Labelled, Truth, undecidable
from services.triage.matching.short_forms import canonicals

_BY_CHANCE = 150_000  # pairs of people drawn for u
_PAIRS_OF_ONE = 40  # of somebody who is mentioned often
_COMMONEST = 60  # accounts under one key; a commoner key leads nowhere
_WORD_SEEN = 8  # accounts at least in which a word stands that the model knows
_RIDGE = 0.5
_ROUNDS = 60
# Where the data says "never", another hub's data may not: no level of a person is worth more against than
# this.
_MOST_AGAINST = {"gender": -4.0, "order": -1.0, "given": -5.5}

Progress = Callable[[str], None]


def candidate_pairs(
    accounts: Sequence[Account], texts: Mapping[int, str] | None = None
) -> list[tuple[int, int]]:
    """The pairs that share a key that is not too common."""
    under: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, account in enumerate(accounts):
        for key in keys_of(account, canonicals):
            under[key].append(place)
    pairs = {
        pair for places in under.values() if len(places) <= _COMMONEST for pair in combinations(places, 2)
    }
    for place, text in (texts or {}).items():
        for key in keys_of_names(names_told(text), canonicals):
            others = under.get(key, ())
            if len(others) <= _COMMONEST:
                pairs.update((min(place, o), max(place, o)) for o in others if o != place)
    return sorted(pairs)


def train(
    labelled: Sequence[Labelled], truths: Sequence[Truth], version: str, progress: Progress = lambda _: None
) -> Model:
    """The model that these labels make; the same labels make the same model."""
    accounts = [one.account for one in labelled]
    people, usual = _learn_people(labelled)
    progress(f"people: m and u of {sum(map(len, people.values()))} levels")
    words = _learn_words(accounts)
    model = Model(version, people, {}, {}, usual[0], usual[1], words)
    pairs = _labelled_pairs(labelled, undecidable(list(truths)))
    progress(f"events: {len(pairs)} pairs, {sum(same for _, _, same in pairs)} of them true")
    rows: dict[bool, list[tuple[dict[str, str], bool]]] = {True: [], False: []}
    for one, other, same in pairs:
        a, b = accounts[one], accounts[other]
        rows[is_crime(a, b)].append((levels_of(a, b, model), same))
    return Model(
        version, people, fit_ordered(rows[True]), fit_ordered(rows[False]), usual[0], usual[1], words
    )


def levels_of(one: Account, other: Account, model: Model) -> dict[str, str]:
    """What the events of two accounts agree in, with nothing counted yet."""
    pairings = pair_people(
        hold_people(one, other, lambda a, b: judge_people(a, b, model, NOTHING_COUNTED, canonicals))
    )
    return compare_events(
        one, other, pairings, lambda word: NOTHING_COUNTED.word_bits(word, model.words), canonicals
    )


def _labelled_pairs(
    labelled: Sequence[Labelled], cannot_tell: set[tuple[str, str]]
) -> list[tuple[int, int, bool]]:
    found = []
    for one, other in candidate_pairs([record.account for record in labelled]):
        a, b = labelled[one].truth, labelled[other].truth
        same = a.event_id == b.event_id
        if same and a.link_group != b.link_group:
            continue
        if not same and ((a.record, b.event_id) in cannot_tell or (b.record, a.event_id) in cannot_tell):
            continue
        found.append((one, other, same))
    return found


def _learn_people(labelled: Sequence[Labelled]) -> tuple[dict[str, dict[str, float]], tuple[float, float]]:
    mentions = [
        (one.account.people[place], party, one.account.reference)
        for one in labelled
        for place, party in enumerate(one.truth.people)
    ]
    by_person: dict[str, list[int]] = defaultdict(list)
    for place, (_, party, _) in enumerate(mentions):
        by_person[party.id].append(place)
    m: dict[str, dict[str, float]] = {c: defaultdict(float) for c in COMPARISONS}
    u: dict[str, dict[str, float]] = {c: defaultdict(float) for c in COMPARISONS}

    def count(into: dict[str, dict[str, float]], one: int, other: int) -> None:
        levels = compare_people(mentions[one][0], mentions[other][0], canonicals)
        for comparison, level in zip(COMPARISONS, levels, strict=True):
            into[comparison][level] += 1

    for places in by_person.values():
        true = [
            (a, b)
            for a, b in combinations(places, 2)
            if mentions[a][1].g == mentions[b][1].g and mentions[a][2] != mentions[b][2]
        ]
        for one, other in true[:_PAIRS_OF_ONE]:
            count(m, one, other)
    draw = random.Random(1969)  # noqa: S311 - a sample that is the same each time
    drawn = 0
    while drawn < _BY_CHANCE:
        one, other = draw.randrange(len(mentions)), draw.randrange(len(mentions))
        if mentions[one][1].id != mentions[other][1].id:
            count(u, one, other)
            drawn += 1
    weights = {}
    for comparison in COMPARISONS:
        seen = sorted((set(m[comparison]) | set(u[comparison])) - {"missing"})
        of_m = sum(m[comparison][level] for level in seen)
        of_u = sum(u[comparison][level] for level in seen)
        weights[comparison] = {
            level: round(
                max(
                    math.log2(
                        ((m[comparison][level] + 0.5) / (of_m + 1))
                        / ((u[comparison][level] + 0.5) / (of_u + 1))
                    ),
                    _MOST_AGAINST.get(comparison, -math.inf),
                ),
                2,
            )
            for level in seen
        }
    # How a name was written says nothing of who it is: that it had to be read otherwise speaks a little
    # against.
    weights["order"] = {"straight": 0.0, "swapped": -0.5, "one_field": -0.5}
    told = [sum(v for level, v in u[c].items() if level != "missing") for c in ("given", "family")]
    return weights, (u["given"]["exact"] / told[0], u["family"]["exact"] / told[1])


def _learn_words(accounts: Sequence[Account]) -> dict[str, float]:
    stands_in: dict[str, int] = defaultdict(int)
    told = [account for account in accounts if account.words]
    for account in told:
        for word in set(account.words):
            stands_in[word] += 1
    return {
        word: round(min(RAREST_WORD, math.log2(len(told) / count)), 2)
        for word, count in sorted(stands_in.items())
        if count >= _WORD_SEEN and not word.isdigit()
    }


def fit_ordered(rows: Sequence[tuple[Mapping[str, str], bool]]) -> dict[str, dict[str, float]]:
    """Logistic regression whose levels keep their order, by coordinate descent; weights in bits.

    Every comparison has a weight for its worst level, free, and an increment for each better level, at least
    zero; a ridge penalty draws all of them to zero. `base` is the intercept.
    """
    columns = _columns(rows)
    truth = [1.0 if same else 0.0 for _, same in rows]
    score = [0.0] * len(rows)
    weight = dict.fromkeys(columns, 0.0)
    for _ in range(_ROUNDS):
        moved = 0.0
        for column, places in columns.items():
            gradient, curve = -_ridge(column) * weight[column], _ridge(column)
            for place in places:
                p = 1.0 / (1.0 + math.exp(-score[place]))
                gradient += truth[place] - p
                curve += max(p * (1.0 - p), 1e-3)
            move = _kept_in_order(column, max(-1.0, min(1.0, gradient / curve)), weight)
            if move:
                weight[column] += move
                moved = max(moved, abs(move))
                for place in places:
                    score[place] += move
        if moved < 1e-3:  # noqa: PLR2004 - a thousandth of a natural unit
            break
    return _as_levels(weight)


def _columns(rows: Sequence[tuple[Mapping[str, str], bool]]) -> dict[tuple[str, str], list[int]]:
    """For each weight the rows that it counts in: whoever reaches a level has climbed every step below it."""
    columns: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, (levels, _) in enumerate(rows):
        for comparison, level in levels.items():
            if level != "missing":
                order = LEVELS[comparison]
                columns[comparison, ""].append(place)
                for step in order[order.index(level) : -1]:
                    columns[comparison, step].append(place)
    columns["base", ""] = list(range(len(rows)))
    return columns


def _kept_in_order(column: tuple[str, str], step: float, weight: Mapping[tuple[str, str], float]) -> float:
    """The step, as far as it may go: agreeing never speaks against, nor differing for."""
    comparison, level = column
    if comparison == "base":
        return step
    step = max(step, -weight[column]) if level else min(step, -weight[column])
    # What is most alike is worth at least nothing.
    best = weight[comparison, ""] + sum(weight.get((comparison, one), 0.0) for one in LEVELS[comparison])
    return max(step, -max(best, 0.0)) if step < 0 else step


def _ridge(column: tuple[str, str]) -> float:
    return 1e-6 if column[0] == "base" else _RIDGE


def _as_levels(weight: Mapping[tuple[str, str], float]) -> dict[str, dict[str, float]]:
    bits: dict[str, dict[str, float]] = {"base": {"prior": round(weight["base", ""] / math.log(2), 3)}}
    for comparison, order in LEVELS.items():
        if (comparison, "") not in weight:
            continue
        reached = weight[comparison, ""]
        levels = {order[-1]: reached}
        for level in reversed(order[:-1]):
            reached += weight.get((comparison, level), 0.0)
            levels[level] = reached
        bits[comparison] = {level: round(levels[level] / math.log(2), 3) for level in order}
    return bits


def fingerprint(paths: Iterable[Path]) -> str:
    """What names the data that a model was trained on."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
