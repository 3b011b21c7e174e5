"""What can be made of a cell: each reader takes the text of one and gives the values of a referral's fields.

A reader never guesses. What it cannot read it refuses with a sentence for whoever has the spreadsheet open; a
word that means "nothing is known" (n/a, unknown, -) is not a value, except where the text is kept as typed
and where not knowing has to count as a yes;
and it is nobody's record number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.intake.imports.domain.addresses import read_address
from services.intake.imports.domain.cells import Unreadable, bare_words, clean, says_not_known, says_nothing
from services.intake.imports.domain.names import read_name
from services.intake.imports.domain.uk_dates import read_date, read_date_time
from services.intake.imports.domain.uk_phones import split_phones
from services.intake.imports.fields import RECORD_NUMBER, Field, Item, Kind, Step

# What `otherwise` may say besides one of the format's words.
NOTE: Final = "note"
AS_WRITTEN: Final = "as_written"
# An agency's day begins at nine; the date is then the same in London and in UTC.
START_OF_DAY: Final = dt.time(9, 0)

Value = str | bool | int | list[str]
Values = list[tuple[tuple[Step, ...], Value]]


@dataclass(frozen=True, slots=True)
class Placing:
    """What is done with the cells of one column: into which field, of which party, read how.

    Without a field the cell is a note: it is added to the summary with the column's name before it.
    """

    column: str
    into: Field | None
    reader: str
    party: int | None = None
    own: bool = True
    words: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    joined_with: str = " "
    time: dt.time = START_OF_DAY
    when_blank: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The values of a cell, and whether its own words are to be kept as a note as well."""

    values: Values
    noted: bool = False


def read_cell(text: str, placing: Placing) -> Reading:
    """What this cell says; `Unreadable` where it cannot be read."""
    bare = clean(text)
    if placing.into is None:
        return Reading([], noted=bool(bare))
    if not bare:
        return Reading([])
    if placing.reader != "text":
        if len(bare) > _LONGEST:
            raise Unreadable("too_long", f"Shorten this to at most {_LONGEST} characters.")
        bare = _SPACES.sub(" ", bare)
    return READERS[placing.reader](bare, placing, placing.into)


def _text(text: str, _: Placing, into: Field) -> Reading:
    # Two rows whose number is to be confirmed are not one record, of which the second amends the first.
    if into.path == RECORD_NUMBER and says_nothing(text):
        return Reading([])
    return Reading([(into.steps, text)])


def _references(text: str, _: Placing, into: Field) -> Reading:
    parts = [part for part in _BETWEEN_REFERENCES.split(text) if part.strip()]
    return Reading([(into.steps, part.strip()) for part in parts])


def _email(text: str, _: Placing, into: Field) -> Reading:
    if says_nothing(text):
        return Reading([])
    parts = [part for part in _BETWEEN_EMAILS.split(_MAILTO.sub("", text)) if part]
    several = parts if len(parts) > 1 and all("@" in part for part in parts) else [" ".join(parts)]
    return Reading(_one_after_another(into, several))


def _phone(text: str, _: Placing, into: Field) -> Reading:
    if says_nothing(text):
        return Reading([])
    return Reading(_one_after_another(into, split_phones(text)))


def _code(text: str, placing: Placing, into: Field) -> Reading:
    word, known = _word(text, placing, into)
    return Reading([(into.steps, word)] if word else [], noted=not known)


def _codes(text: str, placing: Placing, into: Field) -> Reading:
    whole = _known_word(text, placing, into)
    if whole is not None:
        return Reading([(into.steps, [whole])] if whole else [])
    read = [_word(part, placing, into) for part in _BETWEEN_WORDS.split(text) if part.strip()]
    words = list(dict.fromkeys(word for word, _ in read if word))
    return Reading([(into.steps, words)] if words else [], noted=not all(known for _, known in read))


def _list(text: str, _: Placing, into: Field) -> Reading:
    if says_nothing(text):
        return Reading([])
    parts = [part.strip() for part in _BETWEEN_TEXTS.split(text)]
    return Reading([(into.steps, [part for part in parts if part])])


def _yes_no(text: str, placing: Placing, into: Field) -> Reading:
    word = placing.words.get(bare_words(text), text)
    told = _TICKS.get(word.strip(), bare_words(word))
    if told in _YES or told in _NO:
        return Reading([(into.steps, told in _YES)])
    if into.steps[-1] in _YES_UNTIL_KNOWN and says_not_known(text):
        return Reading([(into.steps, True)], noted=True)
    if says_nothing(text):
        return Reading([])
    if placing.otherwise == NOTE:
        return Reading([], noted=True)
    raise Unreadable("not_yes_or_no", "Write Yes or No, or leave the cell empty.")


def _whole_number(text: str, _: Placing, into: Field) -> Reading:
    if says_nothing(text):
        return Reading([])
    number = _NUMBER.fullmatch(text.replace(",", ""))
    if number is None:
        raise Unreadable("not_a_number", "Write a whole number in digits, as in 12, or leave the cell empty.")
    return Reading([(into.steps, int(number[1]))])


def _uk_date(text: str, _: Placing, into: Field) -> Reading:
    if says_nothing(text):
        return Reading([])
    return Reading([(into.steps, read_date(text, to_come=into.is_to_come).isoformat())])


def _uk_date_time(text: str, placing: Placing, into: Field) -> Reading:
    if says_nothing(text):
        return Reading([])
    return Reading([(into.steps, read_date_time(text, placing.time).isoformat())])


def _full_name(text: str, _: Placing, into: Field) -> Reading:
    return Reading([((*into.steps, part), value) for part, value in read_name(text).items()])


def _address(text: str, _: Placing, into: Field) -> Reading:
    if says_nothing(text):
        return Reading([])
    return Reading([((*into.steps, part), value) for part, value in read_address(text).items()])


@dataclass(frozen=True, slots=True)
class _Reader:
    """A reader, what kinds of field it is for, and for which of them it need not be named."""

    read: Callable[[str, Placing, Field], Reading]
    kinds: frozenset[Kind]


_TEXTUAL: Final[frozenset[Kind]] = frozenset({"text", "email", "phone"})
_BY_NAME: Final = {
    "text": _Reader(_text, _TEXTUAL),
    "references": _Reader(_references, frozenset({"text"})),
    "phone": _Reader(_phone, frozenset({"text", "phone"})),
    "email": _Reader(_email, frozenset({"text", "email"})),
    "code": _Reader(_code, frozenset({"word", "text"})),
    "codes": _Reader(_codes, frozenset({"words"})),
    "list": _Reader(_list, frozenset({"texts"})),
    "yes_no": _Reader(_yes_no, frozenset({"flag"})),
    "whole_number": _Reader(_whole_number, frozenset({"count"})),
    "uk_date": _Reader(_uk_date, frozenset({"day"})),
    "uk_date_time": _Reader(_uk_date_time, frozenset({"instant"})),
    "full_name": _Reader(_full_name, frozenset({"name"})),
    "address": _Reader(_address, frozenset({"address"})),
}
READERS: Final = {name: reader.read for name, reader in _BY_NAME.items()}
_USUAL: Final[dict[Kind, str]] = {
    "text": "text", "email": "email", "phone": "phone", "word": "code", "words": "codes", "texts": "list",
    "flag": "yes_no", "count": "whole_number", "day": "uk_date", "instant": "uk_date_time",
    "name": "full_name", "address": "address",
}  # fmt: skip


def usual_reader(into: Field, *, has_words: bool) -> str:
    """The reader of a field when the mapping names none: it follows from what the field holds."""
    if into.path.startswith("event.references."):
        return "references"
    return "code" if has_words and into.kind == "text" else _USUAL[into.kind]


def readers_for(into: Field) -> tuple[str, ...]:
    """The readers that can fill this field."""
    return tuple(name for name, reader in _BY_NAME.items() if into.kind in reader.kinds)


def words_of(into: Field) -> tuple[str, ...]:
    """The words that a table of words may give for this field; none when any text may stand there."""
    return ("yes", "no") if into.kind == "flag" else into.words


def _one_after_another(into: Field, values: tuple[str, ...] | list[str]) -> Values:
    """The first value for the field itself, the next for a further member of the same list."""
    *before, last = into.steps
    member = before[-1] if before else None
    if not isinstance(member, Item):
        return [(into.steps, " / ".join(values))]
    rest = before[:-1]
    return [
        ((*rest, Item(member.key, member.word, member.number + index * _FURTHER), last), value)
        for index, value in enumerate(values)
    ]


def _word(text: str, placing: Placing, into: Field) -> tuple[str, bool]:
    """The format's word for this one, and whether it was known; an empty word is no value."""
    known = _known_word(text, placing, into)
    if known is not None:
        return known, True
    if placing.otherwise == AS_WRITTEN:
        return text, True
    if placing.otherwise == NOTE:
        return "", False
    if placing.otherwise:
        return placing.otherwise, False
    raise Unreadable(
        "unknown_word",
        f"This word is not known here. Write one of: {_listed(placing, into)}; or have it added to the "
        f"words of column {placing.column} in the mapping.",
    )


def _known_word(text: str, placing: Placing, into: Field) -> str | None:
    told = bare_words(text)
    if told in placing.words:
        return placing.words[told]
    for word in into.words:
        if told == bare_words(word):
            return word
    usual = _USUAL_WORDS.get(into.path.rpartition(".")[2], {}) if into.words else {}
    if told in usual:
        return usual[told]
    if into.words and frozenset(into.words) == _DECISIONS and told in _USUAL_DECISIONS:
        return _USUAL_DECISIONS[told]
    return "" if says_nothing(text) else None


def _listed(placing: Placing, into: Field) -> str:
    words = dict.fromkeys([*placing.words, *(bare_words(word) for word in into.words)])
    return ", ".join(words)


# Nothing but a text is longer; a longer cell is a mistake, and would take its time.
_LONGEST: Final = 2000
_SPACES: Final = re.compile(r"[^\S\n]+")
# Numbers of one cell that follow the first are told apart from those of a column of their own.
_FURTHER: Final = 100
_BETWEEN_REFERENCES: Final = re.compile(
    r"\s*(?:[;\n|]|,(?!\s*(?:19|20)\d\d\b)|\s(?:and|&)\s)\s*", re.IGNORECASE
)
_BETWEEN_EMAILS: Final = re.compile(r"[\s;,]+(?:(?:or|and)\s+)?")
_BETWEEN_WORDS: Final = re.compile(r"\s*(?:[;,\n|/+&]|\band\b)\s*", re.IGNORECASE)
_BETWEEN_TEXTS: Final = re.compile(r"[;,\n|]")
_MAILTO: Final = re.compile(r"\bmailto:", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(\d{1,9})(?:\.0*)?", re.ASCII)
_TICKS: Final = {"✓": "yes", "✔": "yes", "☑": "yes", "☒": "yes", "✗": "no", "✘": "no", "☐": "no"}
_YES: Final = frozenset({"yes", "y", "true", "t", "1", "x", "tick", "ticked", "checked"})
_NO: Final = frozenset({"no", "n", "false", "f", "0", "not ticked", "unticked", "unchecked"})
# Nobody comes to harm because nobody found out: these count as a yes until somebody does.
_YES_UNTIL_KNOWN: Final = frozenset({"forbids_contact", "immediate_danger"})
_DECISIONS: Final = frozenset({"given", "refused", "deferred", "not_asked"})
_USUAL_DECISIONS: Final = {
    "yes": "given", "y": "given", "true": "given", "agreed": "given", "agrees": "given", "consented": "given",
    "no": "refused", "n": "refused", "false": "refused", "declined": "refused",
    "more time": "deferred", "later": "deferred", "wants more time": "deferred", "not yet": "deferred",
    "not asked yet": "not_asked", "not yet asked": "not_asked",
}  # fmt: skip
_USUAL_WORDS: Final[dict[str, dict[str, str]]] = {
    "safe": {
        "y": "yes",
        "true": "yes",
        "n": "no",
        "false": "no",
        "not known": "unknown",
        "not sure": "unknown",
    },
}
