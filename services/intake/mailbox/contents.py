"""What is in a mail: texts, files and forwarded messages; what is not read of it is never passed over."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from email.errors import CloseBoundaryNotFoundDefect, NoBoundaryInMultipartDefect
from typing import TYPE_CHECKING, Final

from services.intake.mailbox.domain.letter import Attachment, Contents, Unread
from services.intake.mailbox.plain_text import plain_text

if TYPE_CHECKING:
    from email.message import EmailMessage, MIMEPart

_MAX_TEXT: Final = 200_000
_MOST_ATTACHMENTS: Final = 10
_DEEPEST: Final = 10
# A picture within a page that is smaller is the logo in somebody's signature; a form that was photographed
# is not.
_LOGO: Final = 100 * 1024
_TABLE_ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsm", ".ods")
# A visiting card signs a mail as well, and says nothing but who sent it.
_SIGNATURES: Final = re.compile(
    r"application/(?:(?:x-)?pkcs7-signature|pgp-signature|pgp-keys)|text/(?:x-)?vcard|text/directory"
)
# What a mail server calls text that stood below the rest, such as a disclaimer, and that nobody attached.
_BELOW: Final = re.compile(r"ATT\d{5,}\.(?:txt|html?)", re.IGNORECASE)
_FORWARDED: Final = ("message/rfc822", "message/global")
_CUT_OFF: Final = (CloseBoundaryNotFoundDefect, NoBoundaryInMultipartDefect)
_PGP: Final = "-----BEGIN PGP MESSAGE-----"


def open_contents(mail: EmailMessage) -> Contents:
    """Everything that is in it."""
    found = _Found()
    found.take(mail)
    text = found.text
    return Contents(
        texts=(text, *found.forwarded),
        attachments=tuple(found.attachments[:_MOST_ATTACHMENTS]),
        unread=tuple(found.unread),
        odd_letters=found.odd_letters,
        fingerprint=_fingerprint(mail),
    )


@dataclass
class _Found:
    """What was found so far in one message, or in one of several forms of the same."""

    depth: int = 0
    plain: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    forwarded: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    # Each is told once, in the order in which they came.
    unread: dict[Unread, None] = field(default_factory=dict)
    odd_letters: bool = False

    @property
    def text(self) -> str:
        """What is written in it, as far as it is read."""
        text = "\n".join(filter(str.strip, [*self.plain, *self.pages]))
        if len(text) > _MAX_TEXT:
            self.unread["text_too_long"] = None
        if _PGP in text:
            self.unread["encrypted"] = None
        return text[:_MAX_TEXT]

    def take(self, part: MIMEPart) -> None:
        """Take this part, with everything in it."""
        kind = part.get_content_type()
        if any(
            isinstance(one, CloseBoundaryNotFoundDefect | NoBoundaryInMultipartDefect) for one in part.defects
        ):
            self.unread["damaged"] = None
        if kind == "multipart/encrypted":
            self.unread["encrypted"] = None
        elif self.depth > _DEEPEST:
            self.unread["too_deep"] = None
        elif kind in _FORWARDED and part.is_multipart():
            self._forwarded(part)
        elif kind == "multipart/alternative" and part.is_multipart():
            self._alternatives(part)
        elif part.is_multipart():
            for one in part.iter_parts():
                self._with(self._deeper(one))
        else:
            self._leaf(part, kind)

    def _deeper(self, part: MIMEPart) -> _Found:
        found = _Found(self.depth + 1)
        found.take(part)
        return found

    def _with(self, other: _Found) -> None:
        self.plain += other.plain
        self.pages += other.pages
        self._with_all_but_text(other)

    def _with_all_but_text(self, other: _Found) -> None:
        self.forwarded += other.forwarded
        self.unread |= other.unread
        self.odd_letters |= other.odd_letters
        for attachment in other.attachments:
            self._attach(attachment)

    def _alternatives(self, part: MIMEPart) -> None:
        """One and the same in several forms, of which the plainest that says anything is read."""
        forms = [self._deeper(one) for one in part.iter_parts()]
        for one in forms:
            self._with_all_but_text(one)
        plain = next((one for one in forms if any(map(str.strip, one.plain))), None)
        chosen = plain or next((one for one in forms if any(map(str.strip, one.pages))), None)
        if chosen is not None:
            self.plain += chosen.plain
            self.pages += chosen.pages

    def _forwarded(self, part: MIMEPart) -> None:
        for message in part.iter_parts():
            if not message.keys():
                self.unread["damaged"] = None
                continue
            found = self._deeper(message)
            self.forwarded.append(found.text)
            self._with_all_but_text(found)

    def _leaf(self, part: MIMEPart, kind: str) -> None:
        name = part.get_filename() or ""
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        is_file = bool(name) or part.get_content_disposition() == "attachment"
        is_file = is_file and not _BELOW.fullmatch(name)
        if _SIGNATURES.fullmatch(kind) or name.lower().endswith(".vcf"):
            return
        if reason := _why_unread(part, kind, name, content):
            self.unread[reason] = None
        elif kind in ("text/plain", "text/html") and not is_file:
            self._write(part, kind, content)
        elif kind.startswith("image/") and not name.lower().endswith(_TABLE_ENDINGS):
            # The logo in a signature is no form.
            if (is_file and not _is_shown(part)) or len(content) > _LOGO:
                self.unread["pictures"] = None
        elif is_file or content.strip():
            self._attach(Attachment(name, content))

    def _write(self, part: MIMEPart, kind: str, content: bytes) -> None:
        text, odd = _decoded(content, str(part.get_param("charset", "utf-8")))
        self.odd_letters |= odd
        if kind == "text/html":
            self.pages.append(plain_text(text))
        else:
            self.plain.append(text)

    def _attach(self, attachment: Attachment) -> None:
        if len(self.attachments) < _MOST_ATTACHMENTS:
            self.attachments.append(attachment)
        else:
            self.unread["too_many"] = None


def _why_unread(part: MIMEPart, kind: str, name: str, content: bytes) -> Unread | None:
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        signed = str(part.get_param("smime-type", "")).lower() == "signed-data"
        return "closed_signature" if signed else "encrypted"
    if kind == "application/x-microsoft-rpmsg-message" or name.lower().endswith((".rpmsg", ".pgp", ".gpg")):
        return "encrypted"
    if _PGP.encode() in content[:1000] and kind != "text/plain":
        return "encrypted"
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
        return "winmail"
    if kind.startswith(("multipart/", "message/")):
        return "damaged"
    return None


def _is_shown(part: MIMEPart) -> bool:
    """Whether it stands within a page, which calls it by its Content-ID."""
    return part.get_content_disposition() != "attachment" or "Content-ID" in part


def _decoded(content: bytes, charset: str) -> tuple[str, bool]:
    """The text, and whether its letters are a guess: mails name encodings that are none, or not theirs."""
    for encoding in (charset, "utf-8"):
        try:
            return content.decode(encoding), False
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace"), True


def _fingerprint(mail: EmailMessage) -> bytes:
    """Of all content, whatever way it took: the headers that mail servers write above it do not count."""
    digest = hashlib.sha256()
    for part in mail.walk():
        payload = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(payload, bytes):
            digest.update(len(payload).to_bytes(8, "big") + payload)
    return digest.digest()
