"""The commands `hub match …`: what they measure, explain, learn and read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from services.triage.matching.evaluate_matching import arrivals
from services.triage.matching.explain_match import explain
from services.triage.matching.group_accounts import group_accounts
from services.triage.matching.labelled import read_labelled
from services.triage.matching.read_model import (
    CURRENT,
    MODELS,
    read_model,
    read_model_file,
    write_model,
)
from services.triage.matching.store import all_evidence
from services.triage.tables import comparisons
from tests.support.builders import an_account
from tests.triage.matching.an_invented_week import WEEK, write_labelled
from tests.triage.matching.test_order import in_turn

if TYPE_CHECKING:
    from tests.support.houses import Hub
    from tests.triage.matching.conftest import Run

EXAMPLES = Path(__file__).parents[3] / "docs/examples"


def test_an_evaluation_without_a_hub_makes_the_cases_and_people_that_a_hub_makes(tmp_path: Path) -> None:
    labelled, truths = read_labelled(*write_labelled(tmp_path))
    grouped = group_accounts(arrivals(labelled, truths), read_model())
    cases: dict[int, set[str]] = {}
    people: dict[int, set[str]] = {}
    for reference, case in grouped.case_of.items():
        cases.setdefault(case, set()).add(reference.replace("|", ":"))
    for (reference, place), person in grouped.person_of.items():
        people.setdefault(person, set()).add(f"{reference.replace('|', ':')}/{place}")
    assert {tuple(sorted(members)) for members in cases.values()} == in_turn().cases
    assert {tuple(sorted(parties)) for parties in people.values()} == in_turn().people


@pytest.mark.parametrize("file", sorted(MODELS.glob("*.json")), ids=lambda file: file.stem)
def test_a_model_says_everything_itself_so_that_its_verdicts_replay_whatever_is_usual_later(
    file: Path, tmp_path: Path
) -> None:
    again = tmp_path / file.name
    write_model(read_model_file(file), json.loads(file.read_bytes())["trained_on"], again)
    assert again.read_bytes() == file.read_bytes()


def test_evaluate_measures_and_tells_wrong_merges_one_by_one(run: Run, tmp_path: Path) -> None:
    data, truth = write_labelled(tmp_path)
    told = run("match", "evaluate", data, truth, "--explain")
    assert told.exit_code == 0, told.output
    assert f"{len(WEEK)} records, model {CURRENT}" in told.stdout
    assert "cases, pairs              1.0000    1.0000    1.0000" in told.stdout
    assert "same street and same block: 0" in told.stdout
    # As if the first of four accounts of the burglary told of something else.
    lines = truth.read_text(encoding="utf-8").replace('"BURGLED"', '"OTHER"', 1)
    truth.write_text(lines, encoding="utf-8")
    wrong = run("match", "evaluate", data, truth, "--explain")
    assert "Other wrong merges: 3" in wrong.stdout
    assert "repeat_victim" in wrong.stdout
    assert "base                  prior" in wrong.stdout


def test_the_labelled_examples_in_the_docs_are_this_week(tmp_path: Path) -> None:
    for written in write_labelled(tmp_path):
        assert (EXAMPLES / written.name).read_bytes() == written.read_bytes()


def test_evaluate_gives_its_figures_to_machines(run: Run, tmp_path: Path) -> None:
    told = run("match", "evaluate", *write_labelled(tmp_path), "--json")
    figures = json.loads(told.stdout)
    assert figures["cases"]["precision"] == figures["cases"]["recall"] == 1.0
    assert figures["cases"]["bcubed_f1"] == 1.0
    assert figures["people"]["wrong"] == 0
    assert figures["recall_with_reviews"] == 1.0
    assert figures["by_trap"]["twins"] == {"pairs": 2, "missed": 0, "wrong": 0, "wrong_people": 0}
    assert figures["wrong_merges"] == []


def test_labels_that_do_not_fit_are_told_with_their_line(run: Run, tmp_path: Path) -> None:
    data, truth = write_labelled(tmp_path)
    lines = truth.read_text(encoding="utf-8").splitlines()
    truth.write_text("\n".join(lines[:-1]), encoding="utf-8")
    assert "each line needs its truth" in run("match", "evaluate", data, truth).stderr
    truth.write_text("\n".join([*lines[:4], "{", *lines[5:]]), encoding="utf-8")
    told = run("match", "evaluate", data, truth)
    assert told.exit_code == 1
    assert "labelled-truth.ndjson, line 5" in told.stderr
    assert "Traceback" not in told.output


def test_folds_go_with_no_model_of_ones_own(run: Run, tmp_path: Path) -> None:
    data, truth = write_labelled(tmp_path)
    told = run("match", "evaluate", data, truth, "--folds", "2", "--explain")
    assert told.exit_code == 2
    assert "--folds trains models of its own" in told.stderr


def test_a_verdict_is_explained_and_replays_to_the_same_sum(hub: Hub, run: Run) -> None:
    one = hub.take(an_account("ONE", references=("CRI009999901",)))
    other = hub.take(an_account("OTHER", references=("CRI009999901",)), "vip")
    hub.settle()
    told = run("match", "explain", other["reference"], one["reference"])
    assert told.exit_code == 0, told.output
    assert "one case, by their own weight" in told.stdout
    assert "number                exact" in told.stdout
    assert f"model {CURRENT}, frequencies 0" in told.stdout
    assert "the same sum" in told.stdout
    # Levels and weights, and nobody's name.
    assert "Figment" not in told.stdout


def test_a_sum_that_was_changed_is_found_by_replaying(hub: Hub, run: Run) -> None:
    one = hub.take(an_account("ONE", references=("CRI009999901",)))
    other = hub.take(an_account("OTHER", references=("CRI009999901",)), "vip")
    hub.settle()
    with hub.rooms["triage"].database.transaction() as connection:
        connection.execute(update(comparisons).values(millibits=comparisons.c.millibits + 1000))
    told = run("match", "explain", one["reference"], other["reference"])
    assert told.exit_code == 1
    assert "NOT the same" in told.stdout


def test_of_two_that_were_never_compared_nothing_is_kept(hub: Hub, run: Run) -> None:
    one = hub.take(an_account("ONE"))
    other = hub.take(an_account("OTHER", family="Another"))
    hub.settle()
    told = run("match", "explain", one["reference"], other["reference"])
    assert told.exit_code == 1
    assert "never held against one another" in told.stderr
    unknown = run("match", "explain", one["reference"], "R-NOBOD-YKNOW")
    assert "Triage knows no referral R-NOBOD-YKNOW." in unknown.stderr


def test_every_kept_evidence_of_a_week_replays_to_the_same_sum(hub: Hub) -> None:
    for sent in WEEK:
        hub.take(sent.referral, sent.agency)
    hub.settle()
    with hub.rooms["triage"].database.reading() as connection:
        kept = list(all_evidence(connection))
    assert len(kept) > len(WEEK) / 2
    assert [one for one in map(explain, kept) if not one.same] == []
    assert {one.weights for one in kept} == {"crime", "dispute"}


@pytest.mark.nightly
def test_a_model_is_learnt_the_same_each_time_and_measured_on_what_it_did_not_see(
    run: Run, tmp_path: Path
) -> None:
    data, truth = write_labelled(tmp_path)
    for name in ("one", "other"):
        told = run("match", "train", data, truth, "--out", tmp_path / f"{name}.json")
        assert told.exit_code == 0, told.output
    one, other = (json.loads((tmp_path / f"{name}.json").read_bytes()) for name in ("one", "other"))
    assert one | {"version": ""} == other | {"version": ""}
    assert one.keys() == json.loads((MODELS / f"{CURRENT}.json").read_bytes()).keys()
    again = run("match", "train", data, truth, "--out", tmp_path / "one.json")
    assert "is there already" in again.stderr
    measured = run("match", "evaluate", data, truth, "--model", tmp_path / "one.json", "--json")
    assert json.loads(measured.stdout)["of"] == "model one"
    folded = run("match", "evaluate", data, truth, "--folds", "2", "--json")
    assert json.loads(folded.stdout)["records"] == len(WEEK)


def test_a_file_that_is_there_is_never_written_over(run: Run, tmp_path: Path) -> None:
    data, truth = write_labelled(tmp_path)
    told = run("match", "train", data, truth, "--out", data)
    assert told.exit_code == 1
    assert "never written over" in told.stderr
