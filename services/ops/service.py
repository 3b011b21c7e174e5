"""The desk of ops, put together: no service of its own, but a view over all three."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.ops.api import api
from services.ops.desk import Desk
from services.ops.pages import DESK, pages
from shared.web import put_together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from shared.messaging.carrier import Broker
    from shared.service import Room

NAME: Final = "ops"
# Everything below these is answered here.
PATHS: Final = ("/v1/ops", "/ops")


def desk_of(rooms: Mapping[str, Room], broker: Broker | None) -> Flask:
    """The app of the desk; it stands in notify's room, where staff sign in."""
    room = rooms["notify"]
    app = put_together(replace(room, service=replace(room.service, name=NAME, api=(api,))), NAME)
    app.extensions["hub_desk"] = Desk(rooms, broker)
    app.extensions["hub_counted"] = rooms
    app.register_blueprint(pages)
    DESK.told_in(app)
    return app
