"""Look at a question: both records side by side and why it is one; the look is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.triage.domain.matching.frequencies import NOTHING_COUNTED
from services.triage.domain.matching.judge_events import Judge
from services.triage.history.store import History
from services.triage.lives.store import hold_cases
from services.triage.matching.read_model import NoSuchModel, read_model
from services.triage.matching.short_forms import canonicals
from services.triage.matching.store import read_frequencies
from services.triage.reviews import store
from services.triage.reviews.side_by_side import Side, side_by_side
from shared.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.reviews.side_by_side import Field
    from services.triage.reviews.store import Beside, Compared, Question, Said, Whole
    from shared.database import Database
    from shared.directory import Directory
    from shared.messaging.unit import Unit


@dataclass(frozen=True)
class Shown:
    """A question as somebody sees it; evidence and words only where they see both records.

    `replayed` says whether the same model, frequencies and versions give the same weight again; None where
    one of them is not there any more, or a record was amended since.
    """

    question: Question
    fields: list[Field]
    compared: Compared | None = None
    said: tuple[Said, ...] = ()
    replayed: bool | None = None


def look_at_review(review_id: UUID, who: Who, unit: Unit, database: Database, directory: Directory) -> Shown:
    """The question, with what this person may see of it; `NotFound` where they see neither record.

    The look is written to the histories of both cases, with who.
    """
    connection, ring = unit.connection, unit.keys.rest
    question = store.find_question(connection, who.sees, review_id)
    if question is None:
        raise NotFound
    looked_at = sorted({beside.case_id for beside in question.both})
    hold_cases(unit, database, looked_at)
    for case_id in looked_at:
        detail = {"review": str(review_id), "role": who.role, "both": question.seen}
        History.of(unit).write(case_id, "review_looked_at", who.name, detail)
    whole = store.find_whole(connection, ring, [b.reference for b in question.both if b.seen])
    sides = tuple(_side(beside, whole, directory) for beside in question.both)
    if not question.seen:
        return Shown(question, side_by_side(sides))
    one, other = (whole[beside.reference] for beside in question.both)
    compared = store.find_compared(connection, one.reference, other.reference)
    people = compared.evidence.get("people", ()) if compared else ()
    return Shown(
        question,
        side_by_side(sides, people),
        compared,
        tuple(store.list_said(connection, ring, one.reference, other.reference)),
        replay(compared, one, other, unit) if compared else None,
    )


def _side(beside: Beside, whole: Mapping[str, Whole], directory: Directory) -> Side | None:
    if not beside.seen:
        return None
    agency = directory.agencies.get(beside.agency)
    return Side(agency.name if agency else beside.agency, whole[beside.reference].content)


def replay(compared: Compared, one: Whole, other: Whole, unit: Unit) -> bool | None:
    """Whether the two weigh the same again, by the model and the frequencies that the verdict names."""
    evidence = compared.evidence
    if one.account is None or other.account is None or evidence["versions"] != [one.version, other.version]:
        return None
    try:
        model = read_model(evidence["model"])
    except NoSuchModel:
        return None
    version = int(evidence["frequencies"])
    counted = read_frequencies(unit.connection, unit.keys.rest, version) if version else NOTHING_COUNTED
    if counted is None:
        return None
    again = Judge(model, counted, canonicals).events(one.account, other.account).evidence
    return round(again.bits * 1000) == round(compared.bits * 1000)
