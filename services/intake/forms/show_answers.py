"""Show somebody all their answers, as a person would write them, before they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.intake.forms.domain.questions import date_of, text_of

if TYPE_CHECKING:
    from services.intake.forms.domain.filling import Filled
    from services.intake.forms.domain.questions import Answers, Field, Form


@dataclass(frozen=True)
class Row:
    """What was answered on one page, line by line, and the page on which it can be changed."""

    page: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The rows that belong together."""

    title: str
    rows: tuple[Row, ...]


def rows_of(form: Form, filled: Filled) -> tuple[Group, ...]:
    """Every answer that counts, in the order of the questions; a row without lines was not answered."""
    groups: dict[str, list[Row]] = {}
    for page in form.path(filled.answers):
        if page.fields:
            several = len(page.fields) > 1
            lines = tuple(
                line for field in page.fields for line in _lines(field, filled.answers, named=several)
            )
            row = Row(page.key, page.row or page.question, lines)
            groups.setdefault(page.group or page.title, []).append(row)
    return tuple(Group(title, tuple(rows)) for title, rows in groups.items())


def _lines(field: Field, answers: Answers, *, named: bool) -> tuple[str, ...]:
    lines = _told(field, answers)
    if named and field.row and lines:
        return (f"{field.row}: {lines[0]}", *lines[1:])
    return lines


def _told(field: Field, answers: Answers) -> tuple[str, ...]:
    if field.kind in ("one_of", "some_of"):
        taken = answers.get(field.name, ())
        return tuple(choice.text for choice in field.choices if choice.value in taken)
    if field.kind == "date":
        day = date_of(answers, field.name)
        return (f"{day.day} {day:%B %Y}",) if day else ()
    return tuple(filter(None, text_of(answers, field.name).splitlines()))
