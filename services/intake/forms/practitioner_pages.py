"""What a practitioner sees who refers somebody: a list of tasks, and, signed in, what they saved and sent.

Who signed in has an address for each place of a draft, and what they answer is kept as they go. For anybody
else it is as in the public form: one address, and the answers travel sealed in the page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from services.intake.forms import store
from services.intake.forms.domain.draft import KEPT_FOR
from services.intake.forms.domain.filling import CHECK, change
from services.intake.forms.domain.practitioner.tasks import (
    LIST,
    PRACTITIONER,
    begin_practitioner,
    go_back,
    go_on,
    go_to_task,
    is_place,
    look_over_all,
    progress_of,
    still_needed,
)
from services.intake.forms.domain.questions import LONDON, text_of
from services.intake.forms.keep_drafts import (
    AlreadySent,
    begin_draft,
    drop_draft,
    find_own,
    find_sent,
    keep_draft,
    lock_own,
    owner_of,
)
from services.intake.forms.keep_machines_away import WAIT_SECONDS, Doorkeeper, LooksLikeAMachine
from services.intake.forms.practitioner_schema import MISSING, in_plain_words, look_over, slips_of
from services.intake.forms.refer_somebody import refer_somebody, send_draft
from services.intake.forms.sealed_form import FormBroken, open_form, seal_form
from services.intake.forms.show_answers import rows_of
from shared import web
from shared.database import DatabaseAway, what_failed
from shared.identity import new_id
from shared.pages import Pages
from shared.problems import NotFound, Problem, TooMany, Unavailable, Unprocessable
from shared.web import ANYONE, note_away, open_to, the_caller, the_room, the_trace, who_asks

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from services.intake.domain.kept_referral import KeptReferral
    from services.intake.forms.domain.draft import Draft, Owner
    from services.intake.forms.domain.filling import Filled
    from services.intake.forms.domain.questions import Slip
    from shared.web import Caller

pages = Blueprint("practitioner", __name__)

ADDRESS: Final = "/refer/practitioner"
PRACTITIONERS: Final = Pages(
    "services.intake.forms",
    {
        "service_name": "Refer somebody",
        "service_url": ADDRESS,
        "footer_links": ({"text": "Accessibility", "href": "/refer/accessibility"},),
    },
)
_MOST_SENT_SHOWN: Final = 50


@dataclass(frozen=True)
class Carried:
    """How a form comes back with the next answers: to which address, and what travels in the page."""

    action: str
    sealed: str = ""


@pages.get(ADDRESS)
@open_to(ANYONE)
def get_start() -> Response:
    """The first page; for a practitioner who signed in, what they saved and what they sent."""
    caller = _practitioner()
    if caller is None:
        return PRACTITIONERS.show("practitioner/start.html", kept_days=KEPT_FOR.days)
    room = the_room()
    owner = owner_of(caller, room.keys.lookup)
    with room.database.reading() as connection:
        drafts = store.list_drafts(connection, room.keys.rest, owner)
        sent = store.list_sent(connection, owner, _MOST_SENT_SHOWN)
    return _show_page(
        "practitioner/mine.html",
        caller,
        agency=room.directory.agencies[caller.agency].name
        if caller.agency in room.directory.agencies
        else "",
        drafts=[
            {
                "action": _place_of(draft.id, LIST),
                "removal": f"{ADDRESS}/drafts/{draft.id}/deletion",
                "about": _about(draft.filled),
                "changed_at": f"{_day(draft.changed_at)}, {draft.changed_at.astimezone(LONDON):%H:%M}",
            }
            for draft in drafts
        ],
        sent=[
            {
                "reference": one.reference,
                "status": one.status,
                "sent_on": _day(one.sent_at),
                "since": _day(one.updated_at),
                "missing": [MISSING[code] for code in one.reasons if code in MISSING],
            }
            for one in sent
        ],
        kept_days=KEPT_FOR.days,
    )


@pages.post(ADDRESS)
@open_to(ANYONE)
def post_form() -> Response:
    """Begin a form; or, without an account, take what the page that was shown asked for."""
    room, caller, now = the_room(), _practitioner(), the_room().clock()
    sealed = request.form.get("form", "")
    if sealed:
        filled = open_form(sealed, PRACTITIONER.name, room.keys.rest, now)
        if not is_place(filled.at):
            message = "The form has changed since you began. Please start again."
            raise FormBroken(message)
        if request.form.get("go") == "send" and filled.at == CHECK and not still_needed(filled):
            return _send_sealed(filled)
        return _show_sealed(*_step(filled))
    if caller is None:
        return _show_sealed(begin_practitioner(str(new_id()), now, {}))
    organisation = (
        room.directory.agencies[caller.agency].name if caller.agency in room.directory.agencies else ""
    )
    known = {"ref_email": (caller.name,)} | ({"ref_organisation": (organisation,)} if organisation else {})
    filled = begin_practitioner(str(new_id()), now, known)
    with room.unit(the_trace()) as unit:
        begin_draft(filled, owner_of(caller, unit.keys.lookup), unit)
    return _go_to(_place_of(UUID(filled.id), LIST))


@pages.get(f"{ADDRESS}/drafts/<uuid:draft_id>/<place>")
@open_to(web.PRACTITIONER)
def get_draft(draft_id: UUID, place: str) -> Response:
    """A place of one's own draft: the list of its tasks, a question, or the look over all answers."""
    try:
        filled = _at(_own(draft_id).filled, place)
    except AlreadySent:
        return _go_to(_sent_of(draft_id))
    if place == CHECK and still_needed(filled):
        return _go_to(_place_of(draft_id, LIST))
    return _show(filled, Carried(request.path), caller=the_caller())


@pages.post(f"{ADDRESS}/drafts/<uuid:draft_id>/<place>")
@open_to(web.PRACTITIONER)
def post_draft(draft_id: UUID, place: str) -> Response:
    """Take what this place asked for, keep it, and go on."""
    try:
        if request.form.get("go") == "send" and place == CHECK:
            return _send_draft(draft_id)
        with the_room().unit(the_trace()) as unit:
            draft = lock_own(draft_id, _owner(), unit)
            filled, slips = _step(_at(draft.filled, place))
            if not slips:
                keep_draft(filled, unit)
    except AlreadySent:
        return _go_to(_sent_of(draft_id))
    if slips:
        return _show(filled, Carried(request.path), slips, caller=the_caller())
    return _go_to(_place_of(draft_id, filled.at))


def _send_draft(draft_id: UUID) -> Response:
    owner = _owner()
    try:
        with the_room().unit(the_trace()) as unit:
            draft = lock_own(draft_id, owner, unit)
            if still_needed(draft.filled):
                return _go_to(_place_of(draft_id, LIST))
            send_draft(draft, owner, unit)
    except Unprocessable:
        # The look over all answers tells what the door found.
        return _go_to(_place_of(draft_id, CHECK))
    return _go_to(_sent_of(draft_id))


@pages.get(f"{ADDRESS}/drafts/<uuid:draft_id>/sent")
@open_to(web.PRACTITIONER)
def get_sent(draft_id: UUID) -> Response:
    """That one's own form was sent: its reference, and what happens next."""
    with the_room().database.reading() as connection:
        kept = find_sent(draft_id, _owner(), connection)
    return _show_sent(kept, the_caller())


@pages.get(f"{ADDRESS}/drafts/<uuid:draft_id>/deletion")
@open_to(web.PRACTITIONER)
def get_deletion(draft_id: UUID) -> Response:
    """Whether one means it."""
    about = _about(_own(draft_id).filled)
    return _show_page("practitioner/delete.html", the_caller(), action=request.path, about=about)


@pages.post(f"{ADDRESS}/drafts/<uuid:draft_id>/deletion")
@open_to(web.PRACTITIONER)
def post_deletion(draft_id: UUID) -> Response:
    """Forget one's own draft."""
    with the_room().unit(the_trace()) as unit:
        drop_draft(draft_id, _owner(), unit)
    return _go_to(ADDRESS)


def _practitioner() -> Caller | None:
    """The practitioner who signed in; anybody else is somebody without an account here."""
    caller = who_asks()
    if caller is None or caller.role != web.PRACTITIONER:
        return None
    return caller if caller.agency in the_room().directory.agencies else None


def _owner() -> Owner:
    """Whose drafts are meant; nobody's, where the agency is no longer in the directory."""
    caller, room = the_caller(), the_room()
    if caller.agency not in room.directory.agencies:
        message = "Your agency is not in the directory. Ask whoever looks after your account."
        raise NotFound(message)
    return owner_of(caller, room.keys.lookup)


def _own(draft_id: UUID) -> Draft:
    room = the_room()
    with room.database.reading() as connection:
        return find_own(draft_id, _owner(), connection, room.keys.rest)


def _at(filled: Filled, place: str) -> Filled:
    if not is_place(place):
        raise NotFound
    return replace(filled, at=place)


def _step(filled: Filled) -> tuple[Filled, list[Slip]]:
    """Where the button that was pressed leads, with what was answered; or what is wrong with it."""
    go = request.form.get("go", "")
    if go == "back":
        return go_back(filled), []
    if go == "check":
        return look_over_all(filled), []
    if go.startswith("task:"):
        return go_to_task(filled, go.removeprefix("task:")), []
    if go.startswith("change:"):
        return change(PRACTITIONER, filled, go.removeprefix("change:")), []
    if filled.at in (LIST, CHECK):
        return (look_over_all(filled) if filled.at == CHECK else filled), []
    return go_on(filled, request.form.to_dict(flat=False), _today())


def _show_sealed(filled: Filled, slips: Sequence[Slip] = ()) -> Response:
    room = the_room()
    sealed = seal_form(filled, PRACTITIONER.name, room.keys.rest, room.clock())
    return _show(filled, Carried(ADDRESS, sealed), slips)


def _show(
    filled: Filled, carried: Carried, slips: Sequence[Slip] = (), *, caller: Caller | None = None
) -> Response:
    told: dict[str, Any] = {"action": carried.action, "sealed": carried.sealed, "faults": tuple(slips)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if slips else HTTPStatus.OK
    if filled.at == LIST:
        return _show_page(
            "practitioner/tasks.html",
            caller,
            tasks=list(progress_of(filled)),
            ready=not still_needed(filled),
            **told,
        )
    if filled.at == CHECK:
        wrong, strange = look_over(filled, the_room().clock())
        told["faults"] = tuple(slips) or tuple(wrong)
        return _show_page(
            "practitioner/check.html",
            caller,
            status,
            groups=rows_of(PRACTITIONER, filled),
            remarks=[_remark(slip) for slip in strange],
            wrong=[_remark(slip) for slip in told["faults"]],
            verified=caller is not None,
            **told,
        )
    page = PRACTITIONER.page(filled.at)
    return _show_page(page.template, caller, status, page=page, answers=filled.answers, **told)


def _show_page(template: str, caller: Caller | None, status: int = HTTPStatus.OK, **told: object) -> Response:
    return PRACTITIONERS.show(template, status, reader=caller, **told)


def _remark(slip: Slip) -> dict[str, str]:
    """Something to look at again, and the page where it can be changed."""
    for page in PRACTITIONER.pages:
        for field in page.fields:
            if field.name == slip.field:
                name = f"{page.question} {field.row}" if len(page.fields) > 1 else page.question
                return {"page": page.key, "name": name, "detail": slip.detail}
    return {"page": "", "name": "", "detail": slip.detail}


def _send_sealed(filled: Filled) -> Response:
    room = the_room()
    try:
        keeper: Doorkeeper = room.keep("doorkeeper", Doorkeeper)
        keeper.let_in(filled, request.form.get("reply", ""), request.remote_addr or "", room.clock())
        with room.unit(the_trace()) as unit:
            kept = refer_somebody(filled, room.directory, unit)
    except (LooksLikeAMachine, Unavailable) as problem:
        return _show_wait(filled, problem)
    except SQLAlchemyError as error:
        if what_failed(error) == "wrong":
            raise
        note_away(error)
        return _show_wait(filled, DatabaseAway())
    except Unprocessable as problem:
        return _show_sealed(filled, slips_of(problem.errors, PRACTITIONER.told(filled.answers)))
    return _show_sent(kept, None)


def _show_wait(filled: Filled, problem: Problem) -> Response:
    """It could not be sent now, for whatever reason: nobody's answers are lost over it."""
    room = the_room()
    response = PRACTITIONERS.show(
        "practitioner/wait.html",
        problem.status,
        sealed=seal_form(filled, PRACTITIONER.name, room.keys.rest, room.clock()),
        action=ADDRESS,
        held_up=isinstance(problem, TooMany),
    )
    response.headers["Retry-After"] = str(problem.retry_after or WAIT_SECONDS)
    return response


def _show_sent(kept: KeptReferral, caller: Caller | None) -> Response:
    return _show_page(
        "practitioner/sent.html",
        caller,
        reference=kept.reference,
        warnings=in_plain_words(kept.warnings),
        verified=caller is not None,
    )


def _about(filled: Filled) -> str:
    """Whom a draft is about, as far as it was said."""
    return " ".join(filter(None, (text_of(filled.answers, "p1_given"), text_of(filled.answers, "p1_family"))))


def _today() -> dt.date:
    return the_room().clock().astimezone(LONDON).date()


def _day(instant: dt.datetime) -> str:
    """The date as it is said in London."""
    day = instant.astimezone(LONDON)
    return f"{day.day} {day:%B %Y}"


def _place_of(draft_id: UUID, place: str) -> str:
    return f"{ADDRESS}/drafts/{draft_id}/{place}"


def _sent_of(draft_id: UUID) -> str:
    return f"{ADDRESS}/drafts/{draft_id}/sent"


def _go_to(address: str) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})
