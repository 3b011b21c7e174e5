"""A mail is read in a process of its own, which is ended when it takes too long."""

from __future__ import annotations

from typing import Final

import msgspec

from services.intake.mailbox.domain.letter import Letter
from shared.own_process import told_by

_READER: Final = "services.intake.mailbox.letter_process"
# The largest mail that is let in takes three, or ten if all of it is one page.
_SECONDS_OF_WORK: Final = 20
_DECODER: Final = msgspec.msgpack.Decoder(Letter)


def read_apart(raw: bytes, vouched_by: str, work: int = _SECONDS_OF_WORK) -> Letter | None:
    """The letter in these bytes; None if there is none, or it would take too much to find it.

    `vouched_by` is as `read_letter` takes it, `work` in seconds of a processor.
    """
    told = told_by(_READER, raw, str(work), vouched_by)
    return _DECODER.decode(told) if told else None
