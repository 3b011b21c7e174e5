"""Reviews as pages: what waits for a word, two records side by side, and taking referrals out of a case."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from services.triage.cases.api import COORDINATORS, show_case, who_is
from services.triage.reviews import store
from services.triage.reviews.api import office_of, show_review, the_id
from services.triage.reviews.decide_review import decide_review
from services.triage.reviews.schema import (
    read_decision,
    read_separation,
    write_question,
    write_shown,
)
from services.triage.reviews.separate_case import separate_case
from services.triage.reviews.words import COMPARED
from shared.identity import read_reference
from shared.pages import Pages
from shared.problems import Conflict, Fault, Problem, Unprocessable
from shared.web import SIGN_IN, open_to, the_caller, the_room, the_trace
from shared.working_time import LONDON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

pages = Blueprint("review_pages", __name__)
ADDRESS: Final = "/reviews"
REVIEWS: Final = Pages("services.triage.reviews", {"service_url": SIGN_IN})
_SHOWN: Final = 100
_OUTCOMES: Final = {
    "same": "One case",
    "different": "Two cases",
    "joined": "The hub found that they are one",
    "elsewhere": "Asked in another question about the same two cases",
}
_FIELDS: Final = {"": "verdict-same", "verdict": "verdict-same", "referrals": "referral-1"}


@pages.get(ADDRESS)
@open_to(*COORDINATORS)
def get_list() -> Response:
    """What waits for a word, the oldest first; no person is in the list."""
    caller = the_caller()
    who, state = who_is(caller), "closed" if request.args.get("show") == "closed" else "open"
    with the_room().database.reading() as connection:
        found = store.list_questions(connection, who.sees, state=state, limit=_SHOWN + 1)
    return REVIEWS.show(
        "reviews.html",
        reader=caller,
        reviews=[_told(write_question(one, who)) for one in found[:_SHOWN]],
        asked=state,
        more=len(found) > _SHOWN,
    )


@pages.get(f"{ADDRESS}/<review>")
@open_to(*COORDINATORS)
def get_one(review: str) -> Response:
    """Two records side by side; the look is written to both cases' histories."""
    return _show(review)


@pages.post(f"{ADDRESS}/<review>/decision")
@open_to(*COORDINATORS)
def post_decision(review: str) -> Response:
    """Say whether they are one case."""
    form = request.form
    body: dict[str, Any] = {"why": form.get("why", "")}
    if form.get("verdict"):
        body["verdict"] = form["verdict"]
    versions = form.getlist("version")
    if all(one.isascii() and one.isdigit() and len(one) < len("1000000") for one in versions) and versions:
        body["versions"] = [int(one) for one in versions]
    room = the_room()
    try:
        verdict, why, seen = read_decision(body)
        with room.unit(the_trace()) as unit:
            decide_review(the_id(review), verdict, why, seen, who_is(the_caller()), unit, office_of(room))
    except (Unprocessable, Conflict) as problem:
        return _show(review, problem)
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{ADDRESS}/{the_id(review)}"})


@pages.get("/cases/<case>/separation")
@open_to(*COORDINATORS)
def get_separation(case: str) -> Response:
    """The form to take referrals out of a case."""
    return _ask(case)


@pages.post("/cases/<case>/separation")
@open_to(*COORDINATORS)
def post_separation(case: str) -> Response:
    """Take referrals out of a case."""
    room, form = the_room(), request.form
    try:
        referrals, why = read_separation({"referrals": form.getlist("referral"), "why": form.get("why", "")})
        with room.unit(the_trace()) as unit:
            separate_case(case, referrals, why, who_is(the_caller()), unit, office_of(room))
    except (Unprocessable, Conflict) as problem:
        return _ask(case, problem)
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/cases/{read_reference(case)}"})


def _show(review: str, problem: Problem | None = None) -> Response:
    caller = the_caller()
    who = who_is(caller)
    shown = write_shown(show_review(the_id(review), who), who)
    sections: dict[str, list[dict[str, Any]]] = {}
    for field in shown["fields"]:
        sections.setdefault(field["section"], []).append(field)
    return REVIEWS.show(
        "review.html",
        problem.status if problem else HTTPStatus.OK,
        reader=caller,
        review=_told(shown),
        sections=sections,
        compared=COMPARED,
        faults=_faults(problem),
        verdict=request.form.get("verdict", ""),
        why=request.form.get("why", ""),
        asked_by=caller.name,
    )


def _ask(case: str, problem: Problem | None = None) -> Response:
    caller, name_of = the_caller(), the_room().directory.name_of
    told = show_case(case, who_is(caller))
    return REVIEWS.show(
        "separation.html",
        problem.status if problem else HTTPStatus.OK,
        reader=caller,
        case=told["case"],
        referrals=[
            {
                "reference": one["reference"],
                "agency": name_of(one["agency"]),
                "tells": _tells(one["referral"]),
                "chosen": one["reference"] in request.form.getlist("referral"),
            }
            for one in told["referrals"]
        ],
        faults=_faults(problem),
        why=request.form.get("why", ""),
    )


def _tells(referral: Mapping[str, Any]) -> str:
    """Who is in a referral, what happened and when: by its reference alone nobody knows one from another."""
    names = [party.get("name") or {} for party in referral["parties"]]
    people = [
        " ".join(filter(None, (name.get("given"), name.get("family")))) or "not named" for name in names
    ]
    event = referral["event"]
    began = event.get("started_on")
    on = f" on {dt.date.fromisoformat(began):%-d %B %Y}" if began else ""
    return f"{', '.join(people)}: {event['type'].replace('_', ' ')}{on}"


def _faults(problem: Problem | None) -> list[dict[str, str]]:
    if problem is None:
        return []
    faults: Sequence[Fault] = problem.errors or (
        Fault("", problem.code, f"{problem.detail or problem.title} {problem.advice}"),
    )
    words = {
        ("/verdict", "required"): "Say whether they are one case.",
        ("/why", "not_allowed"): "Say why, in at most 500 characters.",
        ("/why", "required"): "Say why.",
    }
    found = []
    for fault in faults:
        name = fault.pointer.lstrip("/").partition("/")[0]
        text = words.get((fault.pointer, fault.code), fault.detail)
        found.append({"name": name, "field": _FIELDS.get(name, name), "text": text})
    return found


def _told(question: dict[str, Any]) -> dict[str, Any]:
    """A question in words."""
    room = the_room()
    asked = dt.datetime.fromisoformat(question["asked_at"]).astimezone(LONDON)
    name_of = room.directory.name_of
    records = [
        one
        | {
            "agency_name": name_of(one["agency"]) if one["seen"] else "",
            "team_name": name_of(one["team"]),
        }
        for one in question["records"]
    ]
    return question | {
        "asked": f"{asked:%-d %B %Y, %H:%M}",
        "records": records,
        "outcome_told": _OUTCOMES.get(question["outcome"] or "", ""),
    }
