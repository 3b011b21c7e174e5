"""Find the cases in which somebody is, for whoever knows who they are and not which case they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from services.triage.cases import store
from services.triage.matching.find_people import find_person

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from services.triage.cases.store import Seen, Sees
    from services.triage.domain.matching.accounts import Mention
    from services.triage.domain.matching.judge_events import Judge
    from services.triage.matching.find_people import Likeness
    from shared.database import Database
    from shared.sealing import Keys

MOST: Final = 20
# What whoever rings can say of themselves, and the levels that do not say that it is so.
ASKED: Final = ("given", "family", "born", "phone", "email", "home")
DIFFERS: Final = frozenset({"none", "missing", "same_year", "street", "area"})
# Who has another name, or was born on another day, is somebody else, as far as a name and a day can tell.
_OWN: Final = ("given", "family", "born")
_REACHED: Final = {("phone", "exact"), ("phone", "landline"), ("email", "exact")}
_ENOUGH: Final = 2  # things that agree: one alone is many people's


class Alike(NamedTuple):
    """A case, and in which roles somebody like this is in it, each with what agrees: comparison and level."""

    seen: Seen
    roles: Mapping[str, tuple[tuple[str, str], ...]]


def find_somebody(
    mention: Mention, sees: Sees, connection: Connection, database: Database, keys: Keys, judge: Judge
) -> list[Alike]:
    """The cases that this person sees and that have somebody like this in them, the likeliest first.

    What they do not see is not looked through at all. Where a case is found to be part of another, its
    referrals are in that one from then on: what is found is the case that goes on.
    """
    cases: dict[str, str] = {}

    def theirs(references: Collection[str]) -> Collection[str]:
        cases.update(store.cases_seen_of(connection, sees, references))
        return cases

    # A telephone may be all that is asked by, and all who share it share one thing only.
    found = find_person(mention, connection, database, keys, judge, among=theirs)
    alike: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {}
    for one in found.candidates:
        if _may_be(one):
            alike.setdefault(cases[one.reference], {}).setdefault(one.role, _agrees(one))
    first = list(alike)[:MOST]
    seen = store.all_seen(connection, keys.rest, sees, first)
    return [Alike(seen[case], alike[case]) for case in first if case in seen]


def _may_be(one: Likeness) -> bool:
    """Whether it may be them: reached by the same number or address, likely, or alike in two things."""
    lines = {(line.comparison, line.level) for line in one.evidence.lines}
    if lines & _REACHED or one.verdict != "different":
        return True
    another = any(comparison in _OWN and level in DIFFERS for comparison, level in lines)
    return not another and len(_agrees(one)) >= _ENOUGH


def _agrees(one: Likeness) -> tuple[tuple[str, str], ...]:
    lines = ((line.comparison, line.level) for line in one.evidence.lines)
    return tuple(line for line in lines if line[0] in ASKED and line[1] not in DIFFERS)
