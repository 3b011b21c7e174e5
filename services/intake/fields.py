"""What the fields of the format take, kind by kind, and what is said when something does not fit.

This is the hot path of intake. marshmallow's own loop visits each declared field of each object, present or
not, through several calls and closures; `PartSchema.load` visits what is present, in a quarter of the time.
Nothing is built for a call, and every check is one that passes quickly when all is well.
"""

# ruff: noqa: ANN401 - marshmallow hands whatever was sent to its fields, and takes whatever they make of it
from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, NoReturn

from marshmallow import RAISE, Schema, ValidationError, fields, missing
from marshmallow.exceptions import SCHEMA

from shared.contracts import referral as format_v1
from shared.problems import Fault, Unprocessable, pointer_to

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import msgspec


# Limits. They are generous: they keep a mistake or an attack small and never cut a real account short.
RECORD_ID: Final = 64
SUMMARY: Final = 4000
NAME_PART: Final = 100
LINE: Final = 200
VALUE: Final = 254  # the longest address that mail can be sent to (RFC 5321 and its erratum 1690)
SHORT: Final = 64
FREE_TEXT: Final = 1000
FEWEST_PARTIES: Final = 1
MOST_PARTIES: Final = 10
MOST_ITEMS: Final = 50
MOST_IN_BATCH: Final = 1000
MOST_CALLS: Final = 1_000_000
MOST_UNKNOWN_NAMED: Final = 20

EARLIEST_BIRTH: Final = dt.date(1880, 1, 1)
# Kept well inside what a calendar can hold, so that turning the instant into another time zone cannot fail.
EARLIEST_REFERRAL_YEAR: Final = 1900
LATEST_REFERRAL_YEAR: Final = 2999

_DAY_LENGTH: Final = len("2026-03-22")
_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?",
    re.ASCII,
)
# The pattern that browsers use (HTML, "valid e-mail address"), with letters of every script and at least one
# dot in the domain, because a referral comes from outside the local network.
_EMAIL: Final = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)+"
)
# What `Text` refuses, for the document; the patterns mean the same in Python and in ECMA 262.
NO_NUL: Final = r"^[^\u0000]*$"
_NO_CONTROL: Final = r"^[^\u0000-\u001f\u007f-\u009f]*$"
# Python cuts off more characters than count as white space elsewhere.
NOT_BLANK: Final = r"[^\s\u001c-\u001f\u0085]"
_BLANK_OR: Final = r"^\s*$|"
_ANY_YEAR: Final = r"^\d{4}-\d{2}-\d{2}$"
_SINCE_1880: Final = r"^(18[89]\d|19\d{2}|[2-9]\d{3})-\d{2}-\d{2}$"
WITHIN_YEARS: Final = r"^(19|2\d)\d{2}-"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")


class Advice(NamedTuple):
    """A fault without its place: a stable code, and a sentence that says what to do."""

    code: str
    detail: str


REQUIRED: Final = Advice("required", "This is required: give a value.")
NOT_AN_OBJECT: Final = Advice("wrong_type", "Give an object with the fields of the format.")
NOT_A_LIST: Final = Advice("wrong_type", "Give a list, even for one item.")
NOT_TEXT: Final = Advice("wrong_type", "Give text in quotation marks.")
NOT_A_FLAG: Final = Advice("wrong_type", "Give true or false, without quotation marks.")
NOT_A_COUNT: Final = Advice("wrong_type", "Give a whole number, without quotation marks or a decimal point.")
NEGATIVE: Final = Advice("too_small", "Give zero or a larger number.")
TOO_LARGE: Final = Advice("too_large", f"Give a number of at most {MOST_CALLS}.")
TOO_FEW: Final = Advice("too_few", "Give at least one item.")
UNSTORABLE: Final = Advice("forbidden_character", "Take out the NUL character or the broken character.")
CONTROL: Final = Advice("forbidden_character", "Take out line breaks, tabs and other control characters.")
BAD_DATE: Final = Advice("bad_date", "Give a date that exists as YYYY-MM-DD, for example 2026-03-22.")
TOO_EARLY: Final = Advice("date_too_early", f"Check the year: give a date from {EARLIEST_BIRTH.year} on.")
BORN_LATER: Final = Advice("date_in_future", "Check this date: it is later than the day of the referral.")
ENDED_FIRST: Final = Advice("ends_before_start", "Check both dates: the end is earlier than the start.")
BAD_DATETIME: Final = Advice(
    "bad_datetime", "Give a date and time as in RFC 3339, for example 2026-03-22T14:05:00+00:00."
)
NO_OFFSET: Final = Advice("no_offset", "Add the offset from UTC at the end: Z, +00:00 or +01:00.")
NOT_AN_EMAIL: Final = Advice("not_an_email", "Give one email address, for example name@agency.example.")
NO_REFERRER: Final = Advice("required", "Say who refers: give at least a name or an organisation.")
SOMETHING_UNKNOWN: Final = Advice("unknown_field", "Take it out: a field here is not known.")
MORE_UNKNOWN: Final = Advice("unknown_field", "Take them out: more fields here are not known.")

FaultsByField = dict[str | int, Any]


def read_part(door: PartSchema, body: object, what: str) -> Any:
    """What this door makes of a decoded body; `Unprocessable` with every fault when it is not taken."""
    try:
        return door.load(body)
    except ValidationError as error:
        faults = tuple(_faults_in(error.messages, ()))
        told = "There is 1 fault" if len(faults) == 1 else f"There are {len(faults)} faults"
        message = f"{told} in {what}. Nothing was kept: correct it and send it again."
        raise Unprocessable(message, errors=faults) from None


def is_email(text: str) -> bool:
    """Whether this has the form of one email address; nobody is asked whether the mailbox exists."""
    return _EMAIL.fullmatch(text) is not None


def is_storable(text: str) -> bool:
    """Whether this can be kept and told: PostgreSQL takes no NUL, and nothing half of a surrogate pair."""
    return "\0" not in text and _SURROGATE.search(text) is None


def _faults_in(messages: Any, steps: tuple[str | int, ...]) -> Iterator[Fault]:
    if isinstance(messages, dict):
        for step, inner in messages.items():
            yield from _faults_in(inner, steps if step == SCHEMA else (*steps, step))
    else:
        pointer = pointer_to(*steps)
        for advice in messages:
            yield Fault(pointer, advice.code, advice.detail)


def _is_optional(field: fields.Field[Any]) -> bool:
    """Whether the field stands in an object that does without it: it may then be null or blank as well."""
    return isinstance(field.parent, Schema) and not field.required


def _or_null(field: fields.Field[Any], kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"] if _is_optional(field) else kind}


def _trimmed(value: object) -> str:
    """A text without its outer white space; empty where it is blank."""
    if not isinstance(value, str):
        raise ValidationError([NOT_TEXT])
    return value.strip()


class Text(fields.Field[str]):
    """Text of at most so many characters, counted after its outer white space is gone."""

    def __init__(self, most: int, *, one_line: bool = False, required: bool = False) -> None:
        super().__init__(required=required)
        self.most = most
        self.one_line = one_line

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The trimmed text, or `missing` for a blank one."""
        text = _trimmed(value)
        if not text:
            return missing
        if len(text) > self.most:
            raise ValidationError([Advice("too_long", f"Shorten this to at most {self.most} characters.")])
        # Nearly every text is printable, and asking is quick; a line break or a bad character is looked for
        # only in the rest.
        if not text.isprintable():
            if not is_storable(text):
                raise ValidationError([UNSTORABLE])
            if self.one_line and _CONTROL.search(text):
                raise ValidationError([CONTROL])
        return text

    def as_json_schema(self, _found: dict[str, Any]) -> dict[str, Any]:
        """What is taken; outer white space, which is cut off first, may make it longer still."""
        told: dict[str, Any] = {"maxLength": self.most, "pattern": _NO_CONTROL if self.one_line else NO_NUL}
        if self.required:
            told |= {"minLength": 1, "allOf": [{"pattern": NOT_BLANK}]}
        return _or_null(self, "string") | told


class Email(Text):
    """An email address, as typed."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The trimmed address, or `missing` for a blank one."""
        text = super().deserialize(value)
        if text is not missing and not is_email(text):
            raise ValidationError([NOT_AN_EMAIL])
        return text

    def as_json_schema(self, found: dict[str, Any]) -> dict[str, Any]:
        """An address of the usual form."""
        return super().as_json_schema(found) | {"format": "email"}


class Word(fields.Field[str]):
    """One of the words that the format lists for a field."""

    def __init__(self, coded: object, *, required: bool = False) -> None:
        super().__init__(required=required)
        self.words = format_v1.codes(coded)
        self._known = frozenset(self.words)

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The word, or `missing` for a blank text."""
        if not isinstance(value, str):
            raise ValidationError([NOT_TEXT])
        if value in self._known:
            return value
        word = value.strip()
        if not word:
            return missing
        if word not in self._known:
            raise ValidationError([Advice("not_allowed", f"Give one of: {', '.join(self.words)}.")])
        return word

    def as_json_schema(self, _found: dict[str, Any]) -> dict[str, Any]:
        """The words."""
        blank = ("", None) if _is_optional(self) else ()
        return _or_null(self, "string") | {"enum": [*self.words, *blank]}


class Day(fields.Field[dt.date]):
    """A calendar date, written YYYY-MM-DD and in no other way."""

    def __init__(self, *, earliest: dt.date = dt.date.min) -> None:
        super().__init__()
        self.earliest = earliest

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The date, or `missing` for a blank text."""
        text = _trimmed(value)
        if not text:
            return missing
        # Python reads more ISO 8601 forms than the format allows (20260322, 2026-W12-7).
        if len(text) != _DAY_LENGTH or text[4] != "-" or text[7] != "-":
            raise ValidationError([BAD_DATE])
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            raise ValidationError([BAD_DATE]) from None
        if day < self.earliest:
            raise ValidationError([TOO_EARLY])
        return day

    def as_json_schema(self, _found: dict[str, Any]) -> dict[str, Any]:
        """A date of RFC 3339."""
        told = _or_null(self, "string") | {"format": "date", "pattern": _BLANK_OR + _ANY_YEAR}
        if self.earliest == EARLIEST_BIRTH:
            told["pattern"] = _BLANK_OR + _SINCE_1880
            told["description"] = f"Not before {self.earliest.isoformat()}."
        return told


class Instant(fields.Field[dt.datetime]):
    """A date and time with its offset from UTC (RFC 3339, section 5.6); the offset is kept as given."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The aware date and time, or `missing` for a blank text."""
        text = _trimmed(value).upper()
        if not text:
            return missing
        form = _INSTANT.fullmatch(text)
        if form is None:
            raise ValidationError([BAD_DATETIME])
        if form[1] is None:
            raise ValidationError([NO_OFFSET])
        try:
            instant = dt.datetime.fromisoformat(text)
        except ValueError:
            raise ValidationError([BAD_DATETIME]) from None
        if not EARLIEST_REFERRAL_YEAR <= instant.year <= LATEST_REFERRAL_YEAR:
            raise ValidationError([BAD_DATETIME])
        return instant

    def as_json_schema(self, _found: dict[str, Any]) -> dict[str, Any]:
        """A date-time of RFC 3339, without its leap seconds."""
        return _or_null(self, "string") | {
            "format": "date-time",
            "pattern": WITHIN_YEARS,
            "description": f"With its offset; from {EARLIEST_REFERRAL_YEAR} to {LATEST_REFERRAL_YEAR}.",
        }


class Flag(fields.Field[bool]):
    """True or false, and not a word or a number that could mean it."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The flag itself."""
        if value is not True and value is not False:
            raise ValidationError([NOT_A_FLAG])
        return value

    def as_json_schema(self, _found: dict[str, Any]) -> dict[str, Any]:
        """A flag."""
        return _or_null(self, "boolean")


class Count(fields.Field[int]):
    """How many: a whole number from zero."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The number itself."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError([NOT_A_COUNT])
        if value < 0:
            raise ValidationError([NEGATIVE])
        if value > MOST_CALLS:
            raise ValidationError([TOO_LARGE])
        return value

    def as_json_schema(self, _found: dict[str, Any]) -> dict[str, Any]:
        """A whole number, written without a decimal point."""
        return _or_null(self, "integer") | {"minimum": 0, "maximum": MOST_CALLS}


class Inner(fields.Nested):
    """A part within a part; one that equals `nothing` says nothing, and is not given."""

    def __init__(
        self, schema: type[PartSchema], *, nothing: msgspec.Struct | None = None, required: bool = False
    ) -> None:
        super().__init__(schema, required=required)
        self.nothing = nothing

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The part as its struct, or `missing` when it says nothing."""
        part = self._load_part(value)
        return missing if part == self.nothing else part

    def as_json_schema(self, found: dict[str, Any]) -> dict[str, Any]:
        """The part by its name, or null."""
        return {"anyOf": [found, {"type": "null"}]} if _is_optional(self) else found

    @cached_property
    def _load_part(self) -> Callable[[Any], Any]:
        return self.schema.load


class Several(fields.List[Any]):
    """A list of at most so many items; a longer one is refused unread."""

    def __init__(
        self, inner: fields.Field[Any], *, most: int = MOST_ITEMS, fewest: int = 0, required: bool = False
    ) -> None:
        super().__init__(inner, required=required)
        self.most = most
        self.fewest = fewest

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The items as a tuple, without the blank ones."""
        if not isinstance(value, (list, tuple)):
            raise ValidationError([NOT_A_LIST])
        if len(value) > self.most:
            raise ValidationError([Advice("too_many", f"Give at most {self.most} items.")])
        if len(value) < self.fewest:
            raise ValidationError([TOO_FEW])
        read = self.inner.deserialize
        try:
            items = [read(item) for item in value]
        except ValidationError:
            self._refuse(value)
        return tuple([item for item in items if item is not missing])

    def as_json_schema(self, found: dict[str, Any]) -> dict[str, Any]:
        """So many items."""
        told = _or_null(self, "array") | {"items": found["items"], "maxItems": self.most}
        return told | ({"minItems": self.fewest} if self.fewest else {})

    def _refuse(self, value: Collection[Any]) -> NoReturn:
        """Read the list again for the fault in every item and what can be told of each."""
        faults: FaultsByField = {}
        told: list[Any] = []
        for index, item in enumerate(value):
            try:
                told.append(self.inner.deserialize(item))
            except ValidationError as error:
                faults[index] = error.messages
                told.append(error.valid_data)
        raise ValidationError(faults, valid_data=told)


class PartSchema(Schema):
    """One object of the format: its fields, and the struct that it becomes."""

    class Meta:
        unknown = RAISE

    part: ClassVar[Callable[..., Any]]

    @cached_property
    def _readers(self) -> dict[str, Callable[[Any], Any]]:
        return {name: field.deserialize for name, field in self.load_fields.items()}

    @cached_property
    def _required(self) -> tuple[str, ...]:
        return tuple(name for name, field in self.load_fields.items() if field.required)

    def load(self, data: Any, **_options: Any) -> Any:
        """The struct that this object becomes; `ValidationError` with all its faults, by field.

        Takes the place of marshmallow's own loop, and has no options: a part is always one whole object
        and unknown fields are always refused.
        """
        if not isinstance(data, dict):
            raise ValidationError({SCHEMA: [NOT_AN_OBJECT]})
        faults: FaultsByField = {}
        given = self._read(data, faults)
        for name in self._required:
            if name not in given and name not in faults:
                faults[name] = [REQUIRED]
        self.compare(given, faults)
        if faults:
            raise ValidationError(faults, valid_data=given)
        return self.part(**given)

    def _read(self, data: Mapping[str, Any], faults: FaultsByField) -> dict[str, Any]:
        """What each field that is present gives, even if it is only a part of it; its faults are added."""
        readers = self._readers
        given: dict[str, Any] = {}
        unknown: list[object] = []
        for name, value in data.items():
            read = readers.get(name)
            if read is None:
                unknown.append(name)
            elif value is not None:
                try:
                    found = read(value)
                except ValidationError as error:
                    faults[name] = error.messages
                    found = error.valid_data or missing
                if found is not missing:
                    given[name] = found
        if unknown:
            self._refuse_unknown(unknown, faults)
        return given

    def compare(self, given: Mapping[str, Any], faults: FaultsByField) -> None:
        """Add the faults that only several fields together show; what is faulty by itself may be missing."""

    def _refuse_unknown(self, unknown: Collection[object], faults: FaultsByField) -> None:
        """Name each unknown field whose name is shaped like one; any other name may be somebody's own.

        The list is kept short, so that a body of nothing else has no answer many times its size.
        """
        names = [name for name in unknown if isinstance(name, str) and _NAME.fullmatch(name)]
        advice = Advice("unknown_field", f"Take this out: the fields here are {', '.join(self.load_fields)}.")
        for name in names[:MOST_UNKNOWN_NAMED]:
            faults[name] = [advice]
        here: list[Advice] = faults.setdefault(SCHEMA, [])
        if len(names) < len(unknown):
            here.append(SOMETHING_UNKNOWN)
        if len(names) > MOST_UNKNOWN_NAMED:
            here.append(MORE_UNKNOWN)


def read_instant(text: str) -> dt.datetime | None:
    """The instant that this text names (RFC 3339, with an offset); None if it names none."""
    match = _INSTANT.fullmatch(text)
    try:
        return dt.datetime.fromisoformat(text) if match and match[1] else None
    except ValueError:
        return None
