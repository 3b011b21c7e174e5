"""How a letter leaves: as a file in a folder, or to an SMTP server, chosen by one URL.

A file of a letter's name is simply written again, so a folder never holds two. A mail server takes a letter
with its answer to the last line of it; whoever does not hear that answer cannot know (`Unheard`), and decides
what follows. Connections are pooled, each step has a time-out, and so has a letter as a whole.
"""

from __future__ import annotations

import re
import select
import smtplib
import socket
import threading
import time
from contextlib import AbstractContextManager, contextmanager, suppress
from email.message import Message
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formataddr, formatdate, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from shared.calling import Deadline
from shared.problems import Problem
from shared.sealing import write_private_pieces
from shared.tls import believing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

_STEP_SECONDS: Final = 10.0
# However slowly each step goes: after this long a letter is cut off, so that the next one gets its turn.
LETTER_SECONDS: Final = 25.0
_SMTP_READY = 220
_SMTP_OK = 250
_SMTP_GO_ON = 354
_SMTP_CLOSING = 421
_POOLED = 4  # connections kept for the next letters
_SURE_SECONDS = 5.0  # a connection that was used a moment ago need not be asked whether it is there
_DOT: Final = re.compile(rb"(?m)^\.")
# A Message-ID is one word; a line may be as long (RFC 5322, 2.1.1).
_ONE_LINE: Final = compat32.clone(max_line_length=998)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_PERMANENT = 500  # SMTP replies from here on will not change by trying again (RFC 5321, 4.2.1)


class NotSent(Problem):
    """The letter did not leave this time."""

    status = 503
    code = "not_sent"


class Refused(NotSent):
    """The letter was refused for good."""

    code = "refused"


class Unheard(NotSent):
    """The letter was handed over whole and the answer never came: nobody knows whether it was taken."""

    code = "unheard"


class Sender(Protocol):
    """An open way out, for a few letters."""

    def send(self, message: Message, delivery_id: UUID) -> None:
        """Send it; `NotSent` to try again later, `Refused` to give up, `Unheard` when nobody can tell."""


class Mail(Protocol):
    """Where mail goes."""

    def open(self) -> AbstractContextManager[Sender]:
        """Connect for a few letters; `NotSent` when that fails."""

    def holds(self, delivery_id: UUID) -> bool | None:
        """Whether this letter was taken; None where nobody can tell."""

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
    name: object,
    domain: str,
    in_answer_to: str = "",
) -> Message:
    """The letter as a mail; its Message-ID is `<name@domain>`, `in_answer_to` that of the one it answers."""
    # Every header here is ours, so the older and ten times quicker of the two mail classes does. It knows no
    # addresses: a name that is not ASCII is written as mail has it apart from the address, which has to stay.
    charset = "utf-8" if not text.isascii() else "us-ascii"
    mail = MIMEText(text, "plain", charset, policy=_ONE_LINE)
    mail["From"] = formataddr(parseaddr(sender))
    mail["To"] = recipient
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{name}@{domain}>"
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

    def holds(self, delivery_id: UUID) -> bool:
        """Whether this letter is in the folder."""
        return (self._path / f"{delivery_id}.eml").exists()

    def send(self, message: Message, delivery_id: UUID) -> None:
        """Write the file; the same delivery again is the same file."""
        write_private_pieces(self._path / f"{delivery_id}.eml", (message.as_bytes(),))


class _Client(smtplib.SMTP):
    """A connection that can be cut: its line is a copy, because TLS takes the socket itself away."""

    def __init__(self, host: str) -> None:
        """Connect with `connect`, while a deadline may cut it."""
        super().__init__(timeout=_STEP_SECONDS)
        self._host = (
            host  # whose certificate STARTTLS asks for; smtplib sets it only when it connects at once
        )
        self.used_at = 0.0
        self.deadline: Deadline | None = None
        self.line: socket.socket | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # smtplib's hook
        # The last line is written apart from the rest, and must not wait until that was acknowledged.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = connected.dup()
        if self.deadline is not None:
            self.deadline.hold(self.line)
        return connected

    @contextmanager
    def for_no_longer_than(self, seconds: float) -> Iterator[None]:
        """Whatever is done in here is cut off after so long."""
        self.deadline = Deadline(seconds)
        if self.line is not None:
            self.deadline.hold(self.line)
        try:
            yield
        finally:
            self.deadline.close()
            self.deadline = None

    def close(self) -> None:
        """Let go of the connection and of its copy."""
        super().close()
        if self.line is not None:
            self.line.close()
            self.line = None


class SmtpServer:
    """A mail server, spoken to over a few connections that are kept for as long as they answer."""

    def __init__(self, url: str) -> None:
        """Take `smtp://[user:password@]host:port[?starttls=1[&ca=FILE]]`."""
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or 25
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        asked = parse_qs(parts.query)
        self._starttls = asked.get("starttls", ["0"])[0] == "1"
        self._tls = believing(*asked.get("ca", ()))
        self._turn = threading.Lock()
        self._idle: list[_Client] = []

    @contextmanager
    def open(self) -> Iterator[Sender]:
        """A connection from before if one still answers, or a new one; dropped after any failure."""
        sender = _SmtpSender(self._from_before() or self._connect())
        try:
            yield sender
        except BaseException:
            sender.client.close()
            raise
        if not sender.sound:
            sender.client.close()
            return
        sender.client.used_at = time.monotonic()
        with self._turn:
            if len(self._idle) < _POOLED:
                self._idle.append(sender.client)
                return
        _say_goodbye(sender.client)

    def holds(self, delivery_id: UUID) -> None:
        """Nobody can tell."""

    def close(self) -> None:
        """Say goodbye to the server."""
        with self._turn:
            idle, self._idle = self._idle, []
        for client in idle:
            _say_goodbye(client)

    def _from_before(self) -> _Client | None:
        while True:
            with self._turn:
                if not self._idle:
                    return None
                client = self._idle.pop()
            if _is_quiet(client) and (time.monotonic() - client.used_at < _SURE_SECONDS or _answers(client)):
                return client
            client.close()

    def _connect(self) -> _Client:
        client = _Client(self._host)
        try:
            with client.for_no_longer_than(LETTER_SECONDS):
                _expect(client.connect(self._host, self._port)[0], _SMTP_READY)
                if self._starttls:
                    client.starttls(context=self._tls)
                if self._user:
                    client.login(self._user, self._password)
                client.ehlo_or_helo_if_needed()
        except (OSError, ValueError, smtplib.SMTPException) as error:
            client.close()
            raise NotSent(type(error).__name__) from error
        except NotSent:
            client.close()
            raise
        return client


def _expect(code: int, wanted: int) -> None:
    if code != wanted:
        raise NotSent(f"SMTP {code}")


def _say_goodbye(client: smtplib.SMTP) -> None:
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        client.close()


def _is_quiet(client: _Client) -> bool:
    """Whether nothing has come since the last answer: what comes unasked is the server's goodbye."""
    return client.line is not None and not select.select([client.line], [], [], 0)[0]


def _answers(client: smtplib.SMTP) -> bool:
    try:
        return client.noop()[0] == _SMTP_OK
    except (OSError, smtplib.SMTPException):
        return False


class _SmtpSender:
    def __init__(self, client: _Client) -> None:
        self.client = client
        self.sound = True  # whether the connection can be used again

    def send(self, message: Message, delivery_id: UUID) -> None:  # noqa: ARG002 - it is in the Message-ID
        handed_over = False
        try:
            with self.client.for_no_longer_than(LETTER_SECONDS):
                self._announce(message)
                content = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
                # Only with its last line, the dot, can a letter be taken.
                self.client.send(_DOT.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n")
                handed_over = True
                self.client.send(b".\r\n")
                code, _ = self.client.getreply()
        except (OSError, ValueError, smtplib.SMTPException) as error:
            self.sound = False
            raise (Unheard if handed_over else NotSent)(type(error).__name__) from error
        self._check(code, _SMTP_OK)

    def _announce(self, message: Message) -> None:
        sender, recipient = parseaddr(str(message["From"]))[1], parseaddr(str(message["To"]))[1]
        self._check(self.client.mail(sender)[0], _SMTP_OK, of_us=True)
        self._check(self.client.rcpt(recipient)[0], _SMTP_OK)
        self._check(self.client.docmd("DATA")[0], _SMTP_GO_ON)

    def _check(self, code: int, wanted: int, *, of_us: bool = False) -> None:
        """Take a reply; one of another class ends this letter and leaves the connection for the next.

        What is said `of_us`, the sender, is no word on this letter: whoever runs the hub or the server mends
        it, and the letter leaves then.
        """
        if code // 100 == wanted // 100:
            return
        if code == _SMTP_CLOSING or code < 0:
            self.sound = False
        else:
            with suppress(OSError, smtplib.SMTPException):
                self.client.rset()
        raise (Refused if code >= _PERMANENT and not of_us else NotSent)(f"SMTP {code}")
