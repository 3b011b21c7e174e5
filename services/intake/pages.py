"""The first page of the hub: where to go, for whoever comes without knowing."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from services.intake.forms.pages import EXIT
from shared.pages import Pages
from shared.web import ANYONE, open_to, the_room

# Somebody may come here who is looking for help: the way out is here as well.
FRONT: Final = Pages("services.intake", {"exit_to": EXIT})

front_page = Blueprint("front_page", __name__)


@front_page.get("/")
@open_to(ANYONE)
def get_front_page() -> Response:
    """Every way in; the one for people themselves only where the directory has it."""
    by_oneself = any(agency.self_referral for agency in the_room().directory.agencies.values())
    return FRONT.show("front.html", by_oneself=by_oneself)
