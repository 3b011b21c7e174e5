"""The fields of a referral that a column can be put into, as a mapping names them: `event.references.crime`.

They are read off the door's own schemas, so that a field that the format gains can be mapped at once. A
member of a list is named by the word that tells it from its neighbours (`contacts.mobile`,
`consents.referral`), a second one of the same word by its number (`contacts.mobile-2`). A party's fields are
named from the party on.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from services.intake.fields import Count, Day, Email, Flag, Inner, Instant, PartSchema, Several, Text, Word
from services.intake.schema import PartySchema, ReferralSchema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marshmallow import fields as marshmallow_fields

Kind = Literal[
    "text", "email", "phone", "word", "words", "texts", "day", "instant", "flag", "count", "name", "address"
]


@dataclass(frozen=True, slots=True)
class Item:
    """A member of a list: the field that tells it from the others, its word there, and which one of them."""

    key: str
    word: str
    number: int = 1


Step = str | Item


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the format: its name in a mapping, the way to it, and what it holds."""

    path: str
    steps: tuple[Step, ...]
    kind: Kind
    words: tuple[str, ...] = ()

    @property
    def joins(self) -> bool:
        """Whether the text of a second column is added to that of the first one."""
        return self.kind == "text" and self.path.rpartition(".")[2] in _JOINED

    @property
    def is_short(self) -> bool:
        """Whether it holds an answer, a date, a number or a name, and never goes on over several lines."""
        if self.kind == "text":
            return self.path.rpartition(".")[2] in _SHORT
        return self.kind not in {"words", "texts", "address"}

    @property
    def is_to_come(self) -> bool:
        """Whether its day was still to come when somebody wrote it down."""
        return self.steps[-1] in _TO_COME


class NoSuchField(LookupError):  # noqa: N818 - what is missing is its name
    """A mapping names a field that the format does not have; holds the nearest names that it has."""

    def __init__(self, near: tuple[str, ...]) -> None:
        super().__init__("no such field")
        self.near = near


# Which field of a list's members tells them apart, and which one a member is there for.
_TOLD_BY: Final = {
    "references": ("scheme", "value"),
    "contacts": ("channel", "value"),
    "consents": ("to", "decision"),
    "identifiers": ("scheme", "value"),
    "orders": ("type", "forbids_contact"),
}
# Text that may be spread over several columns; of anything else the first column that is filled in counts.
_JOINED: Final = frozenset(
    {
        "source_record_id", "summary", "line1", "line2", "given", "middle", "family", "role", "organisation",
        "safe_times", "told_to",
    }
)  # fmt: skip
_SHORT: Final = frozenset(
    {
        "source_record_id", "name", "title", "given", "middle", "family", "known_as", "gender", "language",
        "town", "postcode", "uprn",
    }
)  # fmt: skip
_TO_COME: Final = frozenset({"next_hearing_on", "contact_again_on", "until"})
# By which the same record is known when it comes again.
RECORD_NUMBER: Final = "source_record_id"
# A channel of its own making: mobile or landline, as the form of the number tells.
PHONE: Final = "phone"
_NUMBERED: Final = re.compile(r"(?P<word>.+?)(?:-(?P<number>[2-9]))?", re.ASCII)
_FREE_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
FREE_WORD_SHOWN: Final = "SYSTEM"


@cache
def find_field(path: str, *, of_party: bool) -> Field:
    """The field of this name, of a party or of the whole referral; `NoSuchField` if there is none."""
    field = _find(path, PartySchema() if of_party else ReferralSchema(), path.split("."), ())
    if field is None or (not of_party and path.startswith("parties")):
        names = [name for name, _ in fields_of(of_party=of_party)]
        near = difflib.get_close_matches(path, names, n=3, cutoff=0.55)
        last = path.rpartition(".")[2]
        near += [name for name in names if name.rpartition(".")[2] == last and name not in near]
        raise NoSuchField(tuple(near[:3]))
    return field


@cache
def fields_of(*, of_party: bool) -> tuple[tuple[str, Kind], ...]:
    """Every field that can be named, with what it holds; SYSTEM stands for a word of one's own."""
    schema = PartySchema() if of_party else ReferralSchema()
    return tuple(_all_of(schema, ""))


def _find(path: str, schema: PartSchema, left: list[str], gone: tuple[Step, ...]) -> Field | None:
    name, rest = left[0], left[1:]
    field = schema.load_fields.get(name)
    if field is None:
        return None
    steps = (*gone, name)
    if isinstance(field, Inner):
        if rest:
            return _find(path, _schema_of(field), rest, steps)
        whole = _WHOLES.get(name)
        return Field(path, steps, whole) if whole else None
    if isinstance(field, Several) and isinstance(field.inner, Inner):
        return _find_member(path, name, _schema_of(field.inner), rest, steps) if rest else None
    return None if rest else _leaf(path, steps, field)


def _find_member(
    path: str, name: str, schema: PartSchema, left: list[str], steps: tuple[Step, ...]
) -> Field | None:
    key, main = _TOLD_BY.get(name, ("", ""))
    named = _NUMBERED.fullmatch(left[0])
    if not key or named is None or not _tells(named["word"], name, schema.load_fields[key]):
        return None
    word = named["word"]
    item = Item(key, word, int(named["number"] or 1))
    found = _find(path, schema, left[1:] or [main], (*steps, item))
    if found is None or found.steps[-1] == key:
        return None
    if name == "contacts" and found.steps[-1] == "value":
        kind: Kind = (
            "phone" if word in {"mobile", "landline", PHONE} else "email" if word == "email" else "text"
        )
        return Field(path, found.steps, kind)
    return found


def _tells(word: str, name: str, telling: marshmallow_fields.Field[object]) -> bool:
    """Whether members of this list can be told apart by this word."""
    if isinstance(telling, Word):
        return word in telling.words or (name == "contacts" and word == PHONE)
    return _FREE_WORD.fullmatch(word) is not None


def _leaf(path: str, steps: tuple[Step, ...], field: marshmallow_fields.Field[object]) -> Field:
    if isinstance(field, Several):
        inner = field.inner
        if isinstance(inner, Word):
            return Field(path, steps, "words", inner.words)
        return Field(path, steps, "texts")
    if isinstance(field, Word):
        return Field(path, steps, "word", field.words)
    if path == "referrer.phone":
        return Field(path, steps, "phone")
    kinds: tuple[tuple[type[object], Kind], ...] = (
        (Email, "email"), (Text, "text"), (Day, "day"), (Instant, "instant"), (Flag, "flag"),
        (Count, "count"),
    )  # fmt: skip
    return Field(path, steps, next(kind for cls, kind in kinds if isinstance(field, cls)))


# A party's name and an address can stand in one cell each.
_WHOLES: Final[dict[str, Kind]] = {"name": "name", "address": "address", "place": "address"}


def _all_of(schema: PartSchema, before: str) -> Iterator[tuple[str, Kind]]:
    for name, field in schema.load_fields.items():
        path = before + name
        if name == "parties":
            continue
        if isinstance(field, Inner):
            if name in _WHOLES:
                yield path, _WHOLES[name]
            yield from _all_of(_schema_of(field), f"{path}.")
        elif isinstance(field, Several) and isinstance(field.inner, Inner):
            yield from _all_members(path, name, _schema_of(field.inner))
        else:
            yield path, _leaf(path, (), field).kind


def _all_members(path: str, name: str, schema: PartSchema) -> Iterator[tuple[str, Kind]]:
    key, main = _TOLD_BY[name]
    telling = schema.load_fields[key]
    words = telling.words if isinstance(telling, Word) else (FREE_WORD_SHOWN,)
    for word in (*words, PHONE) if name == "contacts" else words:
        for inner, field in schema.load_fields.items():
            if inner != key:
                shown = f"{path}.{word}" if inner == main else f"{path}.{word}.{inner}"
                yield shown, "phone" if word == PHONE and inner == main else _leaf(shown, (), field).kind


def _schema_of(field: Inner) -> PartSchema:
    schema = field.schema
    if not isinstance(schema, PartSchema):  # pragma: no cover - the door's schemas are all of this class
        raise TypeError
    return schema
