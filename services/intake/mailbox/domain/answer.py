"""What the sender of a letter is answered: references, and what is missing; never a person, never a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_MOST_TOLD = 40


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
