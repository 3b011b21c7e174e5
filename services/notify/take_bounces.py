"""Look into the mailbox to which mails come back: each that did is a task for a human at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from services.notify import dispatch_store
from services.notify.bounces import read_bounce
from services.notify.take_receipt import take_receipt
from shared.mailbox import BoxAway

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from services.notify.bounces import Bounce
    from services.notify.switchboard import Switchboard
    from shared.mailbox import Box
    from shared.messaging.unit import Unit

log = logging.getLogger(__name__)

_ROUND = 50


def take_bounces(
    box: Box, unit_of_work: Callable[[], AbstractContextManager[Unit]], board: Switchboard
) -> int:
    """One round: how many mails were looked at. What is no bounce of ours is left for whoever reads the mail.

    A mail is put away once what follows from it was committed; one that is found again changes nothing.
    """
    looked_at = 0
    try:
        with box.open() as opened:
            for name in opened.names(_ROUND):
                raw = opened.fetch(name)
                bounce = read_bounce(raw) if raw is not None else None
                known = False
                if bounce is not None:
                    with unit_of_work() as unit:
                        known = take_bounce(bounce, unit, board)
                opened.put_away(name, "taken" if known else "left")
                looked_at += 1
                log.info("mail that came back" if known else "a mail came that is no bounce of ours")
    except BoxAway as problem:
        log.warning("the mailbox of bounces is away", extra={"error": problem.detail})
    return looked_at


def take_bounce(bounce: Bounce, unit: Unit, board: Switchboard) -> bool:
    """Whether it is of a mail of ours: the one of its token, or else the last to whom it did not reach."""
    trouble = f"bounced {bounce.status}"
    if bounce.token is not None and take_receipt(bounce.token, "returned", trouble, unit, board):
        return True
    last = [dispatch_store.last_mail_to(unit, address) for address in bounce.addresses]
    for token in filter(None, last):
        take_receipt(token, "returned", trouble, unit, board)
    return any(last)
