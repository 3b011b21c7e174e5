"""Offer a case, or a part of the work in it, to another point; it is theirs when they accept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.triage.assign_case import find_owner, tell_of_giving
from services.triage.cases import store
from services.triage.cases.hold_case import NotNow, NotYours, hold_case
from services.triage.domain.life import reasons
from services.triage.domain.life.guards import GUARDS, Given
from services.triage.domain.life.moving import STOP
from services.triage.domain.life.situation import Record
from services.triage.domain.teams.assigning import Task
from services.triage.history.store import SYSTEM, History, read_history
from services.triage.lives.store import Lives, hold_cases
from services.triage.move_case import due_of, situation_of, today_of, try_to_move
from services.triage.send_case import conflicts_in, hand_over
from services.triage.store import Register
from shared.contracts import CaseDue, CaseRouted
from shared.identity import new_id
from shared.problems import Fault, NotFound, Unprocessable

if TYPE_CHECKING:
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.cases.store import CrossReferral, Seen
    from services.triage.send_case import Table
    from services.triage.store import Case
    from shared.database import Database
    from shared.messaging.unit import Unit

ANSWERS: Final = ("accepted", "refused", "withdrawn")
_MOST: Final = 200
NOT_IN_TIME: Final = "R-NOT-IN-TIME"
SHARING_ENDED: Final = "R-SHARING-ENDED"


def offer_support(
    reference: str, to_team: str, who: Who, unit: Unit, database: Database, table: Table
) -> CrossReferral:
    """Ask another team to help; the lead stays where it is. Whoever asked for help has agreed to that."""
    seen = hold_case(reference, who, unit, database)
    _check_has_case(who, seen)
    check_team(to_team, seen.case, table)
    if not seen.kept.life.is_open:
        message = "The case is closed."
        raise NotNow(message)
    if not situation_of(seen.case, seen.kept, unit).may_share:
        raise NotNow(GUARDS["sharing_agreed"].why)
    if any(
        one.to_team == to_team
        and (one.state == "offered" or (one.purpose, one.state) == ("support", "accepted"))
        for one in store.list_cross_referrals(unit.connection, seen.case.id)
    ):
        message = "That team has been asked already."
        raise NotNow(message)
    return _offer(seen.case, to_team, "support", who.name, who.team_in(seen, unit), unit, table)


def _check_has_case(who: Who, seen: Seen) -> None:
    """Refuse a facilitator who only works with the case: other teams are asked by whoever has it."""
    if _only_facilitates(who, seen):
        message = "That is for whoever has the case, or a supervisor."
        raise NotYours(message)


def _only_facilitates(who: Who, seen: Seen) -> bool:
    return who.role == "facilitator" and who.name != seen.kept.life.owner


def check_team(to_team: str, case: Case, table: Table) -> None:
    """Refuse a team that there is none of, or that has the case."""
    if to_team not in table.teams.work:
        known = ", ".join(sorted(table.teams.work))
        raise Unprocessable(errors=[Fault("/to", "not_allowed", f"One of {known}.")])
    if to_team == case.team:
        raise Unprocessable(errors=[Fault("/to", "not_allowed", "That team has the case.")])


def offer_lead(case: Case, to_team: str, by: str, from_team: str, unit: Unit, table: Table) -> None:
    """The case was offered to another service; where that is a team of the hub, it is asked to take it.

    Which other service it is stands in a record, in the words of whoever offered it.
    """
    if to_team in table.teams.work:
        check_team(to_team, case, table)
        _offer(case, to_team, "lead", by, from_team or case.team, unit, table)
        return
    offered = Record("offered_elsewhere", {"service": to_team}, today_of(unit.now), by)
    Lives.of(unit).record(case.id, offered)


def _offer(
    case: Case, to_team: str, purpose: str, by: str, from_team: str, unit: Unit, table: Table
) -> CrossReferral:
    kept = Lives.of(unit).find(case.id)
    assert kept is not None  # noqa: S101 - it is held
    today = today_of(unit.now)
    due_on = due_of(case, kept, table.targets, today)("see_transfer_accepted")
    one = store.CrossReferral(new_id(), case.id, from_team, to_team, purpose, "offered", unit.now, by, due_on)
    store.add_cross_referral(unit, one)
    # Whoever would have it is asked; nobody has it more than before until they accept.
    task = Task(today, due_on, "specialist_pair" in kept.gates, conflicts_in(case, kept, unit))
    asked = find_owner(to_team, task, table.teams, table.loads, unit).owner
    detail = {"to": to_team, "purpose": purpose, "due_on": due_on, "cross_referral": str(one.id)}
    History.of(unit).write(case.id, "offered", by, detail | {"asked": asked})
    unit.say(
        CaseDue(
            case=case.reference,
            to_team=to_team,
            owner=asked,
            task="answer_offer",
            due_on=due_on,
            kind="begun",
            said_at=unit.now,
        )
    )
    return one


def open_offer(case_id: UUID, unit: Unit) -> CrossReferral | None:
    """The offer of the case itself that waits for an answer."""
    offers = store.list_cross_referrals(unit.connection, case_id)
    return next((one for one in offers if (one.purpose, one.state) == ("lead", "offered")), None)


def answer_lead(seen: Seen, name: str, given: Given, by: str, unit: Unit, table: Table) -> Seen:
    """The case was moved by an answer to its offer: keep the answer, and who has it now."""
    if name == "record_acceptance":
        outside = Record("accepted_elsewhere", {"by": given.accepted_by}, today_of(unit.now), by)
        Lives.of(unit).record(seen.case.id, outside)
    offer = open_offer(seen.case.id, unit)
    accepted = name != "refuse_transfer"
    if offer is not None:
        _answer(offer, seen.case, "accepted" if accepted else "refused", by, given.reason or None, unit)
    if name != "accept_transfer" or offer is None:
        return seen
    case = seen.case._replace(
        team=offer.to_team,
        why_there={**seen.case.why_there, "team": offer.to_team, "row": 0, "why": "Accepted from another."},
    )
    store.change_team(unit, case)
    Lives.of(unit).change(case.id, replace(seen.kept, lead=offer.to_team))
    if before := store.give_to(unit, case.id, ()):
        # Whoever worked with it for the team that gave it away does not any more; the new team names its own.
        nobody = Record("facilitators", {"who": []}, today_of(unit.now), by)
        Lives.of(unit).record(case.id, nobody)
        tell_of_giving(case, (), before, by, unit)
    kept = hand_over(case, replace(seen.kept, lead=offer.to_team), unit, table, is_routed=True)
    for referral in store.references_in(unit.connection, case.id)[:1]:
        unit.say(
            CaseRouted(
                case=case.reference,
                referral=referral,
                to_team=case.team,
                routed_at=unit.now,
                released=True,
            )
        )
    return store.Seen(case, kept)


def answer_support(
    reference: str,
    offer_id: UUID,
    answer: str,
    reason: str | None,
    who: Who,
    unit: Unit,
    database: Database,
) -> CrossReferral:
    """The offer with its answer. Whoever was asked accepts or refuses; whoever asked may take it back."""
    seen = hold_case(reference, who, unit, database)
    _check_has_case(who, seen)
    offers = store.list_cross_referrals(unit.connection, seen.case.id)
    offer = next((one for one in offers if one.id == offer_id), None)
    if offer is None:
        raise NotFound
    if offer.purpose == "lead":
        message = (
            "The case itself was offered: answer with the transition accept_transfer or refuse_transfer."
        )
        raise NotNow(message)
    if offer.state != "offered":
        message = f"It was {offer.state}."
        raise NotNow(message)
    if answer not in answers_of(offer, seen, who, unit):
        message = f"That is for the team {_whose(offer, answer)}."
        raise NotYours(message)
    if answer == "refused" and reason not in reasons.REFUSALS:
        told = f"One of {', '.join(reasons.REFUSALS)}."
        raise Unprocessable(errors=[Fault("/reason", "required", told)])
    if answer == "refused" and seen.kept.life.is_open:
        # Whoever asked looks for other help now.
        assert seen.kept.life.next_on is not None  # noqa: S101 - it is open
        unit.say(
            CaseDue(
                case=seen.case.reference,
                to_team=seen.case.team,
                owner=seen.kept.life.owner,
                task="offer_refused",
                due_on=seen.kept.life.next_on,
                kind="begun",
                said_at=unit.now,
            )
        )
    return _answer(offer, seen.case, answer, who.name, reason, unit)


def answers_of(offer: CrossReferral, seen: Seen, who: Who, unit: Unit) -> tuple[str, ...]:
    """What of `ANSWERS` this person may give to an offer of help, while it waits for one."""
    if (offer.purpose, offer.state) != ("support", "offered") or _only_facilitates(who, seen):
        return ()
    teams = (who.team, who.team_in(seen, unit))
    return tuple(one for one in ANSWERS if who.role == "supervisor" or _whose(offer, one) in teams)


def _whose(offer: CrossReferral, answer: str) -> str:
    """The team that may answer so: whoever asked takes it back, whoever was asked accepts or refuses."""
    return offer.from_team if answer == "withdrawn" else offer.to_team


def _answer(
    offer: CrossReferral, case: Case, state: str, by: str, reason: str | None, unit: Unit
) -> CrossReferral:
    """The offer with its answer; whoever was asked is not reminded of it any more."""
    kept = Lives.of(unit).find(case.id)
    for line in read_history(unit.connection, case.id):
        asked = line.detail.get("asked") if line.detail.get("cross_referral") == str(offer.id) else None
        if asked and kept is not None and asked != kept.life.owner:
            tell_of_giving(case, (), {asked}, by, unit)
    answered = replace(offer, state=state, answered_at=unit.now, answered_by=by, reason=reason)
    store.answer_cross_referral(unit, answered)
    detail = {"to": offer.to_team, "purpose": offer.purpose, "cross_referral": str(offer.id)}
    History.of(unit).write(
        offer.case_id, f"offer_{state}", by, detail | ({"reason": reason} if reason else {})
    )
    return answered


def return_unanswered(unit: Unit, database: Database, table: Table) -> int:
    """What nobody has answered in time goes back to whoever offered it; how many did."""
    overdue = store.overdue_offers(unit, today_of(unit.now), _MOST)
    hold_cases(unit, database, [offer.case_id for offer, _ in overdue])
    told = 0
    for found, reference in overdue:
        offers = store.list_cross_referrals(unit.connection, found.case_id)
        offer = next(one for one in offers if one.id == found.id)
        if offer.state != "offered":
            continue  # somebody has answered meanwhile
        told += 1
        case = store.find_case(unit.connection, offer.case_id)
        _answer(offer, case, "returned", "triage", NOT_IN_TIME, unit)
        if offer.purpose == "lead":
            try_to_move(case, "expire_transfer", unit, table.targets)
            _goes_back_to_triage(offer.case_id, unit)
        kept = Lives.of(unit).find(offer.case_id)
        unit.say(
            CaseDue(
                case=reference,
                to_team=offer.from_team if offer.from_team in table.teams.work else case.team,
                owner=kept.life.owner if kept is not None else offer.offered_by,
                task="offer_returned",
                due_on=offer.due_on,
                kind="breach",
                said_at=unit.now,
                travels="urgent",
            )
        )
    return told


def end_sharing_where_refused(case_id: UUID, unit: Unit, table: Table) -> None:
    """A referral was triaged into this case: if one of them says no to sharing, it may be with others."""
    kept, case = Lives.of(unit).find(case_id), Register.of(unit).case(case_id)
    if kept is None or case.opened_at == unit.now:
        return  # it was opened just now, and is with nobody else
    facts = kept.facts
    if facts.sharing_refused or facts.sharing_refused_on or facts.other_sharing_refused_on:
        end_sharing(case, unit, table)


def end_sharing(case: Case, unit: Unit, table: Table, by: str = SYSTEM) -> None:
    """Where it is not agreed any more that another service is told, nobody else sees the case.

    What was offered is taken back, and who was asked to help helps no more: whoever does is told to contact
    nobody. `by` is who recorded it.
    """
    kept = Lives.of(unit).find(case.id)
    if kept is None or situation_of(case, kept, unit).may_share:
        return
    for offer in store.list_cross_referrals(unit.connection, case.id):
        helps = (offer.purpose, offer.state) == ("support", "accepted")
        if not helps and offer.state != "offered":
            continue
        _answer(offer, case, "withdrawn", by, SHARING_ENDED, unit)
        if helps:
            unit.say(
                CaseDue(
                    case=case.reference,
                    to_team=offer.to_team,
                    owner=offer.answered_by or "",
                    task=STOP,
                    due_on=today_of(unit.now),
                    kind="begun",
                    said_at=unit.now,
                    travels="urgent",
                )
            )
    given = Given(reason=SHARING_ENDED)
    told = store.references_in(unit.connection, case.id)
    try_to_move(case, "refuse_transfer", unit, table.targets, given=given, referrals=told)
    _goes_back_to_triage(case.id, unit)


def _goes_back_to_triage(case_id: UUID, unit: Unit) -> None:
    """A case that paused, or went on in another, while it was offered is not offered when it goes on."""
    kept = Lives.of(unit).find(case_id)
    if kept is not None and kept.life.before == "transfer_sent":
        Lives.of(unit).change(case_id, replace(kept, life=replace(kept.life, before="triage")))
