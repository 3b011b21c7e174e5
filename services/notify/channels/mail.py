"""E-mail: a message is a mail whose Message-ID is its token, with a proof.

The rule for a crash. A folder knows its files, so it is asked. A mail server cannot be asked; what it said to
a sender of this machine stands in a journal. A mail whose last line it may have had is never sent again under
its Message-ID: a second one, with an id of its own, says that it may be a repeat (docs/decisions/0014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.notify.channels.channel import InDoubt, Never, NotTaken, Outcome, Parcel, Standing, Taken
from services.notify.proof import name_of
from shared.mail import Mail, NotSent, Refused, Unheard, compose

if TYPE_CHECKING:
    from uuid import UUID

    from services.notify.channels.journal import Journal
    from shared.directory import StaffMember
    from shared.sealing import Lookup


class MailChannel:
    """The mail server, or the folder, that HUB_MAIL_URL names."""

    a_minute: Final = 6000
    # A mail would be there twice. What a folder holds is asked for before, and so never sent again.
    same_token_again: Final = False

    def __init__(
        self,
        mail: Mail,
        sender: str,
        lookup: Lookup,
        journal: Journal | None = None,
        *,
        public_sender: str = "",
    ) -> None:
        """Take the way out, the sender, what proofs are made with, and where to note what was taken.

        `public_sender` is whom people outside see as the sender; without one they are sent nothing.
        """
        self._mail = mail
        self._journal = journal
        self._lookup = lookup
        self._sender = sender
        self._public_sender = public_sender

    def address_of(self, member: StaffMember) -> str | None:
        """Everybody has an address."""
        return member.email

    def send(self, parcel: Parcel) -> Outcome:
        """Send it over a connection of the pool."""
        sent_by = self._public_sender if parcel.to_public else self._sender
        return self._send(parcel, sent_by) if sent_by else Never("no sender for people outside")

    def _send(self, parcel: Parcel, sent_by: str) -> Outcome:
        mail = compose(
            sender=sent_by,
            recipient=parcel.address,
            subject=parcel.letter.subject,
            text=parcel.letter.text,
            name=name_of(parcel.token, self._lookup),
            domain=sent_by.rpartition("@")[2].rstrip("> ") or "localhost",
        )
        try:
            with self._mail.open() as sender:
                try:
                    sender.send(mail, parcel.token)
                    self._taken(parcel.token)
                except Unheard as problem:
                    return InDoubt(problem.detail)
                except Refused as problem:
                    return Never(problem.detail)
                except NotSent as problem:
                    # A reply to this letter is about this letter; silence is about the server.
                    return NotTaken(problem.detail, whole_channel=not problem.detail.startswith("SMTP 4"))
        except NotSent as problem:
            return NotTaken(problem.detail)
        except OSError as error:
            return NotTaken(type(error).__name__)
        return Taken()

    def _taken(self, token: UUID) -> None:
        if self._journal is not None:
            self._journal.note(token)

    def look_up(self, token: UUID) -> Standing:
        """A folder can tell, and the journal what the server said to a sender that died."""
        if self._journal is not None and self._journal.holds(token):
            return "taken"
        holds = self._mail.holds(token)
        return "cannot_tell" if holds is None else "taken" if holds else "not_taken"

    def close(self) -> None:
        """Say goodbye to the server."""
        self._mail.close()
