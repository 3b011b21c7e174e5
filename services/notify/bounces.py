"""Reads what a mail server says when it returns a mail: which it was, and whom it did not reach.

A report of the standard form (RFC 3464) says so in fields; older and other servers say it in words, each in
its own. Those are read by flufl.bounce, which Mailman reads its own with.
"""

from __future__ import annotations

import logging
import re
from email import message_from_bytes, policy
from email.utils import parseaddr
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from flufl.bounce import all_failures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.message import Message

# It would write down what it could not read, and that can be anybody's mail.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

_MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_MACHINES = ("mailer-daemon", "postmaster")


class Bounce(NamedTuple):
    """A mail that came back: its token where the report has it, whom it was for, the status of RFC 3463."""

    token: UUID | None
    addresses: tuple[str, ...]
    status: str


def read_bounce(raw: bytes) -> Bounce | None:
    """The bounce in this mail; None when it is none, or says only that delivery takes longer."""
    try:
        return _read(raw)
    except Exception:  # noqa: BLE001 - a dozen kinds of errors for headers and parts that are not well formed
        return None


def _read(raw: bytes) -> Bounce | None:
    mail = message_from_bytes(raw, policy=policy.compat32)
    parts = list(mail.walk())
    _, permanent = all_failures(mail)
    status = next(_failed(parts), None)
    if status is None and not permanent:
        return None
    addresses = tuple(sorted(address.decode("ascii", "replace").lower() for address in permanent))
    # Whom it did not reach is believed without the mail's own token only when a mail server says so.
    told_by = parseaddr(str(mail.get("From", "")))[1].partition("@")[0].lower()
    return Bounce(next(_tokens(parts), None), addresses if told_by in _MACHINES else (), status or "5.0.0")


def _failed(parts: Sequence[Message]) -> Iterator[str]:
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload():
            fields = block if not isinstance(block, str) else {}
            if str(fields.get("Action", "")).strip().lower() == "failed":
                status = _STATUS.search(str(fields.get("Status", "")))
                yield status[0] if status else "5.0.0"


def _tokens(parts: Sequence[Message]) -> Iterator[UUID]:
    """From the mail that came back, its headers alone or its text; never from the report's own headers."""
    texts = [str(part.get("Message-ID", "")) for part in parts[1:]]
    for part in parts:
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and part.get_content_maintype() == "text":
            texts.append(content.decode("utf-8", "replace"))
    for text in texts:
        for found in _MESSAGE_ID.finditer(text):
            yield UUID(found[1])
