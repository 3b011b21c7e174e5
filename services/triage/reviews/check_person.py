"""An assessment point asks whether somebody is known, and who leads, so that nobody asks them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.triage.history.store import History
from services.triage.lives.store import hold_cases
from services.triage.matching.find_people import find_person
from services.triage.reviews import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.triage.domain.matching.accounts import Mention
    from services.triage.domain.matching.judge_events import Judge
    from services.triage.matching.find_people import Likeness
    from services.triage.reviews.store import Telling
    from shared.database import Database
    from shared.directory import Directory
    from shared.messaging.unit import Unit


_OWN = {("born", "exact"), ("phone", "exact"), ("email", "exact"), ("home", "same")}


class Checked(NamedTuple):
    """What a point is told: that somebody is known and who leads; the case where it is the point's own."""

    known: bool = False
    lead: str | None = None
    case: str | None = None


def check_person(
    point: str, mention: Mention, unit: Unit, database: Database, directory: Directory, judge: Judge
) -> Checked:
    """What this point may know of somebody: nothing, unless it is sure who they are.

    Of its own case a point knows anyway. Of another's only where the two points have agreed to share and the
    person agreed to sharing, and has refused it nowhere. That somebody was found is written to the case's
    history with who asked, and never what was asked.
    """
    found = find_person(mention, unit.connection, database, unit.keys, judge)
    best = next((one for one in found.candidates if one.person == found.person), None)
    if found.verdict != "same" or best is None or not _more_than_a_name(best):
        return Checked()
    told = store.tellings_of(unit.connection, unit.keys.rest, best.person)
    if not told:
        return Checked()
    matched, answer = _may_know(point, told, directory)
    hold_cases(unit, database, [matched.case_id])
    History.of(unit).write(matched.case_id, "person_checked", point, {"answered": answer.known})
    return answer


def _more_than_a_name(found: Likeness) -> bool:
    """A name alone, however rare, is too little to tell of anybody."""
    return any((line.comparison, line.level) in _OWN for line in found.evidence.lines)


def _may_know(point: str, told: Sequence[Telling], directory: Directory) -> tuple[Telling, Checked]:
    for one in told:
        if point in (one.lead, one.team):
            return one, Checked(known=True, lead=one.lead, case=one.case)
    consented = any(one.sharing == "given" for one in told) and not any(
        one.sharing == "refused" for one in told
    )
    for one in told:
        if consented and directory.share(point, one.lead):
            return one, Checked(known=True, lead=one.lead)
    return told[0], Checked()
