"""Record something in a case, and see to it that what is next is still right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.triage.cases import store
from services.triage.cases.hold_case import NotNow, NotYours, hold_case
from services.triage.cases.kinds import KINDS
from services.triage.cases.learn_of_case import learn_of_consent, learn_of_court, learn_of_strand
from services.triage.cases.needs_store import related_cases
from services.triage.cases.place_case import know_need, place_case
from services.triage.cases.refer_across import end_sharing
from services.triage.domain.life.situation import Record, is_overtaken
from services.triage.history.store import History
from services.triage.lives.store import Lives
from services.triage.mind_conflicts import declare
from services.triage.move_case import settle_task, today_of
from shared.problems import Fault, Unprocessable

if TYPE_CHECKING:
    import datetime as dt

    from services.triage.cases.hold_case import Who
    from services.triage.cases.store import Seen
    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.database import Database
    from shared.messaging.unit import Unit


def is_there_already(
    reference: str, record: Record, after: int, who: Who, unit: Unit, database: Database
) -> bool:
    """Whether this was sent before; `after` is how many of its kind there were when it was written.

    What is sent twice is one record. Whoever wrote while somebody else recorded the same kind looks first.
    """
    seen = hold_case(reference, who, unit, database)
    known = [one for one in Lives.of(unit).records(seen.case.id) if one.kind == record.kind]
    since = known[after:]
    if since and record not in since:
        message = f"{since[-1].who} has recorded the same kind of thing meanwhile. Look at the case first."
        raise NotNow(message)
    return bool(since)


def record_fact(
    reference: str,
    kind: str,
    says: dict[str, Any],
    on: dt.date | None,
    who: Who,
    unit: Unit,
    database: Database,
    table: Table,
) -> Seen:
    """The case with one more record. The history says that and by whom; what it says is sealed beside it.

    Whoever withdraws is left in peace at once: the next task is then to stop contact, and to decide.
    """
    # Who knows somebody in this case has none of the others in which one of its people is.
    beside = related_cases if kind == "conflict" else None
    seen = hold_case(reference, who, unit, database, beside=beside)
    if not seen.kept.life.is_open:
        message = "The case is closed. Reopen it first."
        raise NotNow(message)
    if KINDS[kind].supervisor and "supervisor" not in who.roles(seen, None, unit):
        message = "That is for a supervisor who does not facilitate the case."
        raise NotYours(message)
    if kind == "conflict" and says["staff"] not in table.teams.everybody:
        raise Unprocessable(errors=[Fault("/says/staff", "not_allowed", "Nobody here has that address.")])
    day = on or today_of(unit.now)
    if day > today_of(unit.now):
        message = "Nothing is recorded before it has happened."
        raise NotNow(message)
    record = Record(kind, says, day, who.name)
    is_late = is_overtaken(record, Lives.of(unit).records(seen.case.id))
    record_id = Lives.of(unit).record(seen.case.id, record)
    History.of(unit).write(
        seen.case.id, "recorded", who.name, {"kind": kind, "record": str(record_id), "role": who.role}
    )
    # Of what is so since a later day it tells only how it was before.
    case = seen.case if is_late else _learn(record, seen.case, unit, database, table)
    settle_task(case, unit, table.targets, who.name)
    return store.Seen(case, Lives.of(unit).find(seen.case.id) or seen.kept)


def _learn(record: Record, case: Case, unit: Unit, database: Database, table: Table) -> Case:
    """The case, where what was recorded changes what is known outside of its records."""
    says = record.says
    if record.kind == "area":
        return place_case(case, says["value"], unit, table)
    if record.kind == "safe_contact" and says["value"]:
        return know_need(case, "safe_contact", unit, table)
    if record.kind == "consent_to_refer":
        return know_need(case, "consent_to_refer", unit, table)
    if record.kind == "strand":
        return learn_of_strand(case, says["value"], unit)
    if record.kind == "court":
        learn_of_court(case, says, unit, table)
    if record.kind == "consent" and says["to"] == "sharing":
        learn_of_consent(case, says, unit)
        end_sharing(case, unit, table, record.who)
    if record.kind == "conflict":
        declare(case.id, says["staff"], unit, database, table, knows=says.get("knows", True))
    return case
