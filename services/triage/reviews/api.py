"""Reviews over HTTP: what waits for a human's word, the word, and undoing a merge."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from services.triage.cases.api import COORDINATORS, table_of, who_is
from services.triage.cases.described import THE_CASE
from services.triage.cases.hold_case import NotYours
from services.triage.cases.schema import read_uuid
from services.triage.matching.desk import desk_of
from services.triage.move_case import today_of
from services.triage.reviews import described as told
from services.triage.reviews import store
from services.triage.reviews.check_person import CHECKS_A_MINUTE, check_person, take_turn
from services.triage.reviews.decide_review import AlreadyDecided, decide_review
from services.triage.reviews.hold_neighbourhood import Office, Stale
from services.triage.reviews.know_agencies import agency_of
from services.triage.reviews.look_at_review import look_at_review
from services.triage.reviews.schema import (
    DECISION,
    PERSON,
    SEPARATION,
    STATES,
    read_cursor,
    read_decision,
    read_person,
    read_separation,
    read_state,
    write_checked,
    write_question,
    write_shown,
)
from services.triage.reviews.separate_case import separate_case
from shared.contracts.referral import AssessmentPoint, codes
from shared.openapi import THE_CURSOR, Answer, Asked, Takes, described, how_many
from shared.problems import Fault, NotFound, TooMany, Unprocessable
from shared.web import AGENCY, Caller, json_body, open_to, the_caller, the_room, the_trace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.reviews.look_at_review import Shown
    from shared.service import Room

api = Blueprint("reviews", __name__)
POINTS = codes(AssessmentPoint)
# An answer takes longer to find where somebody is known: whoever times it must not see that.
_ANSWERED_AFTER = 0.1  # seconds
_NO_POINT = "Only the four assessment points may ask this, each with its own key."
_TAG = "Reviews"
_MOST = 200
_SMALL = re.compile(r"[0-9]{1,3}")


def office_of(room: Room) -> Office:
    """What a human's word is settled with in this room."""
    return Office(room.database, table_of(room), desk_of(room))


@api.get("/v1/reviews")
@open_to(*COORDINATORS)
@described(
    _TAG,
    asks=(
        Asked("state", {"enum": list(STATES)}, "`open` (the default), `closed` or `any`."),
        THE_CURSOR,
        how_many(_MOST),
    ),
    answers={200: Answer("A page of them.", told.REVIEWS)},
)
def get_reviews() -> dict[str, Any]:
    """What may be one case and waits for a human, the oldest first; no person is in the list."""
    limit = request.args.get("limit", "50")
    if not (_SMALL.fullmatch(limit) and 1 <= int(limit) <= _MOST):
        raise Unprocessable(errors=[Fault("/limit", "not_allowed", f"Ask for 1 to {_MOST}.")])
    state, after = read_state(request.args.get("state")), read_cursor(request.args.get("cursor"))
    who = who_is(the_caller())
    with the_room().database.reading() as connection:
        found = store.list_questions(connection, who.sees, state=state, after=after, limit=int(limit) + 1)
    page = found[: int(limit)]
    return {
        "reviews": [write_question(one, who) for one in page],
        "next_cursor": str(page[-1].id) if len(found) > len(page) else None,
    }


@api.get("/v1/reviews/<review>")
@open_to(*COORDINATORS)
@described(_TAG, asks=(told.THE_REVIEW,), answers={200: Answer("All of it.", told.WHOLE_REVIEW)})
def get_review(review: str) -> dict[str, Any]:
    """Both records side by side, and what speaks for one case and what against, line by line.

    Who may see only one of the two sees that one. Each look is written to both cases' histories.
    """
    who = who_is(the_caller())
    return write_shown(show_review(the_id(review), who), who)


def show_review(review_id: UUID, who: Who) -> Shown:
    """The question as `GET` answers it; the look is written down."""
    room = the_room()
    with room.unit(the_trace()) as unit:
        return look_at_review(review_id, who, unit, room.database, room.directory)


def the_id(text: str) -> UUID:
    """The id in an address; `NotFound` where it cannot be one."""
    found = read_uuid(text)
    if found is None:
        raise NotFound
    return found


@api.post("/v1/reviews/<review>/decision")
@open_to(*COORDINATORS)
@described(
    _TAG,
    asks=(told.THE_REVIEW,),
    takes=Takes(
        DECISION,
        {
            "Two events": {
                "verdict": "different",
                "why": "Invented: she was burgled twice, a week apart.",
                "versions": [1, 1],
            }
        },
    ),
    answers={200: Answer("The review with its answer.", told.REVIEW)},
    problems=(AlreadyDecided, NotYours, Stale),
)
def post_decision(review: str) -> dict[str, Any]:
    """Say whether the two tell of one case. It is never asked again, and what it touches is settled anew.

    `same` makes the two cases one, `different` keeps every referral of the one from every one of the other.
    """
    room, who, review_id = the_room(), who_is(the_caller()), the_id(review)
    verdict, why, versions = read_decision(json_body())
    with room.unit(the_trace()) as unit:
        decided = decide_review(review_id, verdict, why, versions, who, unit, office_of(room))
        shown = store.find_question(unit.connection, who.sees, review_id)
    return write_question(shown or decided, who)


@api.post("/v1/cases/<case>/separation")
@open_to(*COORDINATORS)
@described(
    _TAG,
    asks=(THE_CASE,),
    takes=Takes(
        SEPARATION,
        {"One that came in wrongly": {"referrals": ["R-7KQX4-M3DTW"], "why": "Invented: her sister."}},
    ),
    answers={200: Answer("Where each referral of the case is now.", told.SEPARATED)},
    problems=(NotYours, Stale),
)
def post_separation(case: str) -> dict[str, Any]:
    """Take referrals out of a case: they are told apart from the others for ever.

    Whoever was merged in goes back into the case they came from, which stands again where it stood.
    """
    room, who = the_room(), who_is(the_caller())
    referrals, why = read_separation(json_body())
    with room.unit(the_trace()) as unit:
        found = separate_case(case, referrals, why, who, unit, office_of(room))
    return {
        "case": case,
        "referrals": [{"referral": reference, "case": now} for reference, now in found.items()],
    }


def authenticate(room: Room, bearer: str) -> Caller | None:
    """The agency that this key belongs to."""
    with room.database.reading() as connection:
        agency = agency_of(bearer, connection)
    return Caller(AGENCY, agency) if agency in room.directory.agencies and agency else None


@api.post("/v1/person-checks")
@open_to(AGENCY)
@described(
    "Person checks",
    takes=Takes(
        PERSON,
        {
            "Somebody at the door": {
                "name": {"given": "Fable", "family": "Figment"},
                "date_of_birth": "1988-02-29",
                "contacts": [{"channel": "mobile", "value": "07700 900123"}],
            }
        },
    ),
    answers={200: Answer("What the point may know.", told.CHECKED)},
    problems=(NotFound,),
)
def post_person_check() -> dict[str, Any]:
    """Whether somebody is known and who leads, for the four assessment points.

    Only who is surely known is told of, and only where both points have agreed to share and the person agreed
    to it; all else is answered as if nobody were known. Each point has ten a minute. Nothing asked is kept.
    """
    room, caller = the_room(), the_caller()
    if caller.name not in POINTS:
        raise NotFound(_NO_POINT)
    # Also in a hub that lets everybody send as much as they like: this is not about load.
    with room.unit(the_trace()) as unit:
        wait = take_turn(caller.name, unit)
    if wait:
        message = f"Wait {wait} seconds: a point may ask {CHECKS_A_MINUTE} times a minute."
        raise TooMany(message, retry_after=wait)
    mention = read_person(json_body(), today_of(room.clock()))
    with _in_even_time(), room.unit(the_trace()) as unit:
        judge = desk_of(room).judge(unit.now)
        checked = check_person(caller.name, mention, unit, room.database, room.directory, judge)
    return write_checked(checked)


@contextmanager
def _in_even_time() -> Iterator[None]:
    begun = time.monotonic()
    try:
        yield
    finally:
        time.sleep(max(begun + _ANSWERED_AFTER - time.monotonic(), 0.0))
