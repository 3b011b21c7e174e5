"""What a practitioner's answers say, as far as what is asked next depends on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.intake.forms.domain.questions import Answers, text_of
from services.intake.forms.domain.what_happened import WhatHappened, work_out

MOST_PEOPLE: Final = 10
OTHERS: Final = tuple(range(2, MOST_PEOPLE + 1))


def what_happened(answers: Answers) -> WhatHappened:
    """What the common rule makes of what was said about the event."""
    side = text_of(answers, "side")
    known = side if side in ("done_to_me", "between_us", "i_did") else "not_sure"
    return work_out(known, answers.get("kinds", ()))  # type: ignore[arg-type]  # one of the four


def said(name: str, *values: str) -> Callable[[Answers], bool]:
    """A page that is asked if one of these answers was given."""
    return lambda answers: not set(values).isdisjoint(answers.get(name, ()))


def is_crime(answers: Answers) -> bool:
    """Whether what was said makes it a crime, and not a dispute."""
    return what_happened(answers).strand == "crime"


def side_of(answers: Answers, number: int) -> str:
    """On which side of it this person stands: harmed, responsible or party."""
    worked_out = what_happened(answers)
    if number == 1 or text_of(answers, f"p{number}_side") == "same":
        return worked_out.role
    return worked_out.role_of_other


def is_told(answers: Answers, number: int) -> bool:
    """Whether this person is told of: the first always is, another if the one before leads there."""
    if number == 1:
        return True
    if text_of(answers, "other_known") != "yes":
        return False
    return all(text_of(answers, f"p{before}_more") == "yes" for before in range(2, number))


def when_told(number: int) -> Callable[[Answers], bool]:
    """A page that is asked if this person is told of."""
    return lambda answers: is_told(answers, number)


def when_responsible(number: int) -> Callable[[Answers], bool]:
    """A page that is asked if this person is told of and is the one who did it."""
    return lambda answers: is_told(answers, number) and side_of(answers, number) == "responsible"
