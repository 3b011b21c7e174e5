"""Matching where more goes wrong than in the labelled data: errors and look-alikes added to it, by a seed.

`python -m benchmarks.linkage.harsher REFERRALS TRUTH [--seed 1] [--share 0.5]` measures the data as it is and
with a share of its records spoilt, one to three errors each, beside as many look-alike events as make a tenth
of it. The labels stay true: an error changes what is written, and a look-alike is an event of its own. What a
missing story or a turned date makes undecidable is not left out, so no recall of 1 can be reached.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

from benchmarks.linkage.errors import ERRORS
from benchmarks.linkage.lookalikes import LOOKALIKES, Cast, Told, another_event
from services.triage.domain.matching.whens import whens_in
from services.triage.matching.evaluate_matching import Quality, evaluate_matching
from services.triage.matching.labelled import read_labelled
from services.triage.matching.read_model import read_model

_ERRORS_EACH = (1, 1, 2, 2, 3)
_LOOKALIKES = 10  # one for so many records
_SECOND_ACCOUNT = "community_peer_mentors"
_A_DAY = dt.date(2026, 7, 1)
_TELLS = 4  # letters of a word that may be somebody's name


def main() -> None:
    """Plain and harsher, side by side; with `--out`, the harsher data is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    told = read_told(asked.data, asked.truth)
    with tempfile.TemporaryDirectory() as folder:
        where = asked.out or Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        harsher = write_told(made_harsher(told, asked.seed, asked.share), where)
        qualities = {
            name: evaluate_matching(*read_labelled(*files), read_model())[0]
            for name, files in {"plain": (asked.data, asked.truth), "harsher": harsher}.items()
        }
    for line in report(qualities):
        print(line)


def read_told(data: Path, truth: Path) -> list[Told]:
    """Every line with its truth."""
    lines = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines() if line.strip()]
    truths = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Told(sent["agency"], sent["referral"], true) for sent, true in zip(lines, truths, strict=True)]


def write_told(told: Iterable[Told], folder: Path) -> tuple[Path, Path]:
    """The two files that `hub match evaluate` takes."""
    data, truth = folder / "referrals.ndjson", folder / "truth.ndjson"
    with data.open("w", encoding="utf-8") as sent, truth.open("w", encoding="utf-8") as true:
        for one in told:
            sent.write(json.dumps({"agency": one.agency, "referral": one.referral}) + "\n")
            true.write(json.dumps(one.truth) + "\n")
    return data, truth


def made_harsher(told: Sequence[Told], seed: int, share: float) -> list[Told]:
    """The same records, some spoilt, and the look-alikes behind them; the same seed makes the same."""
    return [spoilt(one, seed, share) for one in [*told, *look_alikes(told, seed)]]


def spoilt(told: Told, seed: int, share: float) -> Told:
    """A line with what went wrong with its record: the same in every line of one record."""
    record = told.truth["key"].rpartition("|")[0]
    draw = random.Random(f"{seed}|{record}")
    if draw.random() >= share:
        return told
    referral, truth = deepcopy(told.referral), deepcopy(told.truth)
    wrong = draw.sample(sorted(ERRORS), draw.choice(_ERRORS_EACH))
    truth["err"] = [*truth.get("err", ()), *(error for error in wrong if ERRORS[error](draw, referral))]
    return Told(told.agency, referral, truth)


def look_alikes(told: Sequence[Told], seed: int) -> list[Told]:
    """Events that look like one of these and are another: two accounts of each, from two agencies."""
    draw = random.Random(seed)
    firsts = list({one.truth["event_id"]: one for one in reversed(told)}.values())
    cast = _cast(told)
    made: list[Told] = []
    of_event = defaultdict(list)
    for one in told:
        of_event[one.truth["event_id"]].append(one)
    draw.shuffle(firsts)
    traps = list(LOOKALIKES)
    for number in range(max(len(traps), len(told) // _LOOKALIKES // 2)):
        for first in list(firsts):
            accounts = of_event[first.truth["event_id"]]
            known = {account.referral["event"].get("summary", "") for account in accounts}
            like = another_event(draw, traps[number % len(traps)], first, cast, number, known)
            if like is None:
                continue
            like.truth["amb"] = [account.truth["key"] for account in accounts if _untold(account, like)]
            other = Told(_SECOND_ACCOUNT, deepcopy(like.referral), deepcopy(like.truth))
            other.referral["source_record_id"] += "-B"
            other.truth["key"] = f"{_SECOND_ACCOUNT}|{other.referral['source_record_id']}|1"
            made += [like, other]
            firsts.remove(first)
            firsts.append(first)
            break
    return made


def _untold(known: Told, made: Told) -> bool:
    """Whether nothing in an account says that it is not of the event that was made like its own.

    It says so by another day or number, or by somebody else on one of the sides. Where its day is missing or
    wrong and so is its number, nobody could tell; nor where both are of one day and the same people.
    """
    event, other = known.referral["event"], made.referral["event"]
    if event.get("references") and other.get("references"):
        return False
    ones, others = _called(known), _called(made)
    if any(ones[side].isdisjoint(others[side]) for side in ones.keys() & others.keys()):
        return False
    vague = any(error.startswith("date_") for error in known.truth.get("err", ()))
    same = {party["id"] for party in known.truth["people"]} & {party["id"] for party in made.truth["people"]}
    return bool(same) and (vague or event.get("started_on") in (None, other.get("started_on")))


def _called(told: Told) -> dict[str, set[str]]:
    """Who is told of on each side, of those who have a name."""
    sides: dict[str, set[str]] = defaultdict(set)
    for party, true in zip(told.referral["parties"], told.truth["people"], strict=True):
        if {"given", "family"} <= (party.get("name") or {}).keys() and not true.get("u"):
            sides[true["role"]].add(true["id"])
    return sides


def _cast(told: Sequence[Told]) -> Cast:
    """Names and stories of the data itself; a story that may name somebody, or tells a day, is left out."""
    names: Counter[tuple[str, str]] = Counter()
    stories: dict[str, dict[str, None]] = defaultdict(dict)
    for one in told:
        parties = [party.get("name") or {} for party in one.referral["parties"]]
        names.update(
            (part, said) for name in parties for part, said in name.items() if part in ("given", "family")
        )
    known = {
        word.casefold() for (_, said), _ in names.items() for word in said.split() if len(word) >= _TELLS
    }
    for one in told:
        event = one.referral["event"]
        said = event.get("summary") or ""
        plain = "".join(c if c.isalpha() else " " for c in said.casefold()).split()
        if (
            said
            and not any(map(str.isdigit, said))
            and not whens_in(said, _A_DAY)
            and known.isdisjoint(plain)
        ):
            stories[event["type"]][said] = None
    usual = {
        part: tuple(sorted(said for p, said in names if p == part and said.isalpha()))
        for part in ("given", "family")
    }
    return Cast(usual["given"], usual["family"], {kind: tuple(said) for kind, said in stories.items()})


def figures_of(qualities: Mapping[str, Quality]) -> Iterable[str]:
    """The figures of each, one row for one."""
    heads = ("records", "precision", "recall", "reviewed", "asked/100", "wrong", "people P", "R", "F1")
    yield f"{'':16}" + "".join(f"{head:>10}" for head in heads)
    for name, quality in qualities.items():
        cases, people = quality.cases.figures(), quality.people.figures()
        reviewed = quality.found_with_reviews / max(1, quality.cases.right + quality.cases.missed)
        asked = 100 * quality.asked / max(1, quality.records)
        row = (
            f"{name:16}{quality.records:10}{cases['precision']:10.4f}{cases['recall']:10.4f}{reviewed:10.4f}"
        )
        row += f"{asked:10.1f}{quality.cases.wrong:10}"
        yield row + "".join(f"{people[figure]:10.4f}" for figure in ("precision", "recall", "f1"))


def report(qualities: Mapping[str, Quality]) -> Iterable[str]:
    """The figures of each, and then what was missed and merged wrongly in the harsher by its cause."""
    yield from figures_of(qualities)
    harsher = qualities["harsher"]
    yield f"\n{'error':26}{'pairs':>8}{'missed':>8}{'lost':>8}"
    for error in ERRORS:
        counted = (harsher.pairs_by_error, harsher.missed_by_error, harsher.lost_by_error)
        yield f"  {error:24}" + "".join(f"{by[error]:8}" for by in counted)
    yield f"\n{'wrong by trap':26}{'cases':>8}{'people':>8}"
    for trap in sorted({*harsher.wrong_by_trap, *harsher.wrong_people_by_trap}):
        yield f"  {trap:24}{harsher.wrong_by_trap[trap]:8}{harsher.wrong_people_by_trap[trap]:8}"


if __name__ == "__main__":
    main()
