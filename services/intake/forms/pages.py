"""What somebody sees who asks for help themselves, from the first page to the reference that they are given.

Every page of the form has the same address, so that a browser's history tells nothing but that. What was
answered travels in the page itself, sealed: nothing is kept here or on the device before it is sent.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from services.intake.forms.domain.filling import CHECK, answer, back, begin, change, unanswered
from services.intake.forms.domain.questions import LONDON, text_of
from services.intake.forms.domain.self_referral import CHANNELS, SELF_REFERRAL
from services.intake.forms.keep_machines_away import WAIT_SECONDS, Doorkeeper, LooksLikeAMachine
from services.intake.forms.refer_oneself import agency_of_oneself, refer_oneself
from services.intake.forms.schema import slips_of
from services.intake.forms.sealed_form import FormBroken, open_form, seal_form
from services.intake.forms.show_answers import rows_of
from shared.database import DatabaseAway, what_failed
from shared.identity import new_id
from shared.pages import Pages
from shared.problems import Problem, TooMany, Unavailable, Unprocessable
from shared.web import ANYONE, note_away, open_to, the_room, the_trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.forms.domain.filling import Filled
    from services.intake.forms.domain.questions import Slip

pages = Blueprint("forms", __name__)

# Where everybody may have been: what the design system's own button leads to.
EXIT: Final = "https://www.bbc.co.uk/weather"
PUBLIC: Final = Pages(
    "services.intake.forms",
    {
        "service_name": "Get support",
        "service_url": "/refer",
        "exit_to": EXIT,
        "footer_links": (
            {"text": "Staying safe on this site", "href": "/refer/safety"},
            {"text": "What happens to what you tell us", "href": "/refer/privacy"},
            {"text": "Accessibility", "href": "/refer/accessibility"},
        ),
    },
)


@pages.before_request
def _only_where_people_refer_themselves() -> None:
    # What is said of accessibility holds for the practitioners' form too.
    if request.endpoint != f"{pages.name}.{get_accessibility.__name__}":
        agency_of_oneself(the_room().directory)


@pages.get("/refer")
@open_to(ANYONE)
def get_start() -> Response:
    """The first page."""
    return _start()


@pages.get("/refer/safety")
@open_to(ANYONE)
def get_safety() -> Response:
    """How to stay safe on this site."""
    return _page("safety.html")


@pages.get("/refer/privacy")
@open_to(ANYONE)
def get_privacy() -> Response:
    """What happens to what somebody tells us."""
    return _page("privacy.html")


@pages.get("/refer/accessibility")
@open_to(ANYONE)
def get_accessibility() -> Response:
    """How far everybody can use this site."""
    return _page("accessibility.html")


@pages.post("/refer")
@open_to(ANYONE)
def post_form() -> Response:
    """Take what the page that was shown asked for, and show the next."""
    room = the_room()
    now, sealed, go = room.clock(), request.form.get("form", ""), request.form.get("go", "")
    if not sealed:
        return _show(begin(SELF_REFERRAL, str(new_id()), now))
    filled = open_form(sealed, SELF_REFERRAL.name, room.keys.rest, now)
    if filled.at not in (CHECK, *(page.key for page in SELF_REFERRAL.pages)):
        message = "The form has changed since you began. Please start again."
        raise FormBroken(message)
    if go == "back":
        earlier = back(SELF_REFERRAL, filled)
        return _show(earlier) if earlier else _start()
    if filled.at != CHECK:
        today = now.astimezone(LONDON).date()
        return _show(*answer(SELF_REFERRAL, filled, request.form.to_dict(flat=False), today))
    if go.startswith("change:"):
        return _show(change(SELF_REFERRAL, filled, go.removeprefix("change:")))
    missing = unanswered(SELF_REFERRAL, filled)
    return _show(change(SELF_REFERRAL, filled, missing.key)) if missing else _send(filled)


def _page(template: str, status: int = HTTPStatus.OK, **told: object) -> Response:
    return PUBLIC.show(template, status, reader=None, helpline=the_room().settings.helpline, **told)


def _start() -> Response:
    return _page("start.html")


def _show(filled: Filled, slips: Sequence[Slip] = ()) -> Response:
    room = the_room()
    sealed = seal_form(filled, SELF_REFERRAL.name, room.keys.rest, room.clock())
    if filled.at == CHECK:
        return _page("check.html", sealed=sealed, groups=rows_of(SELF_REFERRAL, filled))
    page = SELF_REFERRAL.page(filled.at)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if slips else HTTPStatus.OK
    return _page(page.template, status, sealed=sealed, page=page, answers=filled.answers, faults=tuple(slips))


def _send(filled: Filled) -> Response:
    room = the_room()
    try:
        keeper: Doorkeeper = room.keep("doorkeeper", Doorkeeper)
        keeper.let_in(filled, request.form.get("reply", ""), request.remote_addr or "", room.clock())
        with room.unit(the_trace()) as unit:
            taken = refer_oneself(filled, room.directory, unit)
    except (LooksLikeAMachine, Unavailable) as problem:
        return _show_another_way(filled, problem)
    except SQLAlchemyError as error:
        if what_failed(error) == "wrong":
            raise
        note_away(error)
        return _show_another_way(filled, DatabaseAway())
    except Unprocessable as problem:
        return _show_faults(filled, problem)
    answers = SELF_REFERRAL.told(filled.answers)
    return _page(
        "sent.html",
        reference=taken.kept.reference,
        wants_time=text_of(answers, "go_on") == "deferred",
        can_be_reached=any(text_of(answers, f"{channel}_safe") == "yes" for channel in CHANNELS),
    )


def _show_another_way(filled: Filled, problem: Problem) -> Response:
    """It could not be sent now, for whatever reason: nobody's answers are lost over it."""
    room = the_room()
    sealed = seal_form(filled, SELF_REFERRAL.name, room.keys.rest, room.clock())
    response = _page("another_way.html", problem.status, sealed=sealed, held_up=isinstance(problem, TooMany))
    response.headers["Retry-After"] = str(problem.retry_after or WAIT_SECONDS)
    return response


def _show_faults(filled: Filled, problem: Unprocessable) -> Response:
    """The question where the door finds fault first, with what to do about it."""
    answers = SELF_REFERRAL.told(filled.answers)
    slips = slips_of(problem.errors, answers)
    for page in SELF_REFERRAL.path(filled.answers):
        here = [slip for slip in slips if slip.field in {field.name for field in page.fields}]
        if here:
            return _show(change(SELF_REFERRAL, filled, page.key), here)
    raise problem
