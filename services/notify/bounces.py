"""Reads what a mail server says when it returns a mail: that it failed, and which one it may have been.

A report of the standard form (RFC 3464) says so in fields; older and other servers say it in words, each in
its own. Those are read by flufl.bounce, which Mailman reads its own with.

A mail can be written so that a small one takes the standard library hours. So this runs in a process of its
own (`read_bounce.py`), and tells to standard output what stands in the mail on standard input.
"""

from __future__ import annotations

import re
import sys
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from flufl.bounce import all_failures

from services.notify.proof import names_in
from shared.own_process import take_no_more_than

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.message import Message

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# The largest mail that is let in takes a quarter of it.
_MEMORY: Final = 1024 * 2**20
# A report names the one that came back, and perhaps those before it in a thread.
_MOST_NAMES: Final = 100


class Returned(NamedTuple):
    """What a report says: the status of RFC 3463, and names of messages, believed only with their proof."""

    status: str
    names: tuple[str, ...]


def read_report(raw: bytes) -> Returned | None:
    """What is said in this mail; None when it is no report, or says only that delivery takes longer."""
    try:
        return _read(raw)
    except Exception:  # noqa: BLE001 - a dozen kinds of errors for headers and parts that are not well formed
        return None


def _read(raw: bytes) -> Returned | None:
    mail = message_from_bytes(raw, policy=policy.compat32)
    parts = list(mail.walk())
    _, permanent = all_failures(mail)
    status = next(_failed(parts), None)
    if status is None and not permanent:
        return None
    names = dict.fromkeys(name for text in _texts(parts) for name in names_in(text))
    return Returned(status or "5.0.0", tuple(names)[:_MOST_NAMES])


def _failed(parts: Sequence[Message]) -> Iterator[str]:
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload():
            fields = block if not isinstance(block, str) else {}
            if str(fields.get("Action", "")).strip().lower() == "failed":
                status = _STATUS.search(str(fields.get("Status", "")))
                yield status[0] if status else "5.0.0"


def _texts(parts: Sequence[Message]) -> Iterator[str]:
    """Of the mail that came back, its headers alone or its text; never the report's own headers."""
    for part in parts[1:]:
        yield str(part.get("Message-ID", ""))
    for part in parts:
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and part.get_content_maintype() == "text":
            yield content.decode("utf-8", "replace")


def main() -> None:
    """Say nothing where there is no report in it; the argument is seconds of work."""
    take_no_more_than(_MEMORY, int(sys.argv[1]))
    returned = read_report(sys.stdin.buffer.read())
    if returned is not None:
        sys.stdout.buffer.write(msgspec.msgpack.encode(returned))


if __name__ == "__main__":
    main()
