"""Reads the report with which a mail server returns a mail (RFC 3464): which it was, and whether for good."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.message import EmailMessage, Message

_MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Bounce(NamedTuple):
    """A mail that came back: its token, and the status in the numbers of RFC 3463."""

    token: UUID
    status: str


def read_bounce(raw: bytes) -> Bounce | None:
    """The bounce in this mail; None when it is none, or says only that delivery takes longer."""
    mail: EmailMessage = message_from_bytes(raw, policy=policy.default)
    parts = list(mail.walk())
    status = next(_failed(parts), None)
    token = next(_tokens(parts), None)
    return Bounce(token, status) if token is not None and status is not None else None


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
    """From the mail that came back, or its headers alone; never from the report's own Message-ID."""
    for part in parts[1:]:
        texts = [str(part.get("Message-ID", ""))]
        if part.get_content_type() == "text/rfc822-headers":
            texts.append(str(part.get_payload()))
        for text in texts:
            found = _MESSAGE_ID.search(text)
            if found is not None:
                yield UUID(found[1])
