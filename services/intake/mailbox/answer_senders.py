"""Send the answers that are due, and record what became of each."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.intake.mailbox import store
from services.intake.mailbox.domain.letter import MAX_TRIES, pause_before_try
from shared.mail import Mail, NotSent, Refused, compose

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from uuid import UUID

    from shared.messaging.unit import Unit

log = logging.getLogger(__name__)

_ROUND = 10


@dataclass(frozen=True)
class Post:
    """What answers are sent with."""

    mail: Mail
    sender: str

    def close(self) -> None:
        """Let go of the mail server."""
        self.mail.close()

    @property
    def domain(self) -> str:
        """The domain that message ids are made under."""
        return self.sender.rpartition("@")[2].rstrip("> ") or "referral-hub"


def answer_senders(post: Post, unit_of_work: Callable[[], AbstractContextManager[Unit]]) -> int:
    """One round: how many answers were taken in hand.

    Claimed, sent, recorded: a claim that is never recorded runs out, and the answer goes again under the same
    Message-ID, as every mail of the hub does.
    """
    with unit_of_work() as unit:
        claimed = store.claim_due(unit, _ROUND)
    for answer_id, tries, answer in claimed:
        trouble = _send(post, answer_id, answer)
        with unit_of_work() as unit:
            if trouble is None:
                store.record_sent(unit, answer_id)
            else:
                give_up = isinstance(trouble, Refused) or tries >= MAX_TRIES
                due_at = None if give_up else unit.now + pause_before_try(tries)
                store.record_trouble(unit, answer_id, trouble.detail, due_at)
                log.warning(
                    "a sender was not answered" if give_up else "a sender was not answered yet",
                    extra={"trouble": trouble.detail},
                )
    return len(claimed)


def _send(post: Post, answer_id: UUID, answer: store.Answer) -> NotSent | None:
    mail = compose(
        sender=post.sender,
        recipient=answer.recipient,
        subject=answer.subject,
        text=answer.text,
        name=answer_id,
        domain=post.domain,
        in_answer_to=answer.answers,
    )
    try:
        with post.mail.open() as sender:
            sender.send(mail, answer_id)
    except NotSent as problem:
        return problem
    except OSError as error:
        return NotSent(type(error).__name__)
    return None
