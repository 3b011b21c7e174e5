"""Record what somebody needs and wishes for, once: the next point reads it, and asks nothing again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from services.triage.cases.hold_case import hold_case
from services.triage.cases.know_already import know_already
from services.triage.cases.needs_store import Assessment, add_assessment, related_cases
from services.triage.history.store import History
from shared.identity import new_id
from shared.problems import Conflict, Fault, Unprocessable
from shared.working_time import LONDON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.triage.cases.hold_case import Who
    from services.triage.cases.know_already import Asked, Known, Source
    from shared.database import Database
    from shared.directory import Directory
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


@dataclass(frozen=True)
class Said:
    """What somebody said: at which stage, whether others may see it, and why they were asked again if so.

    `mention` is the referral and the place in it of whoever it is; without one it is the side's only person.
    """

    side: str
    stage: str
    shared: bool
    needs: dict[str, Any] = field(default_factory=dict)
    wishes: tuple[str, ...] = ()
    again: str | None = None
    mention: tuple[str, int] | None = None


def assess_needs(
    reference: str, said: Said, who: Who, unit: Unit, database: Database, directory: Directory
) -> Assessment:
    """The assessment as it is kept.

    `AlreadyAssessed`, with who asked and when, where this case or another in which the person is has the
    answer already, and it may be read here.
    """
    seen = hold_case(reference, who, unit, database, beside=related_cases)
    asked = know_already(seen, who, unit, directory)
    person = _person(asked, said)
    if said.again is None:
        _check_not_asked(person, said, asked.assessed, directory)
    mention = (said.mention or person.mentions[0]) if person is not None else (None, None)
    assessment = Assessment(
        new_id(),
        seen.case.id,
        person.side if person is not None else said.side,
        seen.kept.lead,
        # A supervisor records for whoever has the case.
        seen.case.team if who.role == "supervisor" else who.team_in(seen, unit),
        said.stage,
        said.shared,
        unit.now,
        who.name,
        said.needs,
        said.wishes,
        *mention,
    )
    add_assessment(unit, assessment)
    detail = {
        "assessment": str(assessment.id),
        "side": assessment.side,
        "stage": said.stage,
        "shared": said.shared,
    } | ({"again": said.again} if said.again else {})
    History.of(unit).write(seen.case.id, "assessed", who.name, detail)
    return assessment


def _person(asked: Asked, said: Said) -> Known | None:
    """Whoever it is about; None where the side has nobody, or more than one and nobody said who."""
    if said.mention is not None:
        for known in asked.people:
            if said.mention in known.mentions:
                return known
        told = "Send a referral of this case and the place of somebody in it, from 0."
        raise Unprocessable(errors=[Fault("/person", "not_in_case", told)])
    beside = [known for known in asked.people if known.side == said.side]
    return beside[0] if len(beside) == 1 else None


def _check_not_asked(
    person: Known | None, said: Said, here: Sequence[Assessment], directory: Directory
) -> None:
    if person is None:
        # Of a side with more than one person: whoever was asked there was asked for all of them.
        if any((one.side, one.stage) == (said.side, said.stage) for one in here):
            raise AlreadyAssessed
        return
    sources = [*_of_needs(person, said)] if said.needs else []
    if said.wishes:
        sources += [source for source, _ in person.wishes]
    if sources:
        newest = max(sources, key=lambda source: source.at)
        day = newest.at.astimezone(LONDON).date()
        message = f"{directory.name_of(newest.point)} asked them on {day:%-d %B %Y}."
        raise AlreadyAssessed(message)


def _of_needs(person: Known, said: Said) -> Iterator[Source]:
    """Who has asked what they need: at the start wherever it was, at the end in this case."""
    for source, one in person.needs:
        if one.stage == said.stage and (said.stage == "start" or not source.case):
            yield source
