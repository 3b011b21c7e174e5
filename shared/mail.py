"""How a letter leaves: as a file in a folder, or to an SMTP server, chosen by one URL.

The rule for a crash between sending and recording is the same for every channel here: send again, under the
same id. A file of that name is simply written again, so a folder never holds two. A mail goes out with the
same Message-ID (RFC 5322), which is what mail servers and readers know a repeated mail by: better one mail
that may be dropped as a repeat than a referral that nobody was told about.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from contextlib import AbstractContextManager, contextmanager
from email.message import Message
from email.mime.text import MIMEText
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

_SMTP_SECONDS = 10
_SMTP_OK = 250
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_PERMANENT = 500  # SMTP replies from here on will not change by trying again (RFC 5321, 4.2.1)


class NotSent(Problem):
    """The letter did not leave this time."""

    status = 503
    code = "not_sent"


class Refused(NotSent):
    """The letter was refused for good."""

    code = "refused"


class Sender(Protocol):
    """An open way out, for a few letters."""

    def send(self, message: Message, delivery_id: UUID) -> None:
        """Send it; `NotSent` to try again later, `Refused` to give up."""


class Mail(Protocol):
    """Where mail goes."""

    def open(self) -> AbstractContextManager[Sender]:
        """Connect for a few letters; `NotSent` when that fails."""

    def close(self) -> None:
        """Let go of what is kept open between letters."""


def open_mail(url: str) -> Mail:
    """The channel behind HUB_MAIL_URL."""
    if url.startswith("file:"):
        return Folder(Path(url.removeprefix("file:")))
    if url.startswith("smtp:"):
        return SmtpServer(url)
    message = "HUB_MAIL_URL must begin with file: or smtp:"
    raise NotSent(message)


def compose(
    *,
    sender: str,
    recipient: str,
    subject: str,
    text: str,
    delivery_id: UUID,
    domain: str,
    in_answer_to: str = "",
) -> Message:
    """The letter as a mail; `in_answer_to` is the Message-ID of the one that it answers."""
    # Every header here is ours and ASCII, so the older and ten times quicker of the two mail classes does.
    mail = MIMEText(text, "plain", "utf-8" if not text.isascii() else "us-ascii")
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{delivery_id}@{domain}>"
    mail["Date"] = formatdate()
    if in_answer_to.isascii() and _MESSAGE_ID.fullmatch(in_answer_to):
        mail["In-Reply-To"] = mail["References"] = in_answer_to
    mail["Auto-Submitted"] = "auto-replied" if in_answer_to else "auto-generated"
    return mail


class Folder:
    """A folder of .eml files, one for each delivery, each written whole or not at all."""

    def __init__(self, path: Path) -> None:
        """Take the folder; it is made when first needed."""
        self._path = path

    @contextmanager
    def open(self) -> Iterator[Sender]:
        """Make the folder if it is not there, readable by its owner only."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield self

    def close(self) -> None:
        """A folder keeps nothing open."""

    def send(self, message: Message, delivery_id: UUID) -> None:
        """Write the file; the same delivery again is the same file."""
        target = self._path / f"{delivery_id}.eml"
        draft = self._path / f".{delivery_id}.new"
        with draft.open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)


class SmtpServer:
    """A mail server, spoken to over one connection that is kept for as long as it answers."""

    def __init__(self, url: str) -> None:
        """Take `smtp://[user:password@]host:port[?starttls=1]`."""
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or 25
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._starttls = parse_qs(parts.query).get("starttls", ["0"])[0] == "1"
        self._client: smtplib.SMTP | None = None

    @contextmanager
    def open(self) -> Iterator[Sender]:
        """The connection from before if it still answers, or a new one; dropped after any failure."""
        client, self._client = self._client, None
        if client is not None and not _answers(client):
            client.close()
            client = None
        if client is None:
            client = self._connect()
        sender = _SmtpSender(client)
        try:
            yield sender
        except BaseException:
            client.close()
            raise
        if sender.sound:
            self._client = client
        else:
            client.close()

    def close(self) -> None:
        """Say goodbye to the server."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (OSError, smtplib.SMTPException):
                client.close()

    def _connect(self) -> smtplib.SMTP:
        try:
            client = smtplib.SMTP(self._host, self._port, timeout=_SMTP_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(type(error).__name__) from error
        try:
            if self._starttls:
                client.starttls(context=ssl.create_default_context())
            if self._user:
                client.login(self._user, self._password)
        except (OSError, smtplib.SMTPException) as error:
            client.close()
            raise NotSent(type(error).__name__) from error
        return client


def _answers(client: smtplib.SMTP) -> bool:
    try:
        return client.noop()[0] == _SMTP_OK
    except (OSError, smtplib.SMTPException):
        return False


class _SmtpSender:
    def __init__(self, client: smtplib.SMTP) -> None:
        self._client = client
        self.sound = True  # whether the connection can be used again

    def send(self, message: Message, delivery_id: UUID) -> None:  # noqa: ARG002 - it is in the Message-ID
        try:
            self._client.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(reply for reply, _ in error.recipients.values())
            raise (Refused if code >= _PERMANENT else NotSent)(f"SMTP {code}") from error
        except smtplib.SMTPResponseException as error:
            raise (Refused if error.smtp_code >= _PERMANENT else NotSent)(
                f"SMTP {error.smtp_code}"
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            self.sound = False
            raise NotSent(type(error).__name__) from error
