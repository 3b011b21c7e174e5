"""More goes wrong than labelled data shows: errors and look-alikes are added, and the labels stay true."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest

from benchmarks.linkage.errors import ERRORS
from benchmarks.linkage.harsher import look_alikes, made_harsher, read_told, write_told
from benchmarks.linkage.lookalikes import LOOKALIKES, Told
from services.triage.matching.evaluate_matching import evaluate_matching
from services.triage.matching.labelled import read_labelled
from services.triage.matching.read_model import read_model
from tests.triage.matching.an_invented_week import write_labelled

if TYPE_CHECKING:
    from pathlib import Path

SEED = 7


@pytest.fixture(name="week")
def the_invented_week(tmp_path: Path) -> list[Told]:
    return read_told(*write_labelled(tmp_path))


def test_the_same_seed_spoils_the_same_and_another_seed_does_not(week: list[Told]) -> None:
    once = made_harsher(week, SEED, 0.5)
    assert made_harsher(week, SEED, 0.5) == once
    assert made_harsher(week, SEED + 1, 0.5) != once


def test_what_is_true_of_a_record_stays_true_whatever_went_wrong_with_it(week: list[Told]) -> None:
    for before, after in zip(week, made_harsher(week, SEED, 1.0), strict=False):
        for said in ("key", "event_id", "link_group", "people"):
            assert after.truth[said] == before.truth[said]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_finds_something_to_spoil(error: str, week: list[Told]) -> None:
    draw = random.Random(SEED)
    wires = [deepcopy(told.referral) for told in week]
    spoilt = [ERRORS[error](draw, wire) for wire in wires]
    changed = [wire != told.referral for wire, told in zip(wires, week, strict=True)]
    assert any(changed)
    assert [one for one, other in zip(spoilt, changed, strict=True) if other and not one] == []


def test_a_look_alike_is_an_event_of_its_own_with_two_accounts(week: list[Told]) -> None:
    made = look_alikes(week, SEED)
    assert {one.truth["trap"] for one in made} == set(LOOKALIKES)
    known = {one.truth["event_id"] for one in week}
    for one, other in zip(made[::2], made[1::2], strict=True):
        assert one.truth["event_id"] == other.truth["event_id"]
        assert one.truth["event_id"] not in known
        assert len(one.truth["people"]) == len(one.referral["parties"])


def test_whom_each_account_names_on_a_side_tells_a_look_alike_apart(week: list[Told]) -> None:
    for one in week:
        one.referral["event"]["references"] = []
    known = {one.truth["key"]: one for one in week}

    def named(told: Told) -> set[tuple[str, str]]:
        parties = zip(told.referral["parties"], told.truth["people"], strict=True)
        whole = [true for party, true in parties if {"given", "family"} <= (party.get("name") or {}).keys()]
        return {(true["role"], true["id"]) for true in whole}

    for made in look_alikes(week, SEED):
        for key in made.truth["amb"]:
            ones, others = named(known[key]), named(made)
            sides = {side for side, _ in ones} & {side for side, _ in others}
            assert sides == {side for side, _ in ones & others}


def test_harsher_data_is_measured_as_any_other(week: list[Told], tmp_path: Path) -> None:
    harsher = made_harsher(week, SEED, 0.5)
    (tmp_path / "harsher").mkdir()
    labelled, truths = read_labelled(*write_told(harsher, tmp_path / "harsher"))
    quality, _ = evaluate_matching(labelled, truths, read_model())
    assert quality.records == len(harsher)
    assert sum(quality.pairs_by_error[error] for error in ERRORS) > len(ERRORS)
