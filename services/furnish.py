"""Opens the services that a command works in, and closes them when the command ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from services.every import SERVICES
from shared.house import House
from shared.logs import log_to_stderr
from shared.messaging.broker import open_broker
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.service import Room


def furnished_house(names: Iterable[str] = tuple(SERVICES)) -> House:
    """These services, or all of them, with the settings of the environment; nothing of them runs."""
    settings = Settings.read()
    log_to_stderr("WARNING")
    house = House([SERVICES[name].furnish(settings) for name in names], open_broker(settings.broker_url))
    click.get_current_context().call_on_close(house.stop)
    return house


def furnished_room(name: str) -> Room:
    """One service alone."""
    return furnished_house([name]).rooms[name]
