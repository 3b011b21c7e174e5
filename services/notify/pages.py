"""Notify's pages: staff and practitioners sign in, see what they can open, and sign out."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from services.notify.keep_staff import LONGEST_PASSWORD
from services.notify.sign_in_staff import Tries, sign_in_staff
from shared.doors import doors_of
from shared.pages import Pages
from shared.problems import Fault, NoKey, Problem, TooMany, Unprocessable
from shared.web import (
    ANYONE,
    SIGN_IN,
    Caller,
    begin_session,
    end_session,
    open_to,
    the_room,
    wants_page,
    who_asks,
)

pages = Pages("services.notify", {"service_url": SIGN_IN})
sign_in_pages = Blueprint("sign_in", __name__)

# Signs that a path and a query are made of. There is no backslash and no control character among them, which
# browsers read as slashes or leave out.
_LOCAL: Final = re.compile(r"/(?!/)[\w.~!$&'()*+,;=:@%/?-]{0,1000}", re.ASCII)
_LONGEST_EMAIL: Final = 254


@sign_in_pages.get(SIGN_IN)
@open_to(ANYONE)
def get_sign_in() -> Response:
    """The page to sign in at; for whoever has done so, what they can open."""
    caller = who_asks()
    if caller is not None:
        return _doors_of(caller)
    came_by = next((way for way in ("signed_out", "not_kept") if way in request.args), "")
    return _ask(local_path(request.args.get("next", "")), came_by=came_by)


@sign_in_pages.post(SIGN_IN)
@open_to(ANYONE)
def post_sign_in() -> Response:
    """Sign in, and go on to where one came from."""
    room = the_room()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    go_on_to = local_path(request.form.get("next", ""))
    try:
        _refuse_blank(email, password)
        with room.database.reading() as connection:
            tries: Tries = room.keep("tries", Tries)
            caller = sign_in_staff(email, password, request.remote_addr or "", tries, connection)
    except (NoKey, TooMany, Unprocessable) as problem:
        if not wants_page():
            raise
        return _ask(go_on_to, problem, email)
    response = Response(status=HTTPStatus.SEE_OTHER, headers={"Location": go_on_to or SIGN_IN})
    begin_session(response, caller)
    return response


@sign_in_pages.post("/sign-out")
@open_to(ANYONE)
def post_sign_out() -> Response:
    """Sign out; doing it twice is no harm."""
    response = Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{SIGN_IN}?signed_out"})
    end_session(response)
    return response


def local_path(asked: str) -> str:
    """The address that was asked for if it lies within the hub, else nothing."""
    return asked if _LOCAL.fullmatch(asked) else ""


def _refuse_blank(email: str, password: str) -> None:
    faults = []
    if not email.strip():
        faults.append(Fault("/email", "required", "Enter your email address"))
    elif len(email) > _LONGEST_EMAIL or "\0" in email:
        faults.append(Fault("/email", "not_allowed", "Enter the email address of your account"))
    if not password:
        faults.append(Fault("/password", "required", "Enter your password"))
    elif len(password) > LONGEST_PASSWORD:
        faults.append(Fault("/password", "not_allowed", "Enter the password of your account"))
    if faults:
        raise Unprocessable(errors=faults)


def _ask(go_on_to: str, problem: Problem | None = None, email: str = "", *, came_by: str = "") -> Response:
    """The page; `came_by` is what brought somebody to it who was signed in before."""
    faults: tuple[Fault, ...] = ()
    if problem is not None:
        # What was wrong of the two nobody is told.
        faults = problem.errors or (Fault("/email", problem.code, problem.detail),)
    response = pages.show(
        "sign_in.html",
        HTTPStatus.OK if problem is None else problem.status,
        faults=[{"field": fault.pointer.lstrip("/"), "text": fault.detail} for fault in faults],
        email=email,
        go_on_to=go_on_to,
        came_by=came_by,
    )
    if problem is not None and problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _doors_of(caller: Caller) -> Response:
    room = the_room()
    agency = room.directory.agencies.get(caller.agency)
    team = room.directory.teams.get(caller.team)
    return pages.show(
        "signed_in.html",
        reader=caller,
        works_for=agency.name if agency else team.name if team else "",
        doors=doors_of(caller.role),
    )
