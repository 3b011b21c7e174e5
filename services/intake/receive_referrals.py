"""Take many referrals in at once, each answered on its own: one bad one never costs a good one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from services.intake import store
from services.intake.receive_referral import (
    Incoming,
    Taken,
    first_version,
    incoming,
    say_received,
    take_again,
)
from services.intake.schema import read_referral
from shared.problems import Problem, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.messaging.unit import Unit

# How often records that another request takes at this very moment are looked at again.
_TRIES = 4


def receive_referrals(
    bodies: Sequence[object], agency: str, unit: Unit, *, self_referral: bool, in_bulk: bool
) -> list[Taken | Problem]:
    """What became of each of these decoded bodies, in their order.

    A record that comes twice is taken in the order in which it comes: the second is a repeat or an amendment
    of the first. A `Problem` stands for a body that was not taken: `Unprocessable` with every fault in it, or
    a `Conflict`. All of it is kept by the caller's unit, with a handful of statements.
    """
    answers: dict[int, Taken | Problem] = {}
    waves: list[dict[str, tuple[int, Incoming]]] = []
    seen: Counter[str] = Counter()
    for index, body in enumerate(bodies):
        try:
            referral = read_referral(body, self_referral=self_referral)
        except Problem as problem:
            answers[index] = problem
            continue
        number = referral.source_record_id
        if seen[number] == len(waves):
            waves.append({})
        waves[seen[number]][number] = index, incoming(referral, agency, unit, in_bulk=in_bulk)
        seen[number] += 1
    for wave in waves:
        if wave is not waves[0]:
            unit.flush()  # so that what the wave before changed is what this one finds
        taken = _take({number: came for number, (_, came) in wave.items()}, agency, unit)
        answers |= {index: taken[number] for number, (index, _) in wave.items()}
    return [answers[index] for index in range(len(bodies))]


def _take(wave: Mapping[str, Incoming], agency: str, unit: Unit) -> dict[str, Taken | Problem]:
    """Records of different numbers: those that are known, and those that are new."""
    answers: dict[str, Taken | Problem] = {}
    left = dict(wave)
    for _ in range(_TRIES):
        for number, known in store.find_records(unit, agency, left).items():
            try:
                answers[number] = take_again(left.pop(number), known, unit)
            except Problem as problem:
                answers[number] = problem
        firsts = {number: (first_version(came, unit), came.content) for number, came in left.items()}
        added = store.add_unless_known(unit, firsts)
        # In the order in which they came: which case a referral joins may depend on what was heard before it.
        for number in [number for number in firsts if number in added]:
            kept, came = firsts[number][0], left.pop(number)
            say_received(came, kept, unit)
            answers[number] = Taken("new", kept)
        if not left:
            return answers
    message = "The same record is being sent several times at once. Try again."
    return answers | {number: Unavailable(message, retry_after=1) for number in left}
