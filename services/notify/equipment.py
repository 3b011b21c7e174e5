"""The room's people and channels, read once and kept for as long as it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notify.deliver_alerts import Post
from services.notify.read_wording import read_wording
from services.notify.switchboard import Switchboard, open_channels

if TYPE_CHECKING:
    from shared.service import Room


def board_of(room: Room) -> Switchboard:
    """Whom there is to tell, and over what."""
    board: Switchboard = room.keep(
        "board",
        lambda: Switchboard.of(
            room.directory,
            room.keep(
                "channels",
                lambda: open_channels(room.settings, room.clock, room.keys.lookup, room.directory.teams),
            ),
            room.settings.gather_seconds,
        ),
    )
    return board


def post_of(room: Room) -> Post:
    """What the room's messages are sent with.

    They lead to what waits: whoever is signed in takes it with the next tap, others sign in on the way.
    """
    post: Post = room.keep(
        "post", lambda: Post(board_of(room), read_wording(), f"{room.settings.public_url}/alerts")
    )
    return post
