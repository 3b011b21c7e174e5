"""The page of ops: what waits where, and what could not be handled, with a button to try it again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from services.ops.api import NO_SUCH_MESSAGE, OPS, the_desk, uuid_of
from shared.pages import Pages
from shared.problems import NotFound
from shared.web import SIGN_IN, open_to, the_caller, the_room
from shared.working_time import LONDON

ADDRESS: Final = "/ops"
_SHOWN: Final = 50

DESK: Final = Pages("services.ops", {"service_url": SIGN_IN})
pages = Blueprint("ops_pages", __name__)


@pages.get(ADDRESS)
@open_to(*OPS)
def get_desk() -> Response:
    """All of it on one page; no person is on it."""
    desk, now = the_desk(), the_room().clock()
    services = desk.services()
    # What lies in a database that is away cannot be listed; the table above says that it is.
    found = [] if None in services.values() else desk.parked(waiting_too=False, after=None, limit=_SHOWN + 1)
    return DESK.show(
        "ops.html",
        reader=the_caller(),
        depths=desk.depths(),
        services=[
            (
                name,
                waiting,
                max(0, int((now - waiting.oldest_unsent_at).total_seconds()))
                if waiting and waiting.oldest_unsent_at
                else 0,
            )
            for name, waiting in services.items()
        ],
        parked=[
            (name, one, f"{one.held_at.astimezone(LONDON):%-d %B %Y, %H:%M}") for name, one in found[:_SHOWN]
        ],
        more=len(found) > _SHOWN,
        replayed="replayed" in request.args,
    )


@pages.post(f"{ADDRESS}/parked/<parked_id>/replay")
@open_to(*OPS)
def post_replay_from_page(parked_id: str) -> Response:
    """Have it tried again at once."""
    wanted = uuid_of(parked_id)
    if wanted is None or the_desk().replay(wanted) is None:
        raise NotFound(NO_SUCH_MESSAGE)
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{ADDRESS}?replayed"})
