"""What arrives as a mail becomes a letter: who sent it, who wrote it, and what is in it."""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Final

from services.intake.mailbox.authentication_results import is_vouched, server_of
from services.intake.mailbox.contents import open_contents
from services.intake.mailbox.domain.letter import Contents, Letter, Writer

_MAIL_SERVERS: Final = ("mailer-daemon", "postmaster")
_MACHINES: Final = re.compile(
    r"no-?reply|do-?not-?reply|owner-.*|.*-(?:owner|request|bounces?)|bounces?(?:[+=-].*)?|majordomo|listserv"
)
_REPLIES: Final = ("X-Autoreply", "X-Autorespond", "X-Failed-Recipients")
# What stands in brackets behind a name that is quoted or is not.
_BRACKETS: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"<])*<([^<>]*)>')
_LISTS: Final = ("List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "X-Loop")


class NotALetterError(ValueError):
    """The bytes cannot be read as a mail."""


def read_letter(raw: bytes, *, vouched_by: str) -> Letter:
    """The letter in these bytes; `NotALetterError` when there is none.

    `vouched_by` is the name under which our own mail server writes `Authentication-Results` (RFC 8601); empty
    when what comes here is trusted as it comes.
    """
    try:
        letter = _read(raw, vouched_by)
    except Exception as error:
        # The standard library raises a dozen kinds of errors for headers and parts that are not well formed.
        raise NotALetterError from error
    if letter is None:
        raise NotALetterError
    return letter


def _read(raw: bytes, vouched_by: str) -> Letter | None:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    if not mail.keys():
        return None
    sender = _sender(mail)
    return Letter(
        sender=sender,
        message_id=str(mail.get("Message-ID", "")).strip()[:300],
        writer=_writer(mail, sender),
        vouched=not vouched_by or _is_vouched(mail, vouched_by, sender),
        contents=_contents(mail, raw),
    )


def _sender(mail: EmailMessage) -> str:
    """The one address that it comes from; none where mail programs would not agree which it is."""
    senders = [address.lower() for _, address in getaddresses(mail.get_all("From", [])) if "@" in address]
    # As it was written: what does not fit into an address is dropped where it is parsed.
    written = [str(line) for name, line in mail.raw_items() if name.lower() == "from"]
    in_brackets = {address.strip().lower() for line in written for address in _BRACKETS.findall(line)}
    return senders[0] if len(senders) == 1 and in_brackets <= set(senders) else ""


def _contents(mail: EmailMessage, raw: bytes) -> Contents:
    try:
        return open_contents(mail)
    except Exception:  # noqa: BLE001 - a dozen kinds of errors for parts that are not well formed
        return Contents(unread=("damaged",), fingerprint=hashlib.sha256(raw).digest())


def _writer(mail: EmailMessage, sender: str) -> Writer:
    """Who wrote it: a machine must never be answered, or two of them never end (RFC 3834)."""
    submitted = _word(mail, "Auto-Submitted")
    precedence = _word(mail, "Precedence")
    local = sender.partition("@")[0]
    if (
        mail.get_content_type() == "multipart/report"
        or submitted == "auto-replied"
        or precedence == "auto_reply"
        or any(name in mail for name in _REPLIES)
        or local in _MAIL_SERVERS
    ):
        return "report"
    if (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list")
        or _word(mail, "X-Auto-Response-Suppress") not in ("", "none")
        or any(name in mail for name in _LISTS)
        or str(mail.get("Return-Path", "x")).strip() == "<>"
        or _MACHINES.fullmatch(local)
    ):
        return "machine"
    return "person"


def _word(mail: EmailMessage, header: str) -> str:
    """A header's first word, without what may follow a semicolon (RFC 3834, 5) or stand in brackets."""
    return re.split(r"[;,(\s]", str(mail.get(header, "")).strip().lower(), maxsplit=1)[0]


def _is_vouched(mail: EmailMessage, by: str, sender: str) -> bool:
    """Whether our own server, whose word stands first, found that the sender's domain sent this."""
    # As the line was written: the standard library would make words of what only looks like encoded ones.
    for name, line in mail.raw_items():
        if name.lower() == "authentication-results" and server_of(str(line)) == by.lower():
            return is_vouched(str(line), sender)
    return False
