"""Send what is due: take a few deliveries in hand, send them, record what became of each."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.notify import store
from services.notify.domain.alert import CLAIM, MAX_TRIES, Delivery, pause_before_try, write_letter
from shared.mail import Mail, NotSent, Refused, compose

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from uuid import UUID

    from shared.messaging.unit import Unit

log = logging.getLogger(__name__)

_ROUND = 10
# However slow the mail server is, a round ends before its claims run out and somebody else may send.
_ROUND_SECONDS = CLAIM.total_seconds() / 3


@dataclass(frozen=True)
class Post:
    """What letters are written and sent with."""

    mail: Mail
    sender: str
    sign_in_at: str

    def close(self) -> None:
        """Let go of the mail server."""
        self.mail.close()

    @property
    def domain(self) -> str:
        """The domain that message ids are made under."""
        return self.sender.rpartition("@")[2].rstrip("> ") or "referral-hub"


def deliver_alerts(post: Post, unit_of_work: Callable[[], AbstractContextManager[Unit]]) -> int:
    """One round: how many deliveries were taken in hand.

    Three steps, each of which may be the last before the process dies: the claim is committed first, so
    that nobody else sends the same; a claim that is never recorded runs out, and the delivery is sent again
    under the same id (see `shared.mail`).
    """
    with unit_of_work() as unit:
        claimed = store.claim_due(unit, _ROUND)
    if not claimed:
        return 0
    sent, troubles = _send(post, claimed)
    with unit_of_work() as unit:
        if sent:
            store.record_sent(unit, sent)
        for delivery, problem in troubles:
            give_up = isinstance(problem, Refused) or delivery.tries >= MAX_TRIES
            due_at = None if give_up else unit.now + pause_before_try(delivery.tries)
            store.record_trouble(unit, delivery.id, problem.detail, due_at)
            log.log(
                logging.ERROR if give_up else logging.WARNING,
                "alert not delivered" if give_up else "alert not delivered yet",
                extra={"case": delivery.case, "channel": delivery.channel, "trouble": problem.detail},
            )
    return len(claimed)


def _send(post: Post, claimed: list[Delivery]) -> tuple[list[UUID], list[tuple[Delivery, NotSent]]]:
    end = time.monotonic() + _ROUND_SECONDS
    sent: list[UUID] = []
    troubles: list[tuple[Delivery, NotSent]] = []
    try:
        with post.mail.open() as sender:
            for delivery in claimed:
                if time.monotonic() > end:
                    break  # what is left is due again when its claim runs out
                letter = write_letter(
                    delivery.case, delivery.kind, urgent=delivery.urgent, sign_in_at=post.sign_in_at
                )
                mail = compose(
                    sender=post.sender,
                    recipient=delivery.recipient,
                    subject=letter.subject,
                    text=letter.text,
                    delivery_id=delivery.id,
                    domain=post.domain,
                )
                try:
                    sender.send(mail, delivery.id)
                    sent.append(delivery.id)
                except NotSent as problem:
                    troubles.append((delivery, problem))
    except (NotSent, OSError) as error:
        away = error if isinstance(error, NotSent) else NotSent(type(error).__name__)
        done = {*sent, *(delivery.id for delivery, _ in troubles)}
        troubles += [(delivery, away) for delivery in claimed if delivery.id not in done]
    return sent, troubles
