"""Read a mail that came back, in a process of its own, and believe what proves that it answers one of ours.

Whom a mail did not reach, and who sent the report, anybody can write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from services.notify.bounces import Returned
from services.notify.proof import proven_in
from shared.own_process import told_by

if TYPE_CHECKING:
    from uuid import UUID

    from shared.sealing import Lookup

_READER: Final = "services.notify.bounces"
_SECONDS_OF_WORK: Final = 20
_DECODER: Final = msgspec.msgpack.Decoder(Returned)


class Bounce(NamedTuple):
    """A mail that came back: its token if that is proven, and the status of RFC 3463."""

    token: UUID | None
    status: str


def read_bounce(raw: bytes, lookup: Lookup, work: int = _SECONDS_OF_WORK) -> Bounce | None:
    """The bounce in this mail; None when it is none, or says only that delivery takes longer.

    So it is when reading it takes more than `work`, in seconds of a processor. The keys stay here.
    """
    told = told_by(_READER, raw, str(work))
    return prove(_DECODER.decode(told), lookup) if told else None


def prove(returned: Returned, lookup: Lookup) -> Bounce:
    """What a report says, with the token that it proves."""
    return Bounce(next(proven_in(returned.names, lookup), None), returned.status)
