"""What arrives as a mail becomes a letter: sender, typed text and attachments, within bounds."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Final

from services.intake.mailbox.domain.letter import Attachment, Letter

_MAX_TEXT: Final = 200_000
_MOST_ATTACHMENTS: Final = 10
_PICTURE: Final = re.compile(r"image/|application/(pkcs7-|pgp-)|text/calendar")
_TABLE_ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsm", ".ods")
_AUTOMATIC_SENDERS: Final = ("mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply")


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
    senders = [address.lower() for _, address in getaddresses(mail.get_all("From", [])) if "@" in address]
    sender = senders[0] if len(senders) == 1 else ""
    return Letter(
        sender=sender,
        message_id=str(mail.get("Message-ID", "")).strip()[:300],
        text=_text_of(mail)[:_MAX_TEXT],
        attachments=tuple(_attachments(mail)),
        is_automatic=_is_automatic(mail, sender),
        vouched=not vouched_by or _is_vouched(mail, vouched_by),
    )


def _text_of(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content = str(part.get_content())
    return _plain(content) if part.get_content_type() == "text/html" else content


def _attachments(mail: EmailMessage) -> list[Attachment]:
    found = []
    for part in mail.iter_attachments():
        name = part.get_filename() or ""
        if part.is_multipart():
            continue
        if _PICTURE.match(part.get_content_type()) and not name.lower().endswith(_TABLE_ENDINGS):
            continue  # the logo in a signature is no form
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content.strip():
            found.append(Attachment(name, content))
    return found[:_MOST_ATTACHMENTS]


def _is_automatic(mail: EmailMessage, sender: str) -> bool:
    """Whether a machine sent this of itself: it must never be answered (RFC 3834)."""
    submitted = str(mail.get("Auto-Submitted", "no")).strip().lower()
    precedence = str(mail.get("Precedence", "")).strip().lower()
    return (
        not submitted.startswith("no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or "List-Id" in mail
        or "X-Autoreply" in mail
        or str(mail.get("Return-Path", "x")).strip() == "<>"
        or sender.partition("@")[0] in _AUTOMATIC_SENDERS
    )


def _is_vouched(mail: EmailMessage, by: str) -> bool:
    """Whether our own server, whose word stands first, found that the sender's domain sent this."""
    for told in mail.get_all("Authentication-Results", []):
        server, _, results = str(told).partition(";")
        if server.strip().partition(" ")[0].lower() == by.lower():
            return re.search(r"\bdmarc\s*=\s*pass\b", results, re.IGNORECASE) is not None
    return False


class _Plain(HTMLParser):
    """The text of a page, with line breaks where a reader sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in ("script", "style", "head"):
            self._hidden += 1
        elif tag in ("br", "p", "div", "tr", "li", "h1", "h2", "h3"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "head"):
            self._hidden = max(0, self._hidden - 1)
        elif tag in ("p", "div", "tr", "li"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _plain(page: str) -> str:
    reader = _Plain()
    reader.feed(page)
    reader.close()
    return "".join(reader.parts)
