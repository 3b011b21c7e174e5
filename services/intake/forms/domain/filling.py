"""Where somebody is in a form, and what they have answered so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from services.intake.forms.domain.questions import Answers, Form, Page, Slip

# Where all answers are looked over before they are sent.
CHECK: Final = "check"


@dataclass(frozen=True)
class Filled:
    """A form as far as it is filled in.

    `id` is made when the form begins and becomes the number of the record, so that sending twice is sending
    once. `at` is the page that is shown; `answered` are the pages that were; `checked` says that the answers
    were looked over before, to which whoever changes one returns.
    """

    id: str
    begun_at: dt.datetime
    at: str
    answers: Answers = field(default_factory=dict)
    answered: tuple[str, ...] = ()
    checked: bool = False


def begin(form: Form, form_id: str, now: dt.datetime) -> Filled:
    """The form with nothing in it, at its first page."""
    return Filled(form_id, now, form.pages[0].key)


def answer(
    form: Form, filled: Filled, posted: Mapping[str, Sequence[str]], today: dt.date
) -> tuple[Filled, list[Slip]]:
    """Take the answers of the page that is shown and go on; or stay, with what is wrong with them."""
    page = form.page(filled.at)
    given, slips = page.read(posted, today)
    names = {one.name for one in page.fields}
    others = {name: answer for name, answer in filled.answers.items() if name not in names}
    filled = replace(filled, answers=others | given)
    if slips:
        # Whoever turns back from here instead is asked again: an answer that is wrong is none.
        left = tuple(key for key in filled.answered if key != page.key)
        return replace(filled, answered=left), slips
    if page.key not in filled.answered:
        filled = replace(filled, answered=(*filled.answered, page.key))
    return _to(filled, _next(form, filled)), []


def back(form: Form, filled: Filled) -> Filled | None:
    """Go to the page before; None if there is no page before."""
    path = [page.key for page in form.path(filled.answers)]
    before = path if filled.at == CHECK else path[: path.index(filled.at)]
    return _to(filled, before[-1]) if before else None


def change(form: Form, filled: Filled, key: str) -> Filled:
    """Go from the answers to the page where one of them was given; stay if there is no such page."""
    asked = {page.key for page in form.path(filled.answers)}
    return replace(filled, at=key, checked=True) if key in asked else filled


def unanswered(form: Form, filled: Filled) -> Page | None:
    """The first page that has to be answered still; None when all were."""
    return next((page for page in form.path(filled.answers) if page.key not in filled.answered), None)


def _next(form: Form, filled: Filled) -> str:
    path = [page.key for page in form.path(filled.answers)]
    later = path[path.index(filled.at) + 1 :]
    if filled.checked:
        # Only what an altered answer has made necessary comes before the look over everything.
        later = [key for key in path if key not in filled.answered]
    return later[0] if later else CHECK


def _to(filled: Filled, key: str) -> Filled:
    return replace(filled, at=key, checked=filled.checked or key == CHECK)
