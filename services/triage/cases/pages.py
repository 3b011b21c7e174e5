"""The coordinator's pages: which cases wait, one with its people, and forms for what can be done in it."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from services.triage.cases import drawn, drawn_referral, store
from services.triage.cases.api import AT_WORK, COORDINATORS, show_case, table_of, who_is
from services.triage.cases.assess_needs import CATEGORIES, Said, assess_needs
from services.triage.cases.change_case import change_case
from services.triage.cases.give_case import colleagues_of
from services.triage.cases.kinds import KINDS, Field, faults_of, read_day
from services.triage.cases.record_fact import is_there_already, record_fact
from services.triage.cases.refer_across import answer_support, offer_support
from services.triage.cases.schema import (
    NAMES,
    read_assessment,
    read_cursor,
    read_uuid,
    write_case,
    write_cursor,
)
from services.triage.cases.words import ASKED_FOR, NEEDS, TOLD, WISHES, field_label
from services.triage.domain.life import reasons
from services.triage.domain.life.guards import Given
from services.triage.domain.life.situation import Record
from services.triage.move_case import today_of
from shared.identity import read_reference
from shared.pages import Pages
from shared.problems import Conflict, Fault, NotFound, Problem, Unprocessable
from shared.web import SIGN_IN, open_to, the_caller, the_room, the_trace, wants_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from services.triage.cases.hold_case import Who
    from services.triage.cases.store import View

pages = Blueprint("case_pages", __name__)
ADDRESS: Final = "/cases"
CASES: Final = Pages("services.triage.cases", {"service_url": SIGN_IN})
_SHOWN: Final = 50
_MOST_FACILITATORS: Final = 4
_LONGEST_NOTE: Final = 500
# What the interface says of its fields, as the form about needs does.
_OF_NEEDS: Final = {
    ("/needs", "required"): "Choose how great at least one need is, or what they wish for.",
    ("/shared", "required"): "Say whether the next point may see this.",
}
NO_DAY: Final = "Enter a day that there is, such as 24 3 2026."
_VIEWS: Final[dict[View, str]] = {
    "mine": "Yours",
    "open": "All open",
    "late": "Late",
    "missing": "Something is missing",
    "offered": "Offered to your team",
    "closed": "Closed",
}


@pages.get(ADDRESS)
@open_to(*AT_WORK)
def get_list() -> Response:
    """The cases that somebody sees, in the view they ask for, those first whose day comes first."""
    room, caller = the_room(), the_caller()
    who, today = who_is(caller), today_of(room.clock())
    views = [view for view in _VIEWS if _is_theirs(view, who)]
    asked = next((view for view in views if view == request.args.get("show")), views[0])
    after = read_cursor(request.args.get("after", ""))
    wanted = request.args.get("find", "").strip()
    with room.database.reading() as connection:
        keys = room.keys.rest
        if wanted:
            reference = read_reference(wanted) or ""
            # Whoever rings about a referral has its reference, and knows of no case.
            reference = store.cases_seen_of(connection, who.sees, [reference]).get(reference, reference)
            if store.find_seen(connection, keys, who.sees, reference) is not None:
                return _back(reference)
        counts = store.count_views(connection, who.sees, views, today)
        only = store.in_view(asked, who.sees, today)
        found = store.list_cases(
            connection, keys, who.sees, states=None, only=only, after=after, limit=_SHOWN + 1
        )
    told = [
        drawn.draw_case(write_case(seen, today), room.directory, caller.name, today)
        for seen in found[:_SHOWN]
    ]
    return CASES.show(
        "cases.html",
        HTTPStatus.NOT_FOUND if wanted else HTTPStatus.OK,
        reader=caller,
        team=room.directory.name_of(caller.team) if caller.team else "",
        views=[(view, _VIEWS[view], counts[view]) for view in views],
        asked=asked,
        groups=drawn.in_groups(told, today) if asked != "closed" else [("Closed", told)] if told else [],
        next_page=write_cursor(found[_SHOWN - 1]) if len(found) > _SHOWN else "",
        wanted=wanted,
        is_first=after is None,
    )


def _is_theirs(view: View, who: Who) -> bool:
    """A facilitator's cases are all their own, and a supervisor has no team that is offered something."""
    if view == "mine":
        return who.role in COORDINATORS
    return view != "offered" or who.role == "coordinator"


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
    emails = (form.get(f"email{number}", "").strip() for number in range(1, _MOST_FACILITATORS + 1))
    given = Given(
        reason=form.get("reason", ""),
        review_on=day_of("review_on"),
        outcome=form.get("outcome", ""),
        enabling=tuple(form.getlist("enabling")),
        method=form.get("method", ""),
        to=form.get("to", "").strip()[:200],
        accepted_by=form.get("accepted_by", "").strip()[:200],
        facilitators=tuple((email[:200], "") for email in emails if email),
        owner=form.get("owner", "").strip()[:200],
    )
    room = the_room()
    try:
        with room.unit(the_trace()) as unit:
            change_case(reference, name, given, who_is(the_caller()), unit, room.database, table_of(room))
    except (Unprocessable, Conflict) as problem:
        asked = {need: f"{name}-{field}" for need, (field, *_) in NEEDS.items()}
        asked |= {field: f"{name}-{field}" for field, *_ in NEEDS.values()}
        return _refuse(reference, problem, f"try-{name}", name, fields=asked)
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
    room, who = the_room(), who_is(the_caller())
    try:
        says, day = _read_record(kind, today_of(room.clock()))
        with room.unit(the_trace()) as unit:
            after = _value("count", request.form.get("after", ""))
            record = Record(kind, says, day or today_of(unit.now), who.name)
            if not isinstance(after, int) or not is_there_already(
                reference, record, after, who, unit, room.database
            ):
                record_fact(reference, kind, says, day, who, unit, room.database, table_of(room))
    except (Conflict, Unprocessable) as problem:
        return _ask(reference, kind, problem)
    return _back(reference)


def _read_record(kind: str, today: dt.date) -> tuple[dict[str, Any], dt.date | None]:
    """What the form says, and of which day it is."""
    says: dict[str, Any] = {}
    for field in KINDS[kind].fields:
        text = day_of(field.name) if field.what == "day" else request.form.get(field.name, "").strip()
        if field.what == "gss":
            text = text or request.form.get(f"{field.name}-other", "").strip().upper()
        if text:
            says[field.name] = _value(field.what, text)
    faults = [_in_its_words(fault, kind) for fault in faults_of(kind, says)]
    typed = day_of("on")
    day = read_day(typed)
    if typed and day is None:
        faults.append(Fault("/on", "not_allowed", NO_DAY))
    elif day is not None and day > today:
        told = "Enter today or an earlier day: nothing is recorded before it has happened."
        faults.append(Fault("/on", "not_allowed", told))
    if faults:
        raise Unprocessable(errors=faults)
    return says, day


@pages.get(f"{ADDRESS}/<reference>/needs/<int:place>")
@open_to(*AT_WORK)
def get_needs(reference: str, place: int) -> Response:
    """The form for what somebody in the case needs and wishes for."""
    return _ask_needs(reference, place)


@pages.post(f"{ADDRESS}/<reference>/needs/<int:place>")
@open_to(*AT_WORK)
def post_needs(reference: str, place: int) -> Response:
    """Record what somebody in the case needs and wishes for."""
    form, room = request.form, the_room()
    mention = {"referral": form.get("referral", "")[:200], "party": _value("count", form.get("party", ""))}
    needs = {
        name: {"level": int(level)} | ({"note": note} if note else {})
        for name in CATEGORIES
        if (level := form.get(f"level-{name}", "")) in tuple("012345")
        for note in [form.get(f"note-{name}", "").strip()[:_LONGEST_NOTE]]
    }
    body: dict[str, Any] = {
        "side": form.get("side", ""),
        "stage": form.get("stage", ""),
        "needs": needs,
        "wishes": form.getlist("wishes"),
        "person": mention,
    }
    if form.get("shared") in ("yes", "no"):
        body["shared"] = form["shared"] == "yes"
    if form.get("again"):
        body["again"] = form["again"]
    try:
        said = _read_assessment(body)
        with room.unit(the_trace()) as unit:
            assess_needs(reference, said, who_is(the_caller()), unit, room.database, room.directory)
    except (Conflict, Unprocessable) as problem:
        return _ask_needs(reference, place, problem)
    return _back(reference)


def _read_assessment(body: dict[str, Any]) -> Said:
    """What was said; of what its form lacks everything is told at once, and no words are lost."""
    faults: list[Fault] = []
    for name, title in CATEGORIES.items():
        note = request.form.get(f"note-{name}", "").strip()
        if note and name not in body["needs"]:
            told = f"Choose how great the need is: {title}."
            faults.append(Fault(f"/level-{name}", "required", told))
        if len(note) > _LONGEST_NOTE:
            told = f"The words take at most {_LONGEST_NOTE} characters: {title}."
            faults.append(Fault(f"/note-{name}", "not_allowed", told))
    try:
        said = read_assessment(body)
    except Unprocessable as problem:
        raise Unprocessable(errors=[*faults, *problem.errors]) from None
    if faults:
        raise Unprocessable(errors=faults)
    return said


@pages.post(f"{ADDRESS}/<reference>/offers")
@open_to(*AT_WORK)
def post_offer(reference: str) -> Response:
    """Ask another team to help."""
    room, to = the_room(), request.form.get("to", "")
    try:
        with room.unit(the_trace()) as unit:
            offer_support(reference, to, who_is(the_caller()), unit, room.database, table_of(room))
    except (Conflict, Unprocessable) as problem:
        return _refuse(reference, problem, "ask-help", fields={"to": "help-to"})
    return _back(reference)


@pages.post(f"{ADDRESS}/<reference>/offers/<offer_id>")
@open_to(*AT_WORK)
def post_answer(reference: str, offer_id: str) -> Response:
    """Answer what was asked, or take it back."""
    room, form, wanted = the_room(), request.form, read_uuid(offer_id)
    answer = form.get("answer", "")
    if wanted is None or answer not in ("accepted", "refused", "withdrawn"):
        raise NotFound
    reason = form.get("reason") if answer == "refused" else None
    try:
        with room.unit(the_trace()) as unit:
            answer_support(reference, wanted, answer, reason, who_is(the_caller()), unit, room.database)
    except (Conflict, Unprocessable) as problem:
        return _refuse(reference, problem, "other-teams", fields={"reason": f"reason-{offer_id}"})
    return _back(reference)


def day_of(name: str) -> str:
    """A day of three fields as 2026-03-24; as it was typed where it is none, "" where nothing was."""
    parts = [request.form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
    if not any(parts):
        return ""
    try:
        return str(dt.date(*(int(part) for part in parts)))
    except (ValueError, OverflowError):
        return "no day"


def _value(what: str, text: str) -> object:
    if what == "flag":
        return {"yes": True, "no": False}.get(text, text)
    if what == "count" and text.isascii() and text.isdigit():
        return int(text[:4])
    return text


def _in_its_words(fault: Fault, kind: str) -> Fault:
    """A fault of a record as its form tells it, by what the field is called there."""
    name = fault.pointer.rpartition("/")[2]
    field = next(one for one in KINDS[kind].fields if one.name == name)
    label = field_label(name, kind)
    if fault.code == "required":
        told = f"{'Fill in' if field.what in ('text', 'count') else 'Choose'} “{label}”."
    else:
        told = {
            "text": f"“{label}” takes at most 500 characters.",
            "count": f"“{label}” is a whole number from 0 to 20.",
            "gss": "Choose an area, or enter the code of another one, such as E08000021.",
            "day": NO_DAY,
        }.get(field.what, fault.detail)
    return Fault(fault.pointer, fault.code, told)


def _known(reference: str, kind: str) -> None:
    if kind not in KINDS or not _sees(reference):
        raise NotFound


def _sees(reference: str) -> bool:
    room = the_room()
    with room.database.reading() as connection:
        wanted = read_reference(reference) or ""
        return store.find_seen(connection, room.keys.rest, who_is(the_caller()).sees, wanted) is not None


def _back(reference: str) -> Response:
    """To the case; to the list for whoever has passed it on, or knows somebody in it, and sees it no more."""
    wanted = read_reference(reference)
    place = f"{ADDRESS}/{wanted}" if _sees(reference) else ADDRESS
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": place})


def _refuse(
    reference: str, problem: Problem, place: str, name: str = "", *, fields: Mapping[str, str]
) -> Response:
    """The case again, with what was chosen and typed; each fault leads to its field, or to the place."""
    if not wants_page():
        raise problem
    told = [
        {"field": fields.get(one.pointer.lstrip("/"), place), "text": _in_words(one)}
        for one in _faults(problem)
    ]
    return _show(reference, told, problem.status, name)


def _in_words(fault: Fault) -> str:
    """What is to be done on a page, where the interface names its fields and codes."""
    name = fault.pointer.lstrip("/")
    if fault.code == "needed_here" or not fault.detail or fault.detail.startswith("One of "):
        return ASKED_FOR.get(name, fault.detail)
    return fault.detail


def _faults(problem: Problem | None) -> tuple[Fault, ...]:
    if problem is None:
        return ()
    return problem.errors or (Fault("", problem.code, problem.detail or problem.title),)


def _show(
    reference: str,
    faults: list[dict[str, str]] | None = None,
    status: int = HTTPStatus.OK,
    tried: str = "",
) -> Response:
    room, caller = the_room(), the_caller()
    directory, today = room.directory, today_of(room.clock())
    case = show_case(reference, who_is(caller))
    leads = caller.role == "supervisor"
    return CASES.show(
        "case.html",
        status,
        reader=caller,
        case=drawn.draw_case(case, directory, caller.name, today),
        steps=drawn.draw_steps(case, tried, NAMES),
        fields=NEEDS,
        people=[drawn_referral.draw_referral(one, case, directory) for one in case["referrals"]],
        dangers=drawn_referral.draw_dangers(case, today),
        no_safe_way=drawn_referral.draw_no_safe_way(case),
        asked=[drawn.draw_asked(one, n, directory, CATEGORIES) for n, one in enumerate(case["asked"])],
        offers=[drawn.draw_offer(one, directory) for one in reversed(case["cross_referrals"])],
        refusals=reasons.REFUSALS,
        may_ask_help=caller.role in COORDINATORS or caller.name == case["owner"],
        may_separate=caller.role in COORDINATORS and len(case["referrals"]) > 1,
        records=[drawn.draw_record(one) for one in reversed(case["records"])],
        kinds=[(name, kind.title) for name, kind in KINDS.items() if not kind.supervisor or leads],
        history=[drawn.draw_line(line) for line in reversed(case["history"])],
        faults=faults or [],
        form=request.form,
        teams=[one for one in _teams() if one[0] != case["team"]],
        enabling=reasons.ENABLING,
        codes=TOLD,
        facilitators=_facilitators(case["team"], today),
        colleagues=[(email, email) for email in _colleagues(case["team"], today) if email != case["owner"]],
    )


def _teams() -> Iterator[tuple[str, str]]:
    """Every team by its slug and name, with the day on which somebody last saw that what it takes is so."""
    room = the_room()
    for slug, work in table_of(room).teams.work.items():
        seen = f", last verified {work.verified_on:%-d %B %Y}" if work.verified_on else ""
        yield slug, room.directory.name_of(slug) + seen


def _facilitators(team: str, today: dt.date) -> list[tuple[str, str]]:
    """Who can be chosen to facilitate, the team's own first, with level, open cases and room."""
    room = the_room()
    with room.database.reading() as connection:
        loads = store.loads_of_facilitators(connection)
    work = table_of(room).teams.work
    own = work[team].facilitators if team in work else ()
    others = [one for slug in work if slug != team for one in work[slug].facilitators]
    there = {one.email: one for one in (*own, *others) if not one.is_away(today)}
    return [
        (email, f"{email} ({one.level}, has {loads.get(email, 0)} of {one.room})")
        for email, one in there.items()
    ]


def _colleagues(team: str, today: dt.date) -> list[str]:
    me = the_caller().name
    there = [email for email, one in colleagues_of(team, table_of(the_room()), today).items()
             if not one.is_away(today)]  # fmt: skip
    return sorted(there, key=lambda email: (email != me, email))


def _ask(reference: str, kind: str, problem: Problem | None = None) -> Response:
    first = KINDS[kind].fields[0].name if KINDS[kind].fields else "on"
    return CASES.show(
        "record.html",
        problem.status if problem else HTTPStatus.OK,
        reader=the_caller(),
        reference=read_reference(reference),
        kind=kind,
        after=_count_of(reference, kind),
        title=KINDS[kind].title,
        fields=[
            {
                "name": field.name,
                "label": field_label(field.name, kind),
                "what": field.what,
                "words": _words_of(field, reference),
                "required": field.required,
                "value": request.form.get(field.name, ""),
            }
            for field in KINDS[kind].fields
        ],
        form=request.form,
        faults=[
            {"field": fault.pointer.removeprefix("/says").lstrip("/") or first, "text": fault.detail}
            for fault in _faults(problem)
        ],
    )


def _count_of(reference: str, kind: str) -> int:
    """How many records of this kind there are, as whoever fills in the form sees them."""
    room = the_room()
    with room.database.reading() as connection:
        wanted = read_reference(reference) or ""
        seen = store.find_seen(connection, room.keys.rest, who_is(the_caller()).sees, wanted)
        return store.count_records(connection, seen.case.id, kind) if seen else 0


def _words_of(field: Field, reference: str) -> list[tuple[str, str]]:
    """What may be chosen: a side with who is on it, so that nobody's word is taken for another's."""
    room = the_room()
    if field.what == "gss":
        known = table_of(room).areas.authorities
        return sorted(((code, one.name) for code, one in known.items()), key=lambda area: area[1])
    if field.name == "side":
        asked = show_case(reference, who_is(the_caller()))["asked"]
        return [
            (side, ": ".join(filter(None, (TOLD[side], ", ".join(_names_on(side, asked))))))
            for side in field.words
        ]
    return [(word, TOLD.get(word, word.replace("_", " "))) for word in field.words]


def _names_on(side: str, asked: Iterable[Mapping[str, Any]]) -> list[str]:
    return [one["name"] or "not named" for one in asked if one["side"] == side]


def _ask_needs(reference: str, place: int, problem: Problem | None = None) -> Response:
    room, caller = the_room(), the_caller()
    case = show_case(reference, who_is(caller))
    if place >= len(case["asked"]):
        raise NotFound
    person = case["asked"][place]
    return CASES.show(
        "needs.html",
        problem.status if problem else HTTPStatus.OK,
        reader=caller,
        reference=case["case"],
        person=drawn.draw_asked(person, place, room.directory, CATEGORIES),
        side=person["side"],
        mention=person["mentions"][0],
        categories=CATEGORIES,
        wishes=WISHES,
        form=request.form,
        chosen=request.form.getlist("wishes"),
        faults=[
            {
                "field": fault.pointer.lstrip("/").split("/")[0] or "again",
                "text": _OF_NEEDS.get((fault.pointer, fault.code), fault.detail),
            }
            for fault in _faults(problem)
        ],
    )
