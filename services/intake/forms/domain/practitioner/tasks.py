"""The list of tasks, how far each is, and the way through them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.intake.forms.domain.filling import CHECK, Filled, answer
from services.intake.forms.domain.practitioner.contact import CONSENT, CONTACT
from services.intake.forms.domain.practitioner.event import HAPPENED, REFERRING
from services.intake.forms.domain.practitioner.people import OTHER_PEOPLE, PERSON
from services.intake.forms.domain.practitioner.pieces import Task
from services.intake.forms.domain.practitioner.risk import RISK, SERVICES
from services.intake.forms.domain.questions import Answers, Form, Page, Slip

TASKS: Final = (REFERRING, HAPPENED, PERSON, OTHER_PEOPLE, CONSENT, CONTACT, RISK, SERVICES)
PRACTITIONER: Final = Form("practitioner", tuple(page for task in TASKS for page in task.pages))
# Where the list of tasks is shown.
LIST: Final = "tasks"
_TASK_OF: Final = {page.key: task for task in TASKS for page in task.pages}


@dataclass(frozen=True)
class Progress:
    """How far a task is: the first page of it that is still to be answered, if any."""

    task: Task
    begun: bool
    next_page: Page | None

    @property
    def done(self) -> bool:
        """Whether every page of it that is asked was answered."""
        return self.next_page is None


def progress_of(filled: Filled) -> Iterator[Progress]:
    """How far each task is, in order."""
    for task in TASKS:
        asked = [page for page in task.pages if page.asked_if(filled.answers)]
        left = [page for page in asked if page.key not in filled.answered]
        yield Progress(task, len(left) < len(asked), left[0] if left else None)


def begin_practitioner(form_id: str, now: dt.datetime, known: Answers) -> Filled:
    """The form at its list of tasks, with what is known already of whoever fills it in."""
    return Filled(form_id, now, LIST, dict(known))


def go_to_task(filled: Filled, key: str) -> Filled:
    """Go on with this task where it was left, or from its beginning if all of it was answered."""
    for one in progress_of(filled):
        if one.task.key == key:
            return _to(filled, (one.next_page or one.task.pages[0]).key)
    return _to(filled, LIST)


def go_on(filled: Filled, posted: Mapping[str, Sequence[str]], today: dt.date) -> tuple[Filled, list[Slip]]:
    """Take the answers of the page that is shown, and go to the next of its task, or back to the list.

    Whoever came from the look over everything returns there, past what the altered answer made necessary.
    """
    task, at = _TASK_OF[filled.at], filled.at
    taken, slips = answer(PRACTITIONER, filled, posted, today)
    if slips:
        return taken, slips
    asked = [page.key for page in task.pages if page.asked_if(taken.answers)]
    later = asked[asked.index(at) + 1 :]
    if filled.checked:
        left = [key for key in later if key not in taken.answered]
        # What was altered may have made a page of another task necessary.
        return replace(taken, at=left[0], checked=True) if left else look_over_all(taken), []
    return _to(taken, later[0] if later else LIST), []


def go_back(filled: Filled) -> Filled:
    """Go to the page before, or to the list of tasks."""
    if filled.at in (LIST, CHECK):
        return _to(filled, LIST)
    task = _TASK_OF[filled.at]
    asked = [page.key for page in task.pages if page.asked_if(filled.answers) or page.key == filled.at]
    before = asked[: asked.index(filled.at)]
    if filled.checked:
        return replace(filled, at=CHECK)
    return _to(filled, before[-1] if before else LIST)


def look_over_all(filled: Filled) -> Filled:
    """Go to where all answers are looked over, once nothing needed is missing; else to the list."""
    return _to(filled, LIST) if still_needed(filled) else replace(filled, at=CHECK, checked=True)


def is_place(key: str) -> bool:
    """Whether there is such a place in this form."""
    return key in (LIST, CHECK) or key in _TASK_OF


def still_needed(filled: Filled) -> list[Task]:
    """The tasks that must be done before the referral can be sent: one that is optional only once begun."""
    return [one.task for one in progress_of(filled) if not one.done and (one.begun or not one.task.optional)]


def _to(filled: Filled, key: str) -> Filled:
    return replace(filled, at=key, checked=False)
