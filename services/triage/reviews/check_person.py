"""An assessment point asks whether somebody is known, and who leads, so that nobody asks them again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

from services.triage.cases.needs_store import tellings_elsewhere
from services.triage.cases.share_known import by_case, may_be_told, those_that_stand, words_of
from services.triage.history.store import History
from services.triage.lives.store import Lives, hold_cases
from services.triage.matching.find_people import find_person
from services.triage.reviews import store
from shared.allowance import Allowance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from services.triage.cases.needs_store import Telling
    from services.triage.domain.matching.accounts import Mention
    from services.triage.domain.matching.judge_events import Judge
    from services.triage.matching.find_people import Likeness
    from shared.database import Database
    from shared.directory import Directory
    from shared.messaging.unit import Unit


_OWN = {("born", "exact"), ("phone", "exact"), ("email", "exact"), ("home", "same")}


# Often enough for people who come to a point's door, and too seldom to go through a list.
CHECKS_A_MINUTE: Final = 10
_ALLOWANCE: Final = Allowance(CHECKS_A_MINUTE)


class Checked(NamedTuple):
    """What a point is told: that somebody is known and who leads; the case where it is the point's own."""

    known: bool = False
    lead: str | None = None
    case: str | None = None


def take_turn(point: str, unit: Unit) -> int:
    """Count that a point asks, whichever process it asks; how many seconds it has to wait first, or none."""
    full_at = store.hold_checks_of(unit, point)
    standing, full_again = _ALLOWANCE.spend(full_at.timestamp(), 1, unit.now.timestamp())
    if not standing.wait:
        store.keep_checks_of(unit, point, dt.datetime.fromtimestamp(full_again, dt.UTC))
    return standing.wait


def check_person(
    point: str, mention: Mention, unit: Unit, database: Database, directory: Directory, judge: Judge
) -> Checked:
    """What this point may know of somebody: nothing, unless it is sure who they are.

    Of its own case a point knows anyway, of another's where it may be told (`may_be_told`). That somebody was
    found is written to the case's history with who asked, and never what was asked.
    """
    found = find_person(mention, unit.connection, database, unit.keys, judge)
    best = next((one for one in found.candidates if one.person == found.person), None)
    if found.verdict != "same" or best is None or not _more_than_a_name(best):
        return Checked()
    told = tellings_elsewhere(unit.connection, unit.keys.rest, [best.person])
    if not those_that_stand(told):
        return Checked()
    hold_cases(unit, database, {one.case_id for one in told})
    matched, answer = _may_know(point, best.person, told, unit, directory)
    History.of(unit).write(matched, "person_checked", point, {"answered": answer.known})
    return answer


def _more_than_a_name(found: Likeness) -> bool:
    """A name alone, however rare, is too little to tell of anybody."""
    return any((line.comparison, line.level) in _OWN for line in found.evidence.lines)


def _may_know(
    point: str, person: UUID, told: Sequence[Telling], unit: Unit, directory: Directory
) -> tuple[UUID, Checked]:
    """What may be told, and of which case: of open ones first, then of the newest."""
    words = words_of(person, by_case(told), unit)
    lives = Lives.of(unit)

    def by_weight(one: Telling) -> tuple[bool, int]:
        kept = lives.find(one.case_id)
        return kept is not None and kept.life.is_open, one.case_id.int  # ids grow with time

    newest = sorted(those_that_stand(told), key=by_weight, reverse=True)
    for one in newest:
        if point in (one.lead, one.team):
            return one.case_id, Checked(known=True, lead=one.lead or one.team, case=one.case)
    for one in newest:
        if may_be_told(point, one, words, directory):
            return one.case_id, Checked(known=True, lead=one.lead or one.team)
    return newest[0].case_id, Checked()
