"""Look into the mailbox to which mails come back: each that did is a task for a human at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from services.notify.read_bounce import read_bounce
from services.notify.take_receipt import take_receipt
from services.notify.tell_ops import tell_ops_of_strange_mail
from shared.mailbox import go_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from services.notify.read_bounce import Bounce
    from services.notify.switchboard import Switchboard
    from shared.mailbox import Box, Put
    from shared.messaging.unit import Unit
    from shared.sealing import Lookup

log = logging.getLogger(__name__)

_ROUND = 50


def take_bounces(
    box: Box, unit_of_work: Callable[[], AbstractContextManager[Unit]], board: Switchboard, lookup: Lookup
) -> int:
    """One round: how many mails were put away. What is no bounce of ours is left for whoever reads the mail.

    A mail is put away once what follows from it was committed; one that is found again changes nothing.
    """

    def deal_with(raw: bytes) -> Put:
        bounce = read_bounce(raw, lookup)
        known = False
        if bounce is not None:
            with unit_of_work() as unit:
                known = take_bounce(bounce, unit, board)
        log.info("mail that came back" if known else "a mail came that is no bounce of ours")
        return "taken" if known else "left"

    return go_through(box, _ROUND, deal_with)


def take_bounce(bounce: Bounce, unit: Unit, board: Switchboard) -> bool:
    """Whether it proves to be of a message of ours; of what does not, ops are told."""
    trouble = f"bounced {bounce.status}"
    if bounce.token is not None and take_receipt(bounce.token, "returned", trouble, unit, board):
        return True
    tell_ops_of_strange_mail(unit, board)
    return False
