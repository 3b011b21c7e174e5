"""Reads what a mail server says when it returns a mail: that it failed, and which one it was.

A report of the standard form (RFC 3464) says so in fields; older and other servers say it in words, each in
its own. Those are read by flufl.bounce, which Mailman reads its own with. Which one it was is believed only
of what proves it: whom it did not reach, and who sent the report, anybody can write.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, NamedTuple

from flufl.bounce import all_failures

from services.notify.proof import proven_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.message import Message
    from uuid import UUID

    from shared.sealing import Lookup

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Bounce(NamedTuple):
    """A mail that came back: its token if that is proven, and the status of RFC 3463."""

    token: UUID | None
    status: str


def read_bounce(raw: bytes, lookup: Lookup) -> Bounce | None:
    """The bounce in this mail; None when it is none, or says only that delivery takes longer."""
    try:
        return _read(raw, lookup)
    except Exception:  # noqa: BLE001 - a dozen kinds of errors for headers and parts that are not well formed
        return None


def _read(raw: bytes, lookup: Lookup) -> Bounce | None:
    mail = message_from_bytes(raw, policy=policy.compat32)
    parts = list(mail.walk())
    _, permanent = all_failures(mail)
    status = next(_failed(parts), None)
    if status is None and not permanent:
        return None
    return Bounce(next(_tokens(parts, lookup), None), status or "5.0.0")


def _failed(parts: Sequence[Message]) -> Iterator[str]:
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload():
            fields = block if not isinstance(block, str) else {}
            if str(fields.get("Action", "")).strip().lower() == "failed":
                status = _STATUS.search(str(fields.get("Status", "")))
                yield status[0] if status else "5.0.0"


def _tokens(parts: Sequence[Message], lookup: Lookup) -> Iterator[UUID]:
    """From the mail that came back, its headers alone or its text; never from the report's own headers."""
    texts = [str(part.get("Message-ID", "")) for part in parts[1:]]
    for part in parts:
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and part.get_content_maintype() == "text":
            texts.append(content.decode("utf-8", "replace"))
    for text in texts:
        yield from proven_in(text, lookup)
