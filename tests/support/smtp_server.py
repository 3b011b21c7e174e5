"""A mail server of the tests' own: it speaks SMTP, keeps what it gets, and fails when it is told to."""

import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.ports import LOOPBACK, free_port


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it arrived: the envelope, and the message inside."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class SMTPServer:
    """A server on one port for its whole life, which may be stopped and started in between."""

    def __init__(self) -> None:
        """Choose the port; nothing listens yet."""
        self.host = LOOPBACK
        self.port = free_port()
        self._controller: Controller | None = None
        self._arrival = threading.Condition()
        self._mails: list[ReceivedMail] = []
        self._refusal: str | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def url(self) -> str:
        """The server's address, `smtp://host:port`."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def mails(self) -> list[ReceivedMail]:
        """What has arrived so far, in order; it survives a stop."""
        with self._arrival:
            return list(self._mails)

    def start(self) -> None:
        """Listen; does nothing when it does already."""
        if self._controller is None:
            controller = Controller(self, hostname=self.host, port=self.port)
            controller.start()
            self._controller = controller

    def stop(self) -> None:
        """Stop listening: whoever connects is refused."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def refuse(self, answer: str = "451 4.3.0 try again later") -> None:
        """Answer every mail with this instead of taking it, until `accept` is called."""
        with self._arrival:
            self._refusal = answer

    def accept(self) -> None:
        """Take mails again."""
        with self._arrival:
            self._refusal = None

    def wait_for(self, count: int, *, seconds: float = 10) -> list[ReceivedMail]:
        """Wait until that many mails have arrived in all, and give them."""
        with self._arrival:
            if not self._arrival.wait_for(lambda: len(self._mails) >= count, seconds):
                raise TimeoutError(f"{len(self._mails)} of {count} mails arrived in {seconds} s")
            return list(self._mails)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take one mail, as aiosmtpd asks."""
        content = envelope.content
        message = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
        mail = ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message)
        with self._arrival:
            if self._refusal is not None:
                return self._refusal
            self._mails.append(mail)
            self._arrival.notify_all()
        return "250 2.0.0 taken"
