"""A real mail server that fails at one step of its protocol, in the way that a test chooses."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import Counter, deque
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.ports import LOOPBACK, free_port

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

Step = Literal["connect", "ehlo", "mail", "rcpt", "data", "end"]
# What happens there: a reply, silence for a while, or a dead line; at the end also after taking the mail.
Trouble = Literal["4xx", "5xx", "slow", "drop", "taken_and_dropped"]

_SLOW_SECONDS = 0.15
_REPLIES = {"4xx": "451 4.7.1 greylisted, try again later", "5xx": "550 5.1.1 no such mailbox"}


class _Server(SMTP):
    troubled: TroubledSMTP

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's
        super().connection_made(transport)
        if self.event_handler.next_is("connect"):
            self.event_handler.trouble_at("connect")
            transport.abort()


class TroubledSMTP:
    """A server on one port; `then` names what goes wrong next, one after the other."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Choose the port; with a context STARTTLS is required."""
        self.port = free_port()
        self._tls = tls
        self._turn = threading.Lock()
        self._troubles: deque[tuple[Step, Trouble]] = deque()
        self.taken: list[EmailMessage] = []
        self.met: Counter[tuple[Step, Trouble]] = Counter()
        self.connections = 0

    def __enter__(self) -> Self:
        """Listen."""
        server = self

        class _Controller(Controller):
            def factory(self) -> SMTP:
                server.connections += 1
                return _Server(server, **self.SMTP_kwargs)

        more: dict[str, Any] = (
            {"tls_context": self._tls, "require_starttls": True} if self._tls is not None else {}
        )
        self._controller = _Controller(self, hostname=LOOPBACK, port=self.port, **more)
        # The controller connects once itself, to see whether it listens.
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._controller.stop()

    @property
    def tokens(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        with self._turn:
            return Counter(str(mail["Message-ID"]) for mail in self.taken)

    def then(self, step: Step, trouble: Trouble, times: int = 1) -> None:
        """Go wrong so, as often as said."""
        with self._turn:
            self._troubles.extend([(step, trouble)] * times)

    def next_is(self, step: Step) -> bool:
        """Whether something goes wrong here now."""
        with self._turn:
            return bool(self._troubles) and self._troubles[0][0] == step

    def trouble_at(self, step: Step) -> Trouble | None:
        """What goes wrong here now."""
        with self._turn:
            if not self._troubles or self._troubles[0][0] != step:
                return None
            self.met[self._troubles[0]] += 1
            return self._troubles.popleft()[1]

    async def _meet(self, step: Step, server: SMTP) -> str | None:
        trouble = self.trouble_at(step)
        if trouble in _REPLIES:
            return _REPLIES[trouble]
        if trouble == "drop":
            self._cut(server)
        if trouble == "slow":
            await asyncio.sleep(_SLOW_SECONDS)
        return None

    @staticmethod
    def _cut(server: SMTP) -> None:
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        reply = await self._meet("ehlo", server)
        return [reply] if reply else responses

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._meet("mail", server)
        if reply is None:
            envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._meet("rcpt", server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The last line has come: what happens before it is `data`, what happens after it `end`."""
        for step in ("data", "end"):
            if self.next_is(step) and (step, "taken_and_dropped") == self._troubles[0]:
                self.trouble_at(step)
                self._take(envelope)
                self._cut(server)
                return "250 nobody hears this"
            reply = await self._meet(step, server)
            if reply is not None:
                return reply
            if server.transport is None or server.transport.is_closing():
                return "451 nobody hears this"
        self._take(envelope)
        return "250 taken"

    def _take(self, envelope: Envelope) -> None:
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
        with self._turn:
            self.taken.append(mail)
