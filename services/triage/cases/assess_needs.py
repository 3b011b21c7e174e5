"""Record what somebody needs, once: the next point reads it where the person agreed, and asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.triage.cases import store
from services.triage.cases.hold_case import hold_case
from services.triage.history.store import History
from shared.identity import new_id
from shared.problems import Conflict

if TYPE_CHECKING:
    from services.triage.cases.hold_case import Who
    from services.triage.cases.store import Assessment
    from shared.database import Database
    from shared.messaging.unit import Unit

# The eight categories of need of the Ministry of Justice's commissioning framework of 2013 (DOMAIN §7.1).
CATEGORIES: Final = {
    "health": "Mental and physical health",
    "accommodation": "Shelter and accommodation",
    "family": "Family, friends and children",
    "work": "Education, skills and employment",
    "substances": "Drugs and alcohol",
    "money": "Finance and benefits",
    "outlook": "Outlook and attitudes",
    "social": "Social interactions",
}
HIGHEST: Final = 5  # from 0, no need, to 5, the greatest


class AlreadyAssessed(Conflict):
    """Somebody has asked this person already, and you may read what they said."""

    code = "already_assessed"
    advice = (
        "GET the assessments of the case. If things have changed, send it again with a reason in `again`."
    )


def assess_needs(  # noqa: PLR0913 - whose needs, as who saw them, when, and with whose consent
    reference: str,
    side: str,
    stage: str,
    needs: dict[str, Any],
    who: Who,
    unit: Unit,
    database: Database,
    *,
    shared: bool,
    again: str | None,
) -> Assessment:
    """The assessment as it is kept; `AlreadyAssessed` where another point's can be read instead."""
    seen = hold_case(reference, who, unit, database)
    known = store.list_assessments(unit.connection, unit.keys.rest, seen.case.id)
    asked = [one for one in known if (one.side, one.stage) == (side, stage)]
    if again is None and any(one.shared or one.team == who.team for one in asked):
        raise AlreadyAssessed
    assessment = store.Assessment(
        new_id(), seen.case.id, side, seen.kept.lead, who.team, stage, shared, unit.now, who.name, needs
    )
    store.add_assessment(unit, assessment)
    detail = {"assessment": str(assessment.id), "side": side, "stage": stage, "shared": shared}
    History.of(unit).write(seen.case.id, "assessed", who.name, detail | ({"again": again} if again else {}))
    return assessment


def may_read(assessment: Assessment, who: Who) -> bool:
    """Whether somebody may see it: of their own team, or because the person agreed to that."""
    return assessment.shared or assessment.team == who.team
