"""Everything is called otherwise, and who is whom is found as before: nothing is known by heart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.linkage.harsher import read_told, write_told
from benchmarks.linkage.renamed import RENAMED, renamed
from services.triage.matching.evaluate_matching import evaluate_matching
from services.triage.matching.labelled import read_labelled
from services.triage.matching.read_model import read_model
from tests.triage.matching.an_invented_week import write_labelled

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.linkage.lookalikes import Told

SEED = 7


@pytest.fixture(name="week")
def the_invented_week(tmp_path: Path) -> list[Told]:
    return read_told(*write_labelled(tmp_path))


def texts(told: list[Told]) -> list[str]:
    return [json.dumps(one.referral, sort_keys=True) for one in told]


@pytest.mark.parametrize("kind", RENAMED)
def test_words_become_others_one_for_one_and_nothing_else_changes(kind: str, week: list[Told]) -> None:
    before, after = texts(week), texts(renamed(week, [kind], SEED))
    assert before == texts(week)  # what was given is left alone
    assert sum(one != other for one, other in zip(before, after, strict=True)) >= len(week) / 3
    assert len({*before}) == len({*after})
    assert [len(text) for text in before] == [len(text) for text in after]


def test_cases_and_people_are_found_whatever_everything_is_called(week: list[Told], tmp_path: Path) -> None:
    def found(told: list[Told]) -> tuple[int, int, int, int]:
        labelled, truths = read_labelled(*write_told(told, tmp_path))
        quality = evaluate_matching(labelled, truths, read_model())[0]
        return quality.cases.right, quality.cases.wrong, quality.people.right, quality.people.wrong

    as_it_is = found(week)
    assert as_it_is[0] > 0
    assert found(renamed(week, list(RENAMED), SEED)) == as_it_is
