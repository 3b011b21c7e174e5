"""The commands `hub match …`: measure matching, explain a verdict, train a model, read accounts again."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.furnish import furnished_room
from services.triage.matching.evaluate_matching import Quality, cross_validate, evaluate_matching
from services.triage.matching.explain_match import Explained, Step, explain_match, waterfall
from services.triage.matching.labelled import read_labelled
from services.triage.matching.read_model import CURRENT, read_model, read_model_file, write_model
from services.triage.matching.rekey_accounts import how_many, rekey_accounts
from services.triage.matching.train_model import fingerprint, train
from services.triage.matching.traps import ANSWERED_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.triage.domain.matching.judge_events import Judged
    from services.triage.matching.evaluate_matching import WrongMerge
    from services.triage.matching.group_accounts import Grouped

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_FEWEST_FOLDS = 2


@click.group()
def match() -> None:
    """How referrals of one event and mentions of one person are found (docs/matching.md)."""


@match.command()
@click.argument("data", type=_FILE)
@click.argument("truth", type=_FILE)
@click.option("--model", type=_FILE, help="A model's file, instead of the model of this release.")
@click.option(
    "--folds",
    type=click.IntRange(_FEWEST_FOLDS, 20),
    help="Train anew without each N-th of the events in turn, and measure on those.",
)
@click.option("--explain", is_flag=True, help="With each wrong merge, why: the links that made it.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    data: Path,
    truth: Path,
    model: Path | None,
    folds: int | None,
    explain: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Measure matching on labelled referrals: DATA as for `hub replay`, TRUTH with what is true of each line.

    Nothing runs and nothing is kept: accounts are read, compared and grouped as the hub does it.
    """
    if folds and (model or explain):
        raise click.UsageError(
            "--folds trains models of its own: give neither --model nor --explain with it."
        )
    began = time.monotonic()
    labelled, truths = read_labelled(data, truth)
    grouped: Grouped | None = None
    if folds:
        quality, of = cross_validate(labelled, truths, folds, _progress), f"{folds} folds, each held out"
    else:
        chosen = read_model_file(model) if model else read_model()
        quality, grouped = evaluate_matching(labelled, truths, chosen, _progress)
        of = f"model {chosen.version}"
    if as_json:
        merges = [merge._asdict() for merge in quality.wrong_merges]
        click.echo(json.dumps({"of": of, **quality.figures(), "wrong_merges": merges}, indent=1))
        return
    for line in _report(quality, of):
        click.echo(line)
    for line in _merges(quality, grouped if explain else None):
        click.echo(line)
    click.echo(f"\nMeasured in {time.monotonic() - began:.1f} seconds.", err=True)


def _progress(told: str) -> None:
    click.echo(told, err=True)


def _report(quality: Quality, of: str) -> Iterator[str]:
    positive = quality.cases.right + quality.cases.missed
    yield f"{quality.records} records, {of}"
    yield ""
    yield f"{'':22}{'precision':>10}{'recall':>10}{'F1':>10}"
    for name, score in (("cases", quality.cases), ("people", quality.people)):
        figures = score.figures()
        for kind, front in (("pairs", ""), ("B-cubed", "bcubed_")):
            row = "".join(f"{figures[front + figure]:10.4f}" for figure in ("precision", "recall", "f1"))
            yield f"{f'{name}, {kind}':22}{row}"
        yield f"{'':22}right {score.right}, wrong {score.wrong}, missed {score.missed}"
    with_reviews = quality.found_with_reviews / max(1, positive)
    per_100 = 100 * quality.asked / max(1, quality.records)
    yield f"{'with reviews':22}{'':10}{with_reviews:10.4f}"
    rightly = f"{quality.asked_rightly} are one case"
    yield f"{'review pairs':22}{quality.asked}, {per_100:.1f} for 100 records; {rightly}"
    yield ""
    yield "Missed by what was wrong in one of the two   missed   pairs   lost even with reviews"
    for error, missed in quality.missed_by_error.most_common():
        pairs, lost = quality.pairs_by_error[error], quality.lost_by_error[error]
        yield f"  {error:42}{missed:7d}{pairs:8d}{lost:8d}"
    yield ""
    yield "By trap                       pairs  missed   wrong merges: cases  people"
    traps = {*quality.pairs_by_trap, *quality.wrong_by_trap, *quality.wrong_people_by_trap, *ANSWERED_FOR}
    for trap in sorted(traps):
        pairs, missed = quality.pairs_by_trap[trap], quality.missed_by_trap[trap]
        wrong, people = quality.wrong_by_trap[trap], quality.wrong_people_by_trap[trap]
        yield f"  {trap:26}{pairs:7d}{missed:8d}{wrong:21d}{people:8d}"


def _merges(quality: Quality, grouped: Grouped | None) -> Iterator[str]:
    """The wrong merges one by one: first those that must be answered for."""
    answered_for = [merge for merge in quality.wrong_merges if set(merge.traps) & set(ANSWERED_FOR)]
    others = [merge for merge in quality.wrong_merges if merge not in answered_for]
    told = "household, father and son, twins, agency phone, same street and same block"
    yield ""
    yield f"Wrong merges across {told}: {len(answered_for)}"
    for merge in answered_for:
        yield from _merge(merge, grouped)
    yield f"Other wrong merges: {len(others)}"
    for merge in others:
        yield from _merge(merge, grouped)


def _merge(merge: WrongMerge, grouped: Grouped | None) -> Iterator[str]:
    yield f"  {merge.one} and {merge.other}: {', '.join(merge.traps)}"
    if grouped is None:
        return
    if not merge.links:
        yield "    not joined by any link of its own: both agree with the rest of the case"
    for one, other in merge.links:
        yield f"    {one} and {other}"
        yield from _waterfall_of(grouped.judged[one, other])


def _waterfall_of(judged: Judged) -> Iterator[str]:
    yield from _steps(waterfall(judged.evidence.lines), "      ")


def _steps(steps: Iterable[Step], indent: str) -> Iterator[str]:
    for step in steps:
        what = step.comparison.replace("_", " ")
        yield f"{indent}{what:22}{step.level.replace('_', ' '):24}{step.bits:+8.2f}{step.running:9.2f}"


@match.command()
@click.argument("one")
@click.argument("other")
def explain(one: str, other: str) -> None:
    """Tell why the referrals ONE and OTHER (R-…) are, or are not, taken for one case, and replay it."""
    with furnished_room("triage").database.reading() as connection:
        explained = explain_match(one, other, connection)
    for line in _explanation(explained):
        click.echo(line)
    if not explained.same:
        raise click.exceptions.Exit(1)


_VERDICTS = {"same": "one case", "ask": "a human is asked", "different": "two cases"}


def _explanation(explained: Explained) -> Iterator[str]:
    kept = explained.kept
    yield f"{kept.one} and {kept.other}, versions {' and '.join(map(str, kept.versions))}"
    yield (
        f"Compared on {kept.at:%d %B %Y at %H:%M} UTC as a {kept.weights}, "
        f"model {kept.model}, frequencies {kept.frequencies}"
    )
    yield ""
    yield f"{'compared':22}{'found':24}{'bits':>8}{'sum':>9}"
    yield from _steps(explained.steps, "")
    yield ""
    yield f"{kept.bits:.2f} bits: {_VERDICTS[explained.verdict]}, by their own weight"
    for side in explained.people:
        yield ""
        parties = f"Party {side.one + 1} of the first and party {side.other + 1} of the second"
        yield f"{parties}, {side.bits:.2f} bits"
        yield from _steps(side.steps, "  ")
    yield ""
    if explained.same:
        yield f"Replayed with model {kept.model}: the same sum."
    else:
        yield f"Replayed with model {kept.model}: {explained.replayed:.2f} bits, NOT the same."


@match.command("train")
@click.argument("data", type=_FILE)
@click.argument("truth", type=_FILE)
@click.option("--out", type=_NEW_FILE, required=True, help="The new model's file; its name is the version.")
def train_model(data: Path, truth: Path, out: Path) -> None:
    """Learn a model from labelled referrals and write it to a file that people review.

    The same labels make the same model. It is used when it is put beside the others and named as the current
    one, which is a change of the code (docs/matching.md).
    """
    # It is learnt for minutes before it is written.
    if not out.absolute().parent.is_dir():
        raise click.ClickException(f"There is no folder {out.parent} to write the model into.")
    if out.exists():
        raise click.ClickException(f"{out} is there already; a version is never written over.")
    began = time.monotonic()
    labelled, truths = read_labelled(data, truth)
    _progress(f"{len(labelled)} records; this takes some minutes for some thousands")
    model = train(labelled, truths, out.stem, _progress)
    write_model(model, fingerprint([data, truth]), out)
    levels = sum(
        len(of_one) for kind in (model.people, model.crime, model.dispute) for of_one in kind.values()
    )
    seconds = time.monotonic() - began
    click.echo(
        f"Wrote {out}: {levels} levels, {len(model.words)} words, in {seconds:.0f} seconds.\n"
        f"Now measure it: hub match evaluate {data} {truth} --model {out}\n"
        f"The model in use is {CURRENT}."
    )


@match.command()
@click.option("--all", "everything", is_flag=True, help="Every referral, not only those never read.")
def rekey(everything: bool) -> None:  # noqa: FBT001
    """Read accounts again from what was sent, and have every key lead to them; safe while the hub runs.

    For referrals that came before accounts were kept, and with --all after a release that reads accounts
    otherwise. Cases stay as they are until the next referral finds one of these.
    """
    room = furnished_room("triage")
    count = how_many(room, unread_only=not everything)
    with click.progressbar(length=count, label="Reading", file=sys.stderr, show_pos=True) as bar:
        done = rekey_accounts(room, unread_only=not everything, done=bar.update)
    click.echo(f"{done.read} accounts were read, {done.keys} keys were new.")
    if done.overtaken:
        click.echo(f"{done.overtaken} were amended meanwhile, and were read by the worker that did it.")
