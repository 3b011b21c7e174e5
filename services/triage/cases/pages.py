"""The coordinator's pages: which cases wait, one with its people, and forms for what can be done in it."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request

from services.triage.cases import store
from services.triage.cases.api import AT_WORK, COORDINATORS, show_case, table_of, who_is
from services.triage.cases.change_case import change_case
from services.triage.cases.kinds import KINDS, faults_of, read_day
from services.triage.cases.record_fact import record_fact
from services.triage.cases.schema import NAMES, read_states, write_case
from services.triage.cases.words import NEEDS, SIDES_TOLD, TASKS, TOLD, WHATS, field_label
from services.triage.domain.life.guards import Given
from services.triage.domain.life.reasons import ENABLING
from services.triage.domain.life.situation import LEVELS
from services.triage.domain.life.states import STAGES
from services.triage.domain.life.transitions import BY_NAME
from services.triage.move_case import today_of
from shared.identity import read_reference
from shared.pages import Pages
from shared.problems import Conflict, Fault, NotFound, Problem, Unprocessable
from shared.web import open_to, the_caller, the_room, the_trace, wants_page
from shared.working_time import LONDON

pages = Blueprint("case_pages", __name__)
ADDRESS: Final = "/cases"
CASES: Final = Pages("services.triage.cases", {"service_name": "Cases", "service_url": ADDRESS})
_SHOWN: Final = 100
_MOST_FACILITATORS: Final = 4


@pages.get(ADDRESS)
@open_to(*AT_WORK)
def get_list() -> Response:
    """The cases that somebody sees, those first whose day comes first."""
    room, caller = the_room(), the_caller()
    who, asked = who_is(caller), request.args.get("show", "open")
    states = read_states("closed" if asked == "closed" else "open")
    with room.database.reading() as connection:
        found = store.list_cases(
            connection,
            room.keys.rest,
            who.sees,
            states=states,
            owner=who.name if asked == "mine" else None,
            limit=_SHOWN + 1,
        )
    today = today_of(room.clock())
    listed = [_told(write_case(seen, today)) for seen in found[:_SHOWN]]
    return CASES.show(
        "cases.html",
        signed_in=caller.name,
        team=_team(caller.team),
        cases=listed,
        asked=asked if asked in ("mine", "closed") else "open",
        more=len(found) > _SHOWN,
    )


@pages.get(f"{ADDRESS}/<reference>")
@open_to(*AT_WORK)
def get_one(reference: str) -> Response:
    """One case whole; the look is written to its history."""
    return _show(reference)


@pages.post(f"{ADDRESS}/<reference>/transitions")
@open_to(*AT_WORK)
def post_step(reference: str) -> Response:
    """Make a transition."""
    name = request.form.get("transition", "")
    if name not in NAMES:
        raise NotFound
    form = request.form
    people = tuple(
        (form.get(f"email{number}", "").strip(), form.get(f"level{number}", ""))
        for number in range(1, _MOST_FACILITATORS + 1)
        if form.get(f"email{number}", "").strip()
    )
    given = Given(
        reason=form.get("reason", ""),
        review_on=form.get("review_on", "").strip(),
        outcome=form.get("outcome", ""),
        enabling=tuple(form.getlist("enabling")),
        method=form.get("method", ""),
        to=form.get("to", "").strip()[:200],
        accepted_by=form.get("accepted_by", "").strip()[:200],
        facilitators=people,
    )
    room = the_room()
    try:
        with room.unit(the_trace()) as unit:
            change_case(reference, name, given, who_is(the_caller()), unit, room.database, table_of(room))
    except (Unprocessable, Conflict) as problem:
        return _refuse(reference, problem, name)
    return _back(reference)


@pages.get(f"{ADDRESS}/<reference>/records/<kind>")
@open_to(*AT_WORK)
def get_record(reference: str, kind: str) -> Response:
    """The form for one kind of record."""
    _known(reference, kind)
    return _ask(reference, kind)


@pages.post(f"{ADDRESS}/<reference>/records/<kind>")
@open_to(*AT_WORK)
def post_record(reference: str, kind: str) -> Response:
    """Record something."""
    _known(reference, kind)
    says: dict[str, Any] = {}
    for field in KINDS[kind].fields:
        text = request.form.get(field.name, "").strip()
        if text:
            says[field.name] = _value(field.what, text)
    faults = list(faults_of(kind, says))
    day: dt.date | None = None
    if typed := request.form.get("on", "").strip():
        day = read_day(typed)
        if day is None:
            faults.append(Fault("/on", "not_allowed", "Enter the day as 2026-03-24."))
    if faults:
        return _ask(reference, kind, Unprocessable(errors=faults))
    room = the_room()
    try:
        with room.unit(the_trace()) as unit:
            record_fact(reference, kind, says, day, who_is(the_caller()), unit, room.database, table_of(room))
    except Conflict as problem:
        return _ask(reference, kind, problem)
    return _back(reference)


def _value(what: str, text: str) -> object:
    if what == "flag":
        return {"yes": True, "no": False}.get(text, text)
    if what == "count" and text.isascii() and text.isdigit():
        return int(text[:4])
    return text


def _known(reference: str, kind: str) -> None:
    if kind not in KINDS or read_reference(reference) is None:
        raise NotFound
    room = the_room()
    with room.database.reading() as connection:
        wanted = read_reference(reference) or ""
        if store.find_seen(connection, room.keys.rest, who_is(the_caller()).sees, wanted) is None:
            raise NotFound


def _back(reference: str) -> Response:
    place = f"{ADDRESS}/{read_reference(reference)}"
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": place})


def _refuse(reference: str, problem: Problem, name: str) -> Response:
    if not wants_page():
        raise problem
    faults = problem.errors or (Fault("/transition", problem.code, problem.detail or problem.title),)
    return _show(reference, faults, problem.status, name)


def _show(
    reference: str, faults: tuple[Fault, ...] = (), status: int = HTTPStatus.OK, tried: str = ""
) -> Response:
    caller = the_caller()
    case = show_case(reference, who_is(caller))
    teams = the_room().directory.teams
    return CASES.show(
        "case.html",
        status,
        signed_in=caller.name,
        case=_told(case),
        steps=[
            {
                **one,
                "needs": [(need, NEEDS[need]) for need in one["needs"]],
                "open": one["transition"] == tried,
            }
            for one in case["choices"]
            if one["transition"] in NAMES
        ],
        people=[_people(one, case) for one in case["referrals"]],
        may_separate=caller.role in COORDINATORS and len(case["referrals"]) > 1,
        records=[_record(one) for one in reversed(case["records"])],
        kinds=[
            (name, kind.title)
            for name, kind in KINDS.items()
            if not kind.supervisor or caller.role == "supervisor"
        ],
        history=[_line(line) for line in reversed(case["history"])],
        faults=[{"field": f"try-{tried}", "text": fault.detail} for fault in faults],
        teams=[(slug, team.name) for slug, team in teams.items() if slug != case["team"]],
        levels=LEVELS,
        enabling=ENABLING,
        codes=TOLD,
        facilitators=[one.email for one in the_room().directory.staff if one.role == "facilitator"],
    )


def _ask(reference: str, kind: str, problem: Problem | None = None) -> Response:
    faults = (
        (problem.errors or (Fault("", problem.code, problem.detail or problem.title),)) if problem else ()
    )
    first = KINDS[kind].fields[0].name if KINDS[kind].fields else "on"
    return CASES.show(
        "record.html",
        problem.status if problem else HTTPStatus.OK,
        signed_in=the_caller().name,
        reference=read_reference(reference),
        kind=kind,
        title=KINDS[kind].title,
        fields=[
            {
                "name": field.name,
                "label": field_label(field.name),
                "what": field.what,
                "words": [(word, TOLD.get(word, word.replace("_", " "))) for word in field.words],
                "required": field.required,
                "value": request.form.get(field.name, ""),
            }
            for field in KINDS[kind].fields
        ],
        on=request.form.get("on", ""),
        faults=[
            {"field": fault.pointer.removeprefix("/says").lstrip("/") or first, "text": fault.detail}
            for fault in faults
        ],
    )


def _told(case: dict[str, Any]) -> dict[str, Any]:
    """A case in words."""
    toward = SIDES_TOLD.get(case["toward"])
    return case | {
        "team_name": _team(case["team"]),
        "kind_told": case["kind"].replace("_", " "),
        "task_told": TASKS.get(case["task"], case["task"].replace("_", " ")),
        "toward_told": toward,
        "gates_told": [TOLD.get(gate, gate) for gate in case["gates"]],
        "lacks_told": [TOLD.get(one, one) for one in case["lacks"]],
        "is_open": STAGES[case["state"]].is_open,
    }


def _team(slug: str) -> str:
    team = the_room().directory.teams.get(slug)
    return team.name if team else ""


def _people(told: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """The people in a referral, each side by itself."""
    referral = told["referral"]
    return {
        "reference": told["reference"],
        "agency": the_room().directory.agencies[told["agency"]].name
        if told["agency"] in the_room().directory.agencies
        else told["agency"],
        "stands": told["stands"],
        "summary": referral["event"].get("summary"),
        "parties": [
            _party(party) | {"household": _household(told["reference"], place, case)}
            for place, party in enumerate(referral["parties"])
        ],
    }


def _household(reference: str, place: int, case: dict[str, Any]) -> list[tuple[str, str]]:
    """With whom somebody lives, and the case that these are in, if it is another."""
    return [
        (one["name"], one["case"] if one["case"] != case["case"] else "")
        for one in case["households"]
        if (one["referral"], one["party"]) == (reference, place)
    ]


def _party(party: dict[str, Any]) -> dict[str, Any]:
    name, address = party.get("name") or {}, party.get("address") or {}
    parts = [address.get(part) for part in ("line1", "line2", "town", "postcode")]
    return {
        "role": {"harmed": "Harmed person", "responsible": "Responsible person"}.get(party["role"], "Party"),
        "name": " ".join(filter(None, (name.get("given"), name.get("family")))) or "Not named",
        "born": party.get("date_of_birth"),
        "address": ", ".join(filter(None, parts)),
        "confidential": address.get("confidential", False),
        "contacts": [
            (one["channel"], one["value"], one.get("safe", "unknown"), one.get("safe_times"))
            for one in party.get("contacts", ())
        ],
        "access": ", ".join(party.get("access_needs", ())),
        "language": party.get("language"),
        "interpreter": party.get("interpreter"),
    }


def _record(record: dict[str, Any]) -> dict[str, Any]:
    says = ", ".join(
        f"{field_label(name).lower()}: {_word(value)}"
        for name, value in record["says"].items()
        if name != "who"
    )
    kind = KINDS.get(record["kind"])
    title = kind.title if kind else WHATS.get(record["kind"], record["kind"])
    return {"title": title, "says": says, "on": record["on"], "who": record["who"]}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return TOLD.get(str(value), str(value).replace("_", " "))


def _line(line: dict[str, Any]) -> dict[str, Any]:
    at = dt.datetime.fromisoformat(line["at"]).astimezone(LONDON)
    detail = line["detail"]
    what = WHATS.get(line["what"], line["what"].replace("_", " ").capitalize())
    if line["what"] == "moved":
        row = BY_NAME[detail["transition"]]
        what = f"{row.told}: {STAGES[detail['to']].title}"
    codes = (detail.get(name) for name in ("reason", "outcome", "method", "kind", "why"))
    return {
        "at": f"{at:%-d %B %Y, %H:%M}",
        "what": what,
        "who": "The hub" if line["who"] == "triage" else line["who"],
        "more": ", ".join(TOLD.get(str(code), str(code)) for code in codes if code),
    }
