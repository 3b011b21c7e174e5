"""Cases over HTTP: lists, one case whole, and what is done with it."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from services.triage.cases import described as told
from services.triage.cases import store
from services.triage.cases.assess_needs import AlreadyAssessed, assess_needs
from services.triage.cases.change_case import change_case
from services.triage.cases.find_households import find_households
from services.triage.cases.hold_case import NotNow, NotYours, Who, hold_case
from services.triage.cases.kinds import body_schema
from services.triage.cases.know_already import know_already
from services.triage.cases.needs_store import list_assessments, related_cases
from services.triage.cases.record_fact import record_fact
from services.triage.cases.refer_across import answer_support, answers_of, offer_support, open_offer
from services.triage.cases.schema import (
    ANSWER,
    ASSESSMENT,
    CROSS_REFERRAL,
    TRANSITION,
    read_assessment,
    read_body,
    read_cursor,
    read_record,
    read_states,
    read_transition,
    read_uuid,
    write_assessment,
    write_case,
    write_choices,
    write_cursor,
    write_known,
    write_line,
    write_offer,
    write_record,
    write_told,
)
from services.triage.cases.share_known import may_read
from services.triage.history.store import History, read_history
from services.triage.lives.store import Lives
from services.triage.move_case import situation_of, today_of
from services.triage.read_tables import read_tables
from shared.openapi import TEXT, THE_CURSOR, Answer, Asked, Takes, described, how_many
from shared.problems import Fault, NotFound, Unprocessable
from shared.web import as_json, json_body, open_to, the_caller, the_room, the_trace

if TYPE_CHECKING:
    from services.triage.send_case import Table
    from shared.service import Room
    from shared.web import Caller

api = Blueprint("cases", __name__)
_TAG = "Cases"
_MOST = 200
_SMALL = re.compile(r"[0-9]{1,3}")
COORDINATORS = ("coordinator", "supervisor")
AT_WORK = (*COORDINATORS, "facilitator")


def table_of(room: Room) -> Table:
    """The room's routing table, areas, targets and teams; read once."""
    settings = room.settings
    table: Table = room.keep(
        "table", lambda: read_tables(settings.routing, room.directory, settings.targets, settings.teams)
    )
    return table


def who_is(caller: Caller) -> Who:
    """Whoever asks, and whose cases they see."""
    sees = store.Sees(
        name=caller.name,
        everything=caller.role == "supervisor",
        team=caller.team if caller.role == "coordinator" else "",
    )
    return Who(caller.name, caller.role, caller.team, sees)


@api.get("/v1/cases")
@open_to(*AT_WORK)
@described(
    _TAG,
    asks=(
        Asked("state", TEXT, "One state, `open` (the default) or `any`."),
        Asked("owner", {"enum": ["me"]}, "Only the caller's own."),
        THE_CURSOR,
        how_many(_MOST),
    ),
    answers={200: Answer("A page of them.", told.CASES)},
)
def get_cases() -> dict[str, Any]:
    """The cases that the caller sees, those first whose next day comes first; no person is in the list."""
    faults = []
    limit = request.args.get("limit", "50")
    if not (_SMALL.fullmatch(limit) and 1 <= int(limit) <= _MOST):
        faults.append(Fault("/limit", "not_allowed", f"Ask for 1 to {_MOST}."))
    after = read_cursor(request.args["cursor"]) if "cursor" in request.args else None
    if "cursor" in request.args and after is None:
        faults.append(Fault("/cursor", "not_allowed", "Send the cursor as it was given."))
    if request.args.get("owner", "me") != "me":
        faults.append(Fault("/owner", "not_allowed", "Ask for me, or leave it out."))
    if faults:
        raise Unprocessable(errors=faults)
    states = read_states(request.args.get("state"))
    room, who = the_room(), who_is(the_caller())
    with room.database.reading() as connection:
        found = store.list_cases(
            connection,
            room.keys.rest,
            who.sees,
            states=states,
            owner=who.name if "owner" in request.args else None,
            after=after,
            limit=int(limit) + 1,
        )
    page, today = found[: int(limit)], today_of(room.clock())
    return {
        "cases": [write_case(seen, today) for seen in page],
        "next_cursor": write_cursor(page[-1]) if len(found) > len(page) else None,
    }


@api.get("/v1/cases/<case>")
@open_to(*AT_WORK)
@described(_TAG, asks=(told.THE_CASE,), answers={200: Answer("All of it.", told.WHOLE_CASE)})
def get_case(case: str) -> dict[str, Any]:
    """One case whole, with the people in it. Each look is written to the case's history."""
    return show_case(case, who_is(the_caller()))


def show_case(case: str, who: Who) -> dict[str, Any]:
    """The case as `GET` answers it; the look is written down."""
    room = the_room()
    with room.unit(the_trace()) as unit:
        seen = hold_case(case, who, unit, room.database, beside=related_cases)
        asked = know_already(seen, who, unit, room.directory)
        History.of(unit).write(seen.case.id, "looked_at", who.name, {"role": who.role})
        for other in asked.read_in:
            # What is known there is shown here: that is a look at that case too.
            # From which one is in that one's history: it is not for those who read this.
            History.of(unit).write(other, "known_read", who.name, {"role": who.role})
        unit.flush()
        offer = open_offer(seen.case.id, unit)
        roles = who.roles(seen, offer.to_team if offer else None, unit)
        case_id = seen.case.id
        elsewhere = {case for known in asked.people for case in known.elsewhere.values()}
        sees = store.cases_seen(unit.connection, who.sees, elsewhere)
        return {
            **write_case(seen, today_of(unit.now)),
            "why": seen.case.why_there.get("why", ""),
            "choices": write_choices(seen, roles, situation_of(seen.case, seen.kept, unit)),
            "referrals": [write_told(one) for one in asked.told],
            "records": [write_record(one) for one in Lives.of(unit).records(case_id)],
            "assessments": [write_assessment(one) for one in asked.assessed],
            "asked": [write_known(known, sees) for known in asked.people],
            "cross_referrals": [
                write_offer(one) | {"answers": list(answers_of(one, seen, who, unit))}
                for one in store.list_cross_referrals(unit.connection, case_id)
            ],
            "households": [one._asdict() for one in find_households(case_id, who.sees, unit, room.database)],
            "reviews": [str(one) for one in store.open_reviews_of(unit.connection, who.sees, case_id)]
            if who.role in COORDINATORS
            else [],
            "history": [write_line(line) for line in read_history(unit.connection, case_id)],
        }


@api.post("/v1/cases/<case>/transitions")
@open_to(*AT_WORK)
@described(
    _TAG,
    asks=(told.THE_CASE,),
    takes=Takes(
        TRANSITION,
        {"On hold": {"transition": "hold", "reason": "H-MORE-TIME", "review_on": "2026-04-20"}},
    ),
    answers={200: Answer("The case as it is now.", told.CASE)},
    problems=(NotNow, NotYours),
)
def post_transition(case: str) -> dict[str, Any]:
    """Move a case: docs/cases.md has the table of what may happen from where, by whom, and when."""
    room = the_room()
    name, given = read_transition(json_body())
    with room.unit(the_trace()) as unit:
        seen = change_case(case, name, given, who_is(the_caller()), unit, room.database, table_of(room))
        return write_case(seen, today_of(unit.now))


@api.post("/v1/cases/<case>/records")
@open_to(*AT_WORK)
@described(
    _TAG,
    asks=(told.THE_CASE,),
    takes=Takes(
        body_schema(),
        {
            "A consent": {
                "kind": "consent",
                "says": {"side": "initiator", "to": "approach_other", "decision": "given"},
            }
        },
    ),
    answers={201: Answer("The case as it is now.", told.CASE)},
    problems=(NotNow, NotYours),
)
def post_record(case: str) -> Response:
    """Record something in a case: a consent, an attempt to be in contact, an assessment of risk."""
    room = the_room()
    kind, says, on = read_record(json_body())
    with room.unit(the_trace()) as unit:
        seen = record_fact(case, kind, says, on, who_is(the_caller()), unit, room.database, table_of(room))
        return as_json(write_case(seen, today_of(unit.now)), HTTPStatus.CREATED)


@api.get("/v1/cases/<case>/assessments")
@open_to(*AT_WORK)
@described(_TAG, asks=(told.THE_CASE,), answers={200: Answer("Those that may be read.", told.ASSESSMENTS)})
def get_assessments(case: str) -> dict[str, Any]:
    """The needs that were recorded, by the caller's own team or shared with the person's consent."""
    room, who = the_room(), who_is(the_caller())
    with room.unit(the_trace()) as unit:
        seen = hold_case(case, who, unit, room.database)
        History.of(unit).write(seen.case.id, "assessments_read", who.name, {"role": who.role})
        found = list_assessments(unit.connection, unit.keys.rest, [seen.case.id])
        team = who.team_in(seen, unit)
    return {"assessments": [write_assessment(one) for one in found if may_read(one, who, team)]}


@api.post("/v1/cases/<case>/assessments")
@open_to(*AT_WORK)
@described(
    _TAG,
    asks=(told.THE_CASE,),
    takes=Takes(
        ASSESSMENT,
        {
            "At the start": {
                "side": "initiator",
                "stage": "start",
                "shared": True,
                "needs": {"outlook": {"level": 3}},
                "wishes": ["explanation"],
            }
        },
    ),
    answers={201: Answer("As it is kept.", told.ASSESSED)},
    problems=(AlreadyAssessed,),
)
def post_assessment(case: str) -> Response:
    """Record what somebody needs, in the eight categories, and what they wish for.

    Who was asked already, in this case or at another point that shares it, is not asked again: 409 says who
    asked them and when.
    """
    room = the_room()
    said = read_assessment(json_body())
    with room.unit(the_trace()) as unit:
        kept = assess_needs(case, said, who_is(the_caller()), unit, room.database, room.directory)
    return as_json(write_assessment(kept), HTTPStatus.CREATED)


@api.get("/v1/cases/<case>/cross-referrals")
@open_to(*AT_WORK)
@described(_TAG, asks=(told.THE_CASE,), answers={200: Answer("All of them.", told.OFFERS)})
def get_cross_referrals(case: str) -> dict[str, Any]:
    """The offers of a case to other teams, and what became of them."""
    room, who = the_room(), who_is(the_caller())
    with room.unit(the_trace()) as unit:
        seen = hold_case(case, who, unit, room.database)
        found = store.list_cross_referrals(unit.connection, seen.case.id)
    return {"cross_referrals": [write_offer(one) for one in found]}


@api.post("/v1/cases/<case>/cross-referrals")
@open_to(*AT_WORK)
@described(
    _TAG,
    asks=(told.THE_CASE,),
    takes=Takes(CROSS_REFERRAL, {"To the victim care service": {"to": "vcas"}}),
    answers={201: Answer("The offer.", told.OFFER)},
    problems=(NotNow, NotYours),
)
def post_cross_referral(case: str) -> Response:
    """Ask another point to help in a case; it comes back when nobody accepts in time.

    Who is to take the case over altogether is asked with the transition `transfer`.
    """
    room = the_room()
    said = read_body(json_body(), CROSS_REFERRAL)
    with room.unit(the_trace()) as unit:
        offer = offer_support(case, said["to"], who_is(the_caller()), unit, room.database, table_of(room))
    return as_json(write_offer(offer), HTTPStatus.CREATED)


@api.post("/v1/cases/<case>/cross-referrals/<offer_id>/answer")
@open_to(*AT_WORK)
@described(
    _TAG,
    asks=(told.THE_CASE, Asked("offer_id", TEXT, "The id of the offer.", "path")),
    takes=Takes(ANSWER, {"Accepted": {"answer": "accepted"}}),
    answers={200: Answer("The offer with its answer.", told.OFFER)},
    problems=(NotNow, NotYours),
)
def post_answer(case: str, offer_id: str) -> dict[str, Any]:
    """Accept or refuse what was offered, or take the offer back."""
    room = the_room()
    said = read_body(json_body(), ANSWER)
    wanted = read_uuid(offer_id)
    if wanted is None:
        raise NotFound
    with room.unit(the_trace()) as unit:
        offer = answer_support(
            case, wanted, said["answer"], said.get("reason"), who_is(the_caller()), unit, room.database
        )
    return write_offer(offer)
