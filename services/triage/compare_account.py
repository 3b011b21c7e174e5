"""Hold an account against every other that shares a key with it, and keep what they weigh and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.triage.domain.matching.compare_events import is_crime
from services.triage.matching.group_accounts import WORTH_KEEPING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.triage.domain.matching.accounts import Account
    from services.triage.domain.matching.judge_events import Judge, Judged
    from services.triage.domain.matching.model import Evidence
    from services.triage.store import Register
    from shared.messaging.unit import Unit


def judged(one: str, other: str, judge: Judge, register: Register, unit: Unit) -> Judged:
    """What two accounts weigh, compared once in a unit."""
    a, b = sorted((one, other))
    found: dict[tuple[str, str], tuple[Account, Account, Judged]] = unit.remember("judged", dict)
    first, second = _account(a, register), _account(b, register)
    known = found.get((a, b))
    # An account may have been amended in this very unit.
    if known is None or known[0] is not first or known[1] is not second:
        found[a, b] = known = (first, second, judge.events(first, second))
    turned = known[2]
    if one == a:
        return turned
    return turned._replace(people=tuple(p._replace(one=p.other, other=p.one) for p in turned.people))


def _account(reference: str, register: Register) -> Account:
    known = register.known(reference)
    assert known is not None  # noqa: S101 - only who was looked up is compared
    return known.account


def compare_account(
    reference: str, keys: Iterable[bytes], judge: Judge, register: Register, unit: Unit
) -> list[str]:
    """The accounts that were compared with this one, sorted; what they weigh is kept."""
    others = register.under(keys) | register.compared_with(reference)
    compared = sorted(other for other in others if other != reference and register.known(other))
    for other in compared:
        one, two = sorted((reference, other))
        found = judged(one, two, judge, register, unit)
        if found.evidence.bits >= WORTH_KEEPING or register.bits(one, two) is not None:
            register.keep_comparison(one, two, found.evidence.bits, told(found, one, two, judge, register))
    return compared


def told(found: Judged, one: str, other: str, judge: Judge, register: Register) -> dict[str, Any]:
    """The waterfall of a verdict as it is kept: levels and weights, never a value."""
    versions = [known.triaged.version for known in map(register.known, (one, other)) if known]
    strand = "crime" if is_crime(_account(one, register), _account(other, register)) else "dispute"
    kept: dict[str, Any] = {
        "weights": strand,
        "model": judge.model.version,
        "frequencies": judge.frequencies.version,
        "versions": versions,
        "lines": _lines(found.evidence),
    }
    if judge.verdict(found.evidence.bits) != "different":
        kept["people"] = [
            {"one": p.one, "other": p.other, "bits": round(p.evidence.bits, 3), "lines": _lines(p.evidence)}
            for p in found.people
        ]
    return kept


def _lines(evidence: Evidence) -> list[list[Any]]:
    return [[line.comparison, line.level, round(line.bits, 3)] for line in evidence.lines]
