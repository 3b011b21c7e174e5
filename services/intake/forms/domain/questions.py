"""A form is a list of pages with one question each, and which page comes next depends on the answers."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

# What was answered, by the name of the field, as it was typed: one text, the three parts of a date, or the
# values of the choices that were taken. Nothing answered is no entry.
Answers = Mapping[str, tuple[str, ...]]

Kind = Literal["text", "long", "email", "phone", "postcode", "one_of", "some_of", "date", "count"]

# Whose "today" a date is compared with.
LONDON: Final = ZoneInfo("Europe/London")
PARTS_OF_A_DATE: Final = ("day", "month", "year")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# The form that an answer of this kind must have, and what to do when it has another.
_FORMS: Final = {
    "phone": (
        re.compile(r"[\d\s()+.-]{7,30}(\s*(ext|x)\.?\s*\d{1,6})?"),
        "Enter a telephone number, like 07700 900 982",
    ),
    "email": (
        re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"),
        "Enter an email address in the correct format, like name@example.com",
    ),
    "count": (re.compile(r"\d{1,6}", re.ASCII), "Enter a number, like 12"),
}
# What nobody sees and what says nothing: where a line may break or not, and the mark of a beginning.
_IDLE: Final = frozenset("\u00ad\u200b\ufeff\u2060\u2061\u2062\u2063\u2064")
# Controls, and halves of a sign that lost the other.
_NO_SIGN: Final = frozenset({"Cc", "Cs"})
# Latin letters and digits are below it: a joiner or a direction does not change how they are written.
_BEYOND_LATIN: Final = "\u0250"
_ANY_FORM: Final = (re.compile(r".*", re.DOTALL), "")
_LONGEST_PART: Final = 20
_YEARS_IN_FULL: Final = 4


@dataclass(frozen=True)
class Choice:
    """One of the answers to choose from; one that stands `alone` excludes all others."""

    value: str
    text: str
    hint: str = ""
    alone: bool = False


@dataclass(frozen=True)
class Field:
    """Something to fill in. `needed` is what somebody is told who leaves it out; empty if it may be left out.

    Where a page has one field, the page's question is its label and `label` may stay empty. `row` stands
    before its answer where all answers are shown together; empty if the answer speaks for itself.
    """

    name: str
    label: str = ""
    kind: Kind = "text"
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    needed: str = ""
    most: int = 200
    autocomplete: str = ""
    width: int = 0
    row: str = ""
    day: Literal["any", "past", "to_come"] = "any"


@dataclass(frozen=True)
class Slip:
    """What is wrong with an answer, in a sentence that says how to put it right; `part` of a date, if one."""

    field: str
    detail: str
    part: str = ""


def always(_answers: Answers) -> bool:
    """Whoever comes here is asked."""
    return True


@dataclass(frozen=True)
class Page:
    """One question, or something to read before going on.

    `title` stands in the browser's history, where others may see it: it must not tell what this is about.
    Where all answers are shown together, `row` is what the page is called, under the heading `group`.
    """

    key: str
    title: str
    question: str
    row: str = ""
    group: str = ""
    fields: tuple[Field, ...] = ()
    paragraphs: tuple[str, ...] = ()
    asked_if: Callable[[Answers], bool] = always
    template: str = "question.html"
    button: str = "Continue"

    def read(
        self, posted: Mapping[str, Sequence[str]], today: dt.date
    ) -> tuple[dict[str, tuple[str, ...]], list[Slip]]:
        """The answers in what was posted, and what is wrong with them; wrong ones are kept, too."""
        answers: dict[str, tuple[str, ...]] = {}
        slips: list[Slip] = []
        for field in self.fields:
            given = _given(field, posted)
            if given:
                answers[field.name] = given
                slips += _slips(field, given, today)
            elif field.needed:
                slips.append(Slip(field.name, field.needed))
        return answers, slips


@dataclass(frozen=True)
class Form:
    """All pages in their order."""

    name: str
    pages: tuple[Page, ...]

    def page(self, key: str) -> Page:
        """The page with this key; `KeyError` if there is none."""
        for page in self.pages:
            if page.key == key:
                return page
        raise KeyError(key)

    def path(self, answers: Answers) -> tuple[Page, ...]:
        """The pages that somebody with these answers is asked, in order."""
        return tuple(page for page in self.pages if page.asked_if(answers))

    def told(self, answers: Answers) -> dict[str, tuple[str, ...]]:
        """The answers that count: what was answered on a page that is no longer asked does not."""
        names = {field.name for page in self.path(answers) for field in page.fields}
        return {name: answer for name, answer in answers.items() if name in names}


def text_of(answers: Answers, name: str) -> str:
    """The answer as one text; empty if there is none."""
    return " ".join(answers.get(name, ()))


def date_of(answers: Answers, name: str) -> dt.date | None:
    """The date that was answered; None if there is none or it does not exist."""
    given = answers.get(name, ())
    return _date(given) if len(given) == len(PARTS_OF_A_DATE) else None


def _given(field: Field, posted: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    if field.kind == "date":
        parts = tuple(_first(posted, f"{field.name}-{part}")[:_LONGEST_PART] for part in PARTS_OF_A_DATE)
        return parts if any(parts) else ()
    if field.kind == "some_of":
        return tuple(dict.fromkeys(filter(None, posted.get(field.name, ()))))
    text = _first(posted, field.name)
    if field.kind != "long":
        text = " ".join(text.split())
    return (text,) if text else ()


def _first(posted: Mapping[str, Sequence[str]], name: str) -> str:
    """What was typed, with line breaks and spaces as everywhere else and without what is unseen and idle.

    What is copied from a page or a letter has spaces of many kinds, and words stay apart there. A joiner or a
    direction is not seen either, but says how a Persian name or an emoji is written; beside Latin letters
    and numbers alone it only came along, as with a telephone number from a list of contacts.
    """
    text = next(iter(posted.get(name, ())), "").replace("\r\n", "\n")
    plain = (" " if c.isspace() and c not in "\n\t" else c for c in text)
    typed = "".join(c for c in plain if c in "\n\t" or _says_something(c))
    latin = "".join(c for c in typed if unicodedata.category(c) != "Cf")
    return (typed if any(c >= _BEYOND_LATIN for c in latin) else latin).strip()


def _says_something(c: str) -> bool:
    return c not in _IDLE and unicodedata.category(c) not in _NO_SIGN


def _slips(field: Field, given: tuple[str, ...], today: dt.date) -> list[Slip]:
    if field.kind in ("one_of", "some_of"):
        return _wrong_choice(field, given)
    if field.kind == "date":
        return _wrong_date(field, given, today)
    if len(given[0]) > field.most:
        return [Slip(field.name, f"Shorten this to {field.most} characters or fewer")]
    form, advice = _FORMS.get(field.kind, _ANY_FORM)
    return [] if form.fullmatch(given[0]) else [Slip(field.name, advice)]


def _wrong_choice(field: Field, given: tuple[str, ...]) -> list[Slip]:
    known = {choice.value: choice for choice in field.choices}
    if any(value not in known for value in given):
        return [Slip(field.name, "Select an answer from the list")]
    if len(given) > 1 and any(known[value].alone for value in given):
        only = next(known[value].text for value in given if known[value].alone)
        return [Slip(field.name, f"Select “{only}” or the other answers, not both")]
    return []


def _wrong_date(field: Field, given: tuple[str, ...], today: dt.date) -> list[Slip]:
    lacking = [part for part, text in zip(PARTS_OF_A_DATE, given, strict=True) if not text]
    if lacking:
        return [Slip(field.name, f"The date must include a {' and a '.join(lacking)}", lacking[0])]
    if not (given[2].isdecimal() and len(given[2]) == _YEARS_IN_FULL):
        return [Slip(field.name, "The year must be four numbers, like 2026", "year")]
    date = _date(given)
    if date is None:
        return [Slip(field.name, "Enter a date that exists, like 27 3 2026", "day")]
    if field.day == "past" and date > today:
        return [Slip(field.name, "The date must be today or in the past", "day")]
    if field.day == "to_come" and date < today:
        return [Slip(field.name, "The date must be today or in the future", "day")]
    return []


def _date(given: tuple[str, ...]) -> dt.date | None:
    day, month, year = given
    if month[:3].lower() in _MONTHS:
        month = str(_MONTHS.index(month[:3].lower()) + 1)
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
