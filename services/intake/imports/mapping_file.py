"""A mapping as its file says it: every mistake is told at once, with its line and what to do about it."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import yaml

from services.intake.fields import MOST_PARTIES, is_storable
from services.intake.imports.domain.cells import Unreadable, bare_words
from services.intake.imports.domain.header import plain
from services.intake.imports.fields import Field, NoSuchField, find_field
from services.intake.imports.readers import (
    AS_WRITTEN,
    NOTE,
    START_OF_DAY,
    Placing,
    Values,
    read_cell,
    readers_for,
    usual_reader,
    words_of,
)
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FROM_THE_ROW: Final = "from_the_row"
WHEN_RECEIVED: Final = "when_received"
STRANDS: Final = ("crime", "dispute")
ROLES: Final = ("harmed", "responsible", "party")
LARGEST_FILE: Final = 65_536
_DEEPEST: Final = 10
_NO_TEXT: Final = "take out the characters that are no text"
MOST_MISTAKES: Final = 50
MOST_COLUMNS: Final = 1000
_JOINED_FIELDS: Final = {
    "event.summary": "\n",
    "line1": ", ",
    "line2": ", ",
    "role": ", ",
    "organisation": ", ",
}
_NEEDED: Final = ("source_record_id", "referred_at", "strand", "event.type")
FILE_KEYS: Final = ("name", "about", "columns", "parties", "always", "ignored", "required", "unknown")
PARTY_KEYS: Final = ("name", "columns_begin_with", "role", "columns", "always", "present_if")
COLUMN_KEYS: Final = ("to", "read_as", "words", "otherwise", "of", "joined_with", "time", "when_blank")
_CONSEQUENCE_KEYS: Final = ("from", "words", "otherwise")
_TIME: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)


class _TooManyMistakes(Exception):  # noqa: N818 - it ends the reading, and is no error of ours
    """So many mistakes are told at once, and no more are looked for."""


class MistakenMapping(Problem):
    """The column mapping has mistakes."""

    status = 422
    code = "mistaken_mapping"
    advice = "Correct the lines of the mapping that are named."

    def __init__(self, where: str, mistakes: tuple[Mistake, ...]) -> None:
        told = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = [f"line {mistake.line}: {mistake.detail}" for mistake in mistakes]
        super().__init__("\n  ".join([f"{where} has {told}:", *lines]))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake of a mapping: on which line, and what to do about it."""

    line: int
    detail: str


@dataclass(frozen=True, slots=True)
class Constant:
    """What a field holds in every row in which no column gives it; it may differ by strand."""

    values: Mapping[str, Values]
    party: int | None = None


@dataclass(frozen=True, slots=True)
class Consequence:
    """A field that follows from another one in every row in which no column gives it."""

    into: Field
    source: Field
    words: Mapping[str, str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class PartyPlan:
    """One party that a row may tell of: its role in each strand, and the columns that show it is there."""

    name: str
    roles: Mapping[str, str]
    present_if: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole mapping, checked."""

    name: str
    about: str
    placings: tuple[Placing, ...]
    parties: tuple[PartyPlan, ...]
    constants: tuple[Constant, ...]
    consequences: tuple[Consequence, ...]
    ignored: tuple[str, ...]
    required: tuple[str, ...]
    unplaced: tuple[str, ...]


@dataclass(slots=True)
class _Part:
    """A piece of the file with the line on which it stands; every word of it is text, Yes and No included."""

    line: int
    text: str = ""
    items: list[_Part] | None = None
    entries: list[tuple[_Part, _Part]] | None = None


def read_plan(text: str, where: str) -> Plan:
    """The mapping that this file holds; `MistakenMapping` with every mistake when it holds none."""
    if len(text) > LARGEST_FILE:
        raise MistakenMapping(where, (Mistake(1, "a mapping is a small file: this one is too large"),))
    try:
        _look_over(text, where)
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        detail = (
            f"this cannot be read as YAML ({error.problem or error.context}). Check the indentation, give "
            "every `name:` a space after its colon, and put names with a colon in quotation marks"
        )
        raise MistakenMapping(where, (Mistake(line, detail),)) from None
    except yaml.YAMLError:
        raise MistakenMapping(where, (Mistake(1, _NO_TEXT),)) from None
    reading = _Reading()
    try:
        plan = reading.plan(_part(root) if root is not None else _Part(1))
    except _TooManyMistakes:
        reading.mistakes.append(Mistake(reading.mistakes[-1].line, "mend these first; there may be more"))
    else:
        if not reading.mistakes:
            return plan
    raise MistakenMapping(where, tuple(sorted(reading.mistakes, key=lambda mistake: mistake.line)))


def _look_over(text: str, where: str) -> None:
    """Refuse what would take YAML's reader for ever: names for other parts, and lists without bottom.

    And what is no text, though it is written as some: an escape can stand for a character that nothing can
    keep, nor an answer that repeats it be sent.
    """
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise MistakenMapping(where, (Mistake(line, "write things out instead of using & and *"),))
        if isinstance(event, yaml.ScalarEvent) and not is_storable(event.value):
            raise MistakenMapping(where, (Mistake(line, _NO_TEXT),))
        if depth > _DEEPEST:
            raise MistakenMapping(where, (Mistake(line, "do not put lists into lists, over and over"),))


def _part(node: yaml.Node) -> _Part:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _Part(line, entries=[(_part(key), _part(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return _Part(line, items=[_part(item) for item in node.value])
    empty = node.tag == "tag:yaml.org,2002:null" and node.value in {"", "~"}
    return _Part(line, "" if empty else str(node.value))


@dataclass
class _Reading:
    """One reading of a file, which notes every mistake and goes on."""

    mistakes: list[Mistake] = field(default_factory=list)
    placings: list[Placing] = field(default_factory=list)
    parties: list[PartyPlan] = field(default_factory=list)
    constants: list[Constant] = field(default_factory=list)
    consequences: list[Consequence] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    waiting: list[Callable[[], None]] = field(default_factory=list)

    def wrong(self, part: _Part, detail: str) -> None:
        self.mistakes.append(Mistake(part.line, detail))
        if len(self.mistakes) >= MOST_MISTAKES:
            raise _TooManyMistakes

    def plan(self, root: _Part) -> Plan:
        keys = self.entries(root, FILE_KEYS, "a mapping")
        name = self.text(keys.get("name"))
        if "name" not in keys or not _NAME.fullmatch(name):
            self.wrong(keys.get("name", root), "give the mapping a `name` of small letters, digits and _")
        self.columns(keys.get("columns"), None, "")
        for party in self.items(keys.get("parties"), "`parties` is a list: begin each party with a dash"):
            self.party(party)
        for then in self.waiting:
            then()
        if "always" in keys:
            self.always(keys["always"], None)
        ignored = self.names(keys.get("ignored"), "ignored")
        unplaced = self.names(keys.get("unknown"), "unknown")
        required = self.required(keys.get("required"))
        if not self.mistakes:
            self.needed(root)
        return Plan(
            name, self.text(keys.get("about")), tuple(self.placings), tuple(self.parties),
            tuple(self.constants), tuple(self.consequences), ignored, required, unplaced,
        )  # fmt: skip

    # What stands where.

    def entries(self, part: _Part, known: tuple[str, ...], what: str) -> dict[str, _Part]:
        if part.entries is None:
            self.wrong(part, f"{what} is written as lines of `name: value` ({', '.join(known)})")
            return {}
        found: dict[str, _Part] = {}
        for key, value in part.entries:
            if key.text not in known:
                near = difflib.get_close_matches(key.text, known, n=1)
                advice = f"did you mean `{near[0]}`?" if near else f"{what} has: {', '.join(known)}"
                self.wrong(key, f"`{key.text}` is not known here; {advice}")
            elif key.text in found:
                self.wrong(key, f"`{key.text}` stands here twice; take one out")
            else:
                found[key.text] = value
        return found

    def text(self, part: _Part | None) -> str:
        if part is not None and (part.items is not None or part.entries is not None):
            self.wrong(part, "write one value here, not a list or a table")
        return part.text.strip() if part is not None else ""

    def items(self, part: _Part | None, advice: str) -> list[_Part]:
        if part is None or (part.items is None and part.entries is None and not part.text):
            return []
        if part.items is None:
            self.wrong(part, advice)
            return []
        return part.items

    def table(self, part: _Part | None, advice: str) -> list[tuple[_Part, _Part]]:
        if part is None or (part.items is None and part.entries is None and not part.text):
            return []
        if part.entries is None:
            self.wrong(part, advice)
            return []
        return part.entries

    def names(self, part: _Part | None, key: str) -> tuple[str, ...]:
        found = []
        for item in self.items(part, f"`{key}` is a list of columns: begin each with a dash"):
            name = self.text(item)
            self.once(item, name)
            found.append(name)
        return tuple(found)

    def once(self, part: _Part, column: str) -> None:
        before = self.seen.setdefault(plain(column), part.line)
        if before != part.line:
            advice = "to put one column into two fields, list both under it"
            self.wrong(part, f"column `{column}` stands on line {before} already; {advice}")

    # Columns.

    def columns(self, part: _Part | None, party: int | None, prefix: str) -> list[str]:
        found: list[str] = []
        advice = "write the columns as lines of `Name of the column: field`"
        for key, value in self.table(part, advice):
            column = f"{prefix} {key.text}".strip()
            self.once(key, column)
            if len(self.seen) > MOST_COLUMNS:
                self.wrong(key, f"a mapping has at most {MOST_COLUMNS} columns")
                return found
            found.append(column)
            for entry in value.items if value.items is not None else [value]:
                self.column(column, entry, party)
        return found

    def column(self, column: str, part: _Part, party: int | None) -> None:
        if part.entries is None:
            keys = {"to": part}
        else:
            keys = self.entries(part, COLUMN_KEYS, "a column")
            if "to" not in keys:
                self.wrong(part, f"say where column `{column}` goes: `to: field`")
                return
        if "of" in keys and party is None:
            # Its party may stand further down.
            place = len(self.placings)

            def then() -> None:
                named = self.text(keys["of"])
                numbers = [i for i, plan in enumerate(self.parties) if plan.name == named]
                if not numbers:
                    names = ", ".join(plan.name for plan in self.parties) or "none yet"
                    self.wrong(keys["of"], f"there is no party `{named}`; the parties are: {names}")
                else:
                    self.place(column, keys, numbers[0], own=False, at=place)

            self.waiting.append(then)
            return
        if "of" in keys:
            self.wrong(keys["of"], "this column belongs to its party already; take `of` out")
        self.place(column, keys, party, own=True)

    def place(
        self, column: str, keys: dict[str, _Part], party: int | None, *, own: bool, at: int | None = None
    ) -> None:
        path = self.text(keys["to"])
        into = None if path == NOTE else self.named_field(keys["to"], path, party)
        if into is None and path != NOTE:
            return
        words = self.words(keys.get("words"), into)
        reader = self.reader(keys.get("read_as"), into, has_words=bool(words))
        placing = Placing(
            column, into, reader, party, own, words,
            self.otherwise(keys.get("otherwise"), into, reader),
            self.joined_with(keys.get("joined_with"), into),
            self.time(keys.get("time"), reader),
            self.when_blank(keys.get("when_blank"), into),
        )  # fmt: skip
        self.placings.insert(len(self.placings) if at is None else at, placing)

    def named_field(self, part: _Part, path: str, party: int | None) -> Field | None:
        of_party = party is not None
        try:
            return find_field(path, of_party=of_party)
        except NoSuchField as error:
            near = f" Did you mean {' or '.join(error.near)}?" if error.near else ""
            try:
                find_field(path, of_party=not of_party)
            except NoSuchField:
                self.wrong(part, f"there is no field `{path}`.{near} See docs/mappings.md, or write `note`")
            else:
                advice = (
                    "put it under `columns` of the whole file" if of_party else "say `of:` which party it is"
                )
                self.wrong(
                    part,
                    f"`{path}` is a field of {'the whole referral' if of_party else 'a party'}: {advice}",
                )
            return None

    def words(self, part: _Part | None, into: Field | None) -> dict[str, str]:
        found: dict[str, str] = {}
        entries = self.table(part, "write `words` as lines of `word in the file: word of the format`")
        allowed = words_of(into) if into else ()
        if entries and into and into.kind not in {"word", "words", "flag", "text"}:
            self.wrong(entries[0][0], f"`{into.path}` does not hold a word, so it has no table of words")
        for key, value in entries:
            word, told = self.text(value), bare_words(key.text) or key.text
            if allowed and word and word not in allowed:
                near = difflib.get_close_matches(word, allowed, n=1)
                advice = f"did you mean `{near[0]}`?" if near else f"write one of: {', '.join(allowed)}"
                self.wrong(value, f"`{word}` is not a word of {into.path if into else ''}; {advice}")
            elif told in found and found[told] != word:
                self.wrong(key, f"`{key.text}` stands in this table twice; take one out")
            found[told] = word
        return found

    def reader(self, part: _Part | None, into: Field | None, *, has_words: bool) -> str:
        if into is None:
            return "text"
        named = self.text(part)
        possible = readers_for(into)
        if named and named not in possible:
            advice = f"`{into.path}` can be read as: {', '.join(possible)}"
            self.wrong(part or _Part(1), f"`{named}` does not read this field; {advice}")
            return possible[0]
        return named or usual_reader(into, has_words=has_words)

    def otherwise(self, part: _Part | None, into: Field | None, reader: str) -> str:
        word = self.text(part)
        if part is None or into is None or not word:
            return ""
        if reader not in {"code", "codes", "yes_no"}:
            self.wrong(part, f"`otherwise` is for words; `{into.path}` is read as {reader}")
        allowed = [NOTE, *(into.words or ([AS_WRITTEN] if into.kind == "text" else []))]
        if word not in allowed:
            self.wrong(part, f"`{word}` cannot stand here; write one of: {', '.join(allowed)}")
        return word

    def joined_with(self, part: _Part | None, into: Field | None) -> str:
        if part is not None and (into is None or not into.joins):
            self.wrong(part, "this field takes the first column that is filled in; nothing is joined")
        if part is not None:
            return part.text
        return next((sign for end, sign in _JOINED_FIELDS.items() if into and into.path.endswith(end)), " ")

    def time(self, part: _Part | None, reader: str) -> dt.time:
        if part is None:
            return START_OF_DAY
        found = _TIME.fullmatch(self.text(part))
        if found is None or reader != "uk_date_time":
            self.wrong(part, 'write the time of day as in `time: "09:00"`, for a column with date and time')
            return START_OF_DAY
        return dt.time(int(found[1]), int(found[2]))

    def when_blank(self, part: _Part | None, into: Field | None) -> str:
        said = self.text(part)
        possible = {"source_record_id": FROM_THE_ROW, "referred_at": WHEN_RECEIVED}.get(
            into.path if into else ""
        )
        if part is not None and said != possible:
            advice = f"write {possible}" if possible else "it is for source_record_id and referred_at"
            self.wrong(part, f"`when_blank` cannot say this here; {advice}")
        return said

    # Parties.

    def party(self, part: _Part) -> None:
        keys = self.entries(part, PARTY_KEYS, "a party")
        begun = keys.get("columns_begin_with")
        prefixes = [self.text(item) for item in begun.items] if begun and begun.items else [self.text(begun)]
        if len(self.parties) + len(prefixes) > MOST_PARTIES:
            self.wrong(part, f"a referral has at most {MOST_PARTIES} parties")
            return
        named = self.text(keys.get("name"))
        if named and len(prefixes) > 1:
            self.wrong(keys["name"], "several parties are called by what their columns begin with")
        if not named and not prefixes[0]:
            self.wrong(part, "give the party a `name`, or say what its `columns_begin_with`")
        roles = self.roles(part, keys.get("role"), has_column=self.has_role(keys.get("columns")))
        if "columns" not in keys:
            self.wrong(part, "list the party's `columns`")
        for prefix in prefixes:
            number = len(self.parties)
            name = named or prefix
            if any(plan.name == name for plan in self.parties):
                self.wrong(part, f"there are two parties called `{name}`; give one another name")
            # Its place is kept, so that its columns know its number.
            self.parties.append(PartyPlan(name, roles, frozenset()))
            columns = self.columns(keys.get("columns"), number, prefix)
            showing = [
                f"{prefix} {self.text(item)}".strip()
                for item in self.items(
                    keys.get("present_if"), "`present_if` is a list: begin each with a dash"
                )
            ]
            for column in showing:
                if column not in columns:
                    self.wrong(keys["present_if"], f"`{column}` is not a column of this party")
            self.parties[number] = PartyPlan(name, roles, frozenset(map(plain, showing or columns)))
            if "always" in keys:
                self.always(keys["always"], number)

    def has_role(self, part: _Part | None) -> bool:
        entries = part.entries or [] if part else []
        targets = [
            inner.text
            for _, value in entries
            for entry in value.items or [value]
            for inner in (
                [entry] if entry.entries is None else [v for k, v in entry.entries if k.text == "to"]
            )
        ]
        return "role" in targets

    def roles(self, party: _Part, part: _Part | None, *, has_column: bool) -> dict[str, str]:
        if part is None:
            if not has_column:
                self.wrong(party, f"give the party its `role`: {', '.join(ROLES)}, or one for each strand")
            return {}
        if part.entries is None:
            roles = dict.fromkeys(STRANDS, self.text(part))
        else:
            keys = self.entries(part, STRANDS, "a role")
            roles = {strand: self.text(value) for strand, value in keys.items()}
            if len(keys) < len(STRANDS):
                self.wrong(part, "give the role for both strands: crime and dispute")
        for role in set(roles.values()) - set(ROLES):
            self.wrong(part, f"`{role}` is no role; write one of: {', '.join(ROLES)}")
        return roles

    def always(self, part: _Part, party: int | None) -> None:
        for key, value in self.table(part, "write `always` as lines of `field: value`"):
            into = self.named_field(key, key.text, party)
            if into is None:
                continue
            if value.entries is not None and any(key.text == "from" for key, _ in value.entries):
                self.consequence(value, into, party)
                continue
            if value.entries is None:
                values = dict.fromkeys(STRANDS, self.constant(value, into))
            else:
                told = self.entries(value, STRANDS, "a value for each strand")
                values = {strand: self.constant(one, into) for strand, one in told.items()}
            self.constants.append(Constant(values, party))

    def consequence(self, part: _Part, into: Field, party: int | None) -> None:
        keys = self.entries(part, _CONSEQUENCE_KEYS, "a field that follows from another")
        source = self.named_field(keys.get("from", part), self.text(keys.get("from")), None)
        if party is not None or into.kind != "word" or source is None or source.kind != "word":
            self.wrong(part, "only a field of the whole referral that holds a word follows from another such")
            return
        words = self.words(keys.get("words"), into)
        for word in set(words) - {bare_words(known) for known in source.words}:
            self.wrong(keys["words"], f"`{word}` is not a word of {source.path}")
        otherwise = self.text(keys.get("otherwise"))
        if otherwise and otherwise not in into.words:
            self.wrong(keys["otherwise"], f"write one of: {', '.join(into.words)}")
        self.consequences.append(Consequence(into, source, words, otherwise))

    def constant(self, part: _Part, into: Field) -> Values:
        placing = Placing("", into, usual_reader(into, has_words=False))
        try:
            return read_cell(self.text(part), placing).values
        except Unreadable as error:
            allowed = f": {', '.join(words_of(into))}" if words_of(into) else ""
            detail = f"write one of the format's words{allowed}" if into.words else error.detail
            self.wrong(part, f"this cannot stand in `{into.path}`; {detail}")
            return []

    # What must be there.

    def required(self, part: _Part | None) -> tuple[str, ...]:
        columns = {plain(placing.column): placing.column for placing in self.placings}
        found = []
        for item in self.items(part, "`required` is a list of columns: begin each with a dash"):
            name = self.text(item)
            if plain(name) not in columns:
                near = difflib.get_close_matches(name, columns.values(), n=1)
                advice = f"; did you mean `{near[0]}`?" if near else ""
                self.wrong(item, f"`{name}` is not one of the columns above{advice}")
            else:
                found.append(columns[plain(name)])
        following = {consequence.into.path for consequence in self.consequences}
        for path in sorted(set(_NEEDED) - following, key=_NEEDED.index):
            giving = [placing for placing in self.placings if placing.into and placing.into.path == path]
            if len(giving) == 1 and not giving[0].when_blank:
                found.append(giving[0].column)
        return tuple(dict.fromkeys(found))

    def needed(self, root: _Part) -> None:
        given = {placing.into.path for placing in self.placings if placing.into and placing.party is None}
        given |= {
            ".".join(str(step) for step in steps)
            for constant in self.constants
            if constant.party is None
            for values in constant.values.values()
            for steps, _ in values
        }
        given |= {consequence.into.path for consequence in self.consequences}
        for path in _NEEDED:
            if path not in given:
                self.wrong(root, f"every referral needs `{path}`: name its column, or say it under `always`")
        if not given & {"referrer.name", "referrer.organisation"}:
            self.wrong(
                root, "every referral needs a referrer: give `referrer.name` or `referrer.organisation`"
            )
        if not self.parties:
            self.wrong(root, "every referral has a party: list at least one under `parties`")


def columns_of(plan: Plan) -> Iterator[str]:
    """Every column that the mapping knows, placed or ignored, in its order."""
    yield from dict.fromkeys(placing.column for placing in plan.placings)
    yield from plan.ignored
