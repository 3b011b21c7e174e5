"""Fetch what lies in the mailbox, take it, and put it away once that is committed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from services.intake.mailbox.take_letter import Desk, take_letter
from shared.mailbox import BoxAway

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from shared.mailbox import Box
    from shared.messaging.unit import Unit

log = logging.getLogger(__name__)

_ROUND = 20


def read_letters(box: Box, desk: Desk, unit_of_work: Callable[[], AbstractContextManager[Unit]]) -> int:
    """One round: how many letters were dealt with. A mailbox that is away is looked at again later."""
    dealt_with = 0
    try:
        with box.open() as opened:
            for name in opened.names(_ROUND):
                raw = opened.fetch(name)
                if raw is None:
                    log.error("a mail is too large to be read; it was put aside")
                    opened.put_away(name, "left")
                    continue
                with unit_of_work() as unit:
                    outcome = take_letter(raw, unit, desk)
                opened.put_away(name, "taken" if outcome in (None, "taken") else "kept")
                dealt_with += 1
                log.info("letter read", extra={"outcome": outcome or "known"})
    except BoxAway as problem:
        log.warning("mailbox away", extra={"error": problem.detail})
    return dealt_with
