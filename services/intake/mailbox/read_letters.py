"""Fetch what lies in the mailbox, take it, and put it away once that is committed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from services.intake.mailbox.read_apart import read_apart
from services.intake.mailbox.take_letter import Desk, leave_letter, take_letter
from shared.mailbox import go_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from shared.mailbox import Box, Put
    from shared.messaging.unit import Unit

log = logging.getLogger(__name__)

_ROUND = 20


def read_letters(box: Box, desk: Desk, unit_of_work: Callable[[], AbstractContextManager[Unit]]) -> int:
    """One round: how many letters were put away. A mailbox that is away is looked at again later."""

    def deal_with(raw: bytes) -> Put:
        letter = read_apart(raw, desk.vouched_by)
        with unit_of_work() as unit:
            outcome = take_letter(raw, letter, unit, desk)
        log.info("letter read", extra={"outcome": outcome or "known"})
        return "taken" if outcome in (None, "taken") else "kept"

    def put_aside(name: str) -> None:
        with unit_of_work() as unit:
            leave_letter(name, unit)

    return go_through(box, _ROUND, deal_with, put_aside)
