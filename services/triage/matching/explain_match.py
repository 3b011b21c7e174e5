"""Why two referrals were, or were not, taken for one case: the kept evidence, line by line, and replayed.

What was kept are levels and bits, never a value: what was compared, what was found, what it was worth. The
model's file of that version is kept as long as verdicts name it, so the sum can be made again years later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from services.triage.domain.matching.guard_events import STRANGERS
from services.triage.domain.matching.judge_events import BELOW
from services.triage.domain.matching.model import Line, Verdict, Weights
from services.triage.matching.read_model import read_model
from services.triage.matching.store import KeptEvidence, find_evidence, is_known
from shared.problems import Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.triage.domain.matching.model import Model

ROUNDING = 0.002  # bits; a sum is kept in thousandths


class NothingKept(Problem):
    """Nothing was kept of these two referrals."""

    status = 404
    code = "nothing_kept"


class Step(NamedTuple):
    """One line of a waterfall: what was compared, what was found, its bits, and the sum so far."""

    comparison: str
    level: str
    bits: float
    running: float


class Side(NamedTuple):
    """Two parties who were held against one another: their places in both referrals, and their waterfall."""

    one: int
    other: int
    bits: float
    steps: tuple[Step, ...]


class Explained(NamedTuple):
    """Why two referrals were judged as they were, and whether their kept levels make the same sum today."""

    kept: KeptEvidence
    steps: tuple[Step, ...]
    people: tuple[Side, ...]
    verdict: Verdict
    replayed: float
    same: bool


def explain_match(one: str, other: str, connection: Connection) -> Explained:
    """The waterfall of two referrals, by their references; `NothingKept`, `NoSuchModel`."""
    pair = sorted((one, other))
    kept = find_evidence(pair[0], pair[1], connection)
    if kept is None:
        unknown = [reference for reference in pair if not is_known(reference, connection)]
        if unknown:
            message = f"Triage knows no referral {' and no referral '.join(unknown)}."
            raise NothingKept(message)
        message = (
            f"{pair[0]} and {pair[1]} were never held against one another, or are so clearly different that "
            "nothing was kept: they share no key, or weigh less than -8 bits."
        )
        raise NothingKept(message)
    return explain(kept)


def explain(kept: KeptEvidence) -> Explained:
    """The waterfall of evidence as it was kept, with what the model of that version makes of its levels."""
    model = read_model(kept.model)
    replayed = replay(kept.lines, model.crime if kept.weights == "crime" else model.dispute, model)
    people = tuple(Side(side.one, side.other, side.bits, waterfall(side.lines)) for side in kept.people)
    return Explained(
        kept,
        waterfall(kept.lines),
        people,
        _verdict(kept.bits, model),
        replayed,
        abs(replayed - kept.bits) <= ROUNDING
        and all(abs(replay_people(s.lines, model) - s.bits) <= ROUNDING for s in kept.people),
    )


def waterfall(lines: Sequence[Line]) -> tuple[Step, ...]:
    """The lines with the sum so far."""
    return tuple(_running(lines))


def _running(lines: Sequence[Line]) -> Iterator[Step]:
    running = 0.0
    for line in lines:
        running += line.bits
        yield Step(line.comparison, line.level, line.bits, running)


def replay(lines: Sequence[Line], weights: Weights, model: Model) -> float:
    """The sum that the levels make with these weights; a guard, or a floor, holds it at its limit."""
    bits = 0.0
    for line in lines:
        if line.comparison == "guard":
            thresholds = model.thresholds
            strangers = line.level in STRANGERS
            bits = min(bits, thresholds.strangers if strangers else thresholds.same_case - BELOW)
        elif line.comparison == "floor":
            bits = max(bits, model.thresholds.ask_case)
        else:
            bits += weights.get(line.comparison, {}).get(line.level, 0.0)
    return bits


def replay_people(lines: Sequence[Line], model: Model) -> float:
    """The same of two mentions; how common a name is, and what a guard took, stand as they were kept.

    Both need the names themselves, which are not in the evidence.
    """
    return sum(model.people.get(line.comparison, {}).get(line.level, line.bits) for line in lines)


def _verdict(bits: float, model: Model) -> Verdict:
    thresholds = model.thresholds
    return "same" if bits >= thresholds.same_case else "ask" if bits >= thresholds.ask_case else "different"
