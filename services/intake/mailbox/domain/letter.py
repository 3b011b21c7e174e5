"""A letter is a mail that came to the hub: who sent it, what is typed in it and what is attached."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

# A letter that was kept for a human is forgotten after this long, as is what its sender was answered.
KEPT_FOR = dt.timedelta(days=30)
# After this long an answer that was begun and never recorded is taken up again: longer than a mail server's
# own time-outs together.
CLAIM = dt.timedelta(seconds=90)
MAX_TRIES = 20
# Whoever is answered that nothing could be taken so often within a day may be a machine that answers the
# answers, and shows it by no sign: it is answered no more, and a human has what it wrote.
MOST_IN_VAIN = 10
IN_VAIN_WITHIN = dt.timedelta(days=1)

Outcome = Literal["taken", "in_part", "not_understood", "unknown_sender", "automatic", "damaged", "left"]
# What a human should look at. What a machine sent of itself is kept too, but nobody is called for it.
FOR_A_HUMAN: tuple[Outcome, ...] = ("in_part", "not_understood", "unknown_sender", "damaged", "left")


# Who wrote: a person; a machine of itself, which is read and never answered; or a machine about another mail
# (it came back, somebody is away), in which nothing is looked for.
Writer = Literal["person", "machine", "report"]
# What a letter can have in it that is not read, and must be told of.
Unread = Literal[
    "encrypted", "closed_signature", "winmail", "pictures", "too_many", "too_deep", "text_too_long", "damaged"
]


@dataclass(frozen=True)
class Attachment:
    """A file that came with a letter; its name is what the sender called it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Contents:
    """What is in a letter: the text of it and of each message forwarded in it, files, and what is not read.

    `odd_letters` is whether the text had to be read in another way than it says of itself.
    """

    texts: tuple[str, ...] = ("",)
    attachments: tuple[Attachment, ...] = ()
    unread: tuple[Unread, ...] = ()
    odd_letters: bool = False
    fingerprint: bytes = b""


@dataclass(frozen=True)
class Letter:
    """A mail, read. `vouched` is whether our mail server found that it comes from where it says."""

    sender: str
    message_id: str
    writer: Writer
    vouched: bool
    contents: Contents


def pause_before_try(tries: int) -> dt.timedelta:
    """How long an answer that did not leave waits: a minute at first, doubling, six hours at most."""
    return dt.timedelta(minutes=min(360, 2 ** min(tries - 1, 9)))
