"""What the sender of a letter is answered: references, and what is missing; never a person, never a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.intake.mailbox.domain.letter import Unread

_MOST_TOLD = 40
UNREAD: Mapping[Unread, str] = {
    "encrypted": "It is encrypted or protected, in whole or in part, and cannot be opened here. Send it "
    "without that, or use the form on the page below.",
    "closed_signature": "It is signed in a way that closes it, in whole or in part. Send it unsigned, or "
    "with the signature beside the text ('clear signed').",
    "winmail": "What was attached came as winmail.dat, which only Outlook can open. Send the message as HTML "
    "or as plain text, not as rich text.",
    "pictures": "Pictures are not read. Type what they show, or attach the form as XLSX or CSV.",
    "too_many": "More was attached than is read from one message: ten files. Send the rest in another one.",
    "too_deep": "Messages were forwarded within messages too often to be opened. Attach the form itself.",
    "text_too_long": "The text is too long to be read to its end. Attach the form as XLSX or CSV.",
    "damaged": "The message is damaged, or was cut off on its way; some of it may be missing. Send it again.",
}


@dataclass(frozen=True)
class Told:
    """One thing that is wrong or strange, in the words of the form: the field, and what to do."""

    field: str
    advice: str

    def __str__(self) -> str:
        """A line of a list."""
        return f"{self.field}: {self.advice}" if self.field else self.advice


@dataclass(frozen=True)
class Part:
    """What became of one referral in a letter: `place` says which, such as "Row 3"."""

    place: str
    reference: str = ""
    known: bool = False
    faults: Sequence[Told] = ()
    warnings: Sequence[Told] = ()


@dataclass
class Account:
    """Everything that is to be said of one letter."""

    parts: list[Part] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def taken(self) -> list[Part]:
        """The referrals that were taken."""
        return [part for part in self.parts if part.reference]

    @property
    def refused(self) -> list[Part]:
        """The referrals that were not."""
        return [part for part in self.parts if not part.reference]


def write_answer(account: Account, *, help_at: str) -> tuple[str, str]:
    """The subject and the text of the answer."""
    taken, refused = account.taken, account.refused
    wrong = bool(refused or account.troubles)
    if taken and wrong:
        subject = "Your message: part of it could not be taken"
    elif taken:
        subject = f"Your message was taken: {taken[0].reference}" + (" and others" if len(taken) > 1 else "")
    else:
        subject = "Your message could not be taken"
    lines: list[str] = []
    if taken:
        lines.append("Taken:")
        for part in taken:
            lines.append(f"  {part.place}: {part.reference}" + (" (known already)" if part.known else ""))
            lines += [f"    Look again: {told}" for told in part.warnings[:_MOST_TOLD]]
        lines += [f"    Look again: {remark}" for remark in account.remarks]
        lines.append("")
    if wrong:
        lines.append("Not taken:")
        lines += [f"  {trouble}" for trouble in account.troubles]
        for part in refused:
            lines += [f"  {part.place}: {told}" for told in part.faults[:_MOST_TOLD]]
        lines += [
            "",
            "Mend this and send it again; what was taken is not taken twice. A person here has your message",
            "as well.",
            "",
        ]
    lines += [
        f"The form, and every other way: {help_at}",
        "",
        "This answer was written by a machine and holds no details on purpose.",
    ]
    return subject, "\n".join(lines) + "\n"
