"""What the tasks of the practitioner's form are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.intake.forms.domain.questions import Choice, Field, Page

_YES: Final = Choice("yes", "Yes")
_NO: Final = Choice("no", "No")
_UNSURE: Final = Choice("unsure", "Not known")
YES_NO: Final = (_YES, _NO)
YES_NO_UNSURE: Final = (_YES, _NO, _UNSURE)
DECISIONS: Final = (
    Choice("given", "Yes"),
    Choice("refused", "No"),
    Choice("deferred", "They would like more time"),
    Choice("not_asked", "They have not been asked"),
)


def one_of(name: str, row: str, choices: tuple[Choice, ...], needed: str = "", label: str = "") -> Field:
    return Field(name, label, "one_of", choices=choices, needed=needed, row=row)


def past_date(name: str, label: str, row: str, hint: str = "For example, 27 3 2026") -> Field:
    return Field(name, label, "date", hint, row=row, day="past")


def date_to_come(name: str, label: str, row: str, hint: str = "For example, 27 3 2027") -> Field:
    return Field(name, label, "date", hint, row=row, day="to_come")


@dataclass(frozen=True)
class Task:
    """Some pages that belong together, as one line of the list; one that is `optional` may be left undone."""

    key: str
    name: str
    pages: tuple[Page, ...]
    hint: str = ""
    optional: bool = False
