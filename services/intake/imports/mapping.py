"""A column mapping turns a row of an agency's spreadsheet into a referral as the API would take it.

It is a small file that a person at the agency can read and change (docs/mappings.md). Nothing of a row is
lost on the way: a word that the format has no place for is kept in the summary, with its column's name before
it, and a cell that cannot be read is told of in the words of the spreadsheet.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Cells
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Self, cast

from services.intake.imports.domain.cells import Unreadable, bare_words
from services.intake.imports.domain.header import plain
from services.intake.imports.domain.row import RowFault
from services.intake.imports.domain.uk_phones import channel_of
from services.intake.imports.fields import PHONE, Item, Step
from services.intake.imports.mapping_file import (
    FROM_THE_ROW,
    STRANDS,
    WHEN_RECEIVED,
    Plan,
    columns_of,
    read_plan,
)
from services.intake.imports.readers import Placing, Value, read_cell
from shared.problems import Fault, Unprocessable, pointer_to

SHIPPED: Final = Path(__file__).parent / "mappings"
NOBODY: Final = "Nobody is named in this row: fill in the columns of at least one person."
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
_SUMMARY: Final[tuple[Step, ...]] = ("event", "summary")
_REFERRED_AT: Final[tuple[Step, ...]] = ("referred_at",)
_ROW_NUMBER_LENGTH: Final = 16
# What a member of these lists is there for.
_THERE_FOR: Final = {"contacts": "value", "consents": "decision"}
_POST: Final = Item("channel", "post")
_NOT_SAID: Final = "whether it forbids contact is not told; it counts as if it did until somebody finds out"
_key = lru_cache(maxsize=4096)(plain)


class NoSuchMapping(Unprocessable):
    """There is no column mapping of this name."""

    code = "no_such_mapping"
    advice = "Name one of the column mappings that come with the hub, or give a file of your own."


@dataclass(frozen=True)
class MappedRow:
    """What a row became: the body of a referral, what could not be read, and where each part came from."""

    body: dict[str, Any]
    faults: tuple[RowFault, ...]
    # Only a row with faults has to tell, and few have.
    told_by: Callable[[], dict[str, str]]
    # It does not say when it was referred, and was dated by when it came.
    undated: bool = False

    @cached_property
    def column_of(self) -> dict[str, str]:
        """The column that each place of the body (a JSON pointer) came from."""
        return self.told_by()

    def column_for(self, pointer: str) -> str:
        """The column that this place of the body came from, or would have come from; else the nearest one."""
        if pointer in self.column_of:
            return self.column_of[pointer]
        inside = f"{pointer}/"
        for known, column in self.column_of.items():
            if known.startswith(inside):
                return column
        above = pointer.rpartition("/")[0]
        return self.column_for(above) if above else ""

    def tell(self, faults: Iterable[Fault]) -> tuple[RowFault, ...]:
        """The door's faults in the words of the spreadsheet; a cell that could not be read has its own."""
        unread = {fault.column for fault in self.faults}
        told = [
            RowFault(
                self.column_for(one.pointer),
                one.code,
                NOBODY if one.pointer == "/parties" and one.code == "required" else one.detail,
            )
            for one in faults
        ]
        return tuple(fault for fault in told if fault.column not in unread)


@dataclass(frozen=True)
class Mapping:
    """How the columns of one kind of export become a referral."""

    plan: Plan

    @classmethod
    def read(cls, name_or_path: str | Path) -> Self:
        """A mapping that comes with the hub, by its name, or any other by its path."""
        if isinstance(name_or_path, str) and _NAME.fullmatch(name_or_path):
            return cls.named(name_or_path)
        path = Path(name_or_path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = f"The mapping {path} cannot be read ({type(error).__name__}). Is its path right?"
            raise NoSuchMapping(message) from error
        return cls(read_plan(text, path.name))

    @classmethod
    def named(cls, name: str) -> Self:
        """A mapping that comes with the hub; the name is never taken for a path."""
        path = SHIPPED / f"{name}.yaml"
        if not _NAME.fullmatch(name) or not path.is_file():
            message = f"There is no mapping of this name. The hub comes with: {', '.join(shipped())}."
            raise NoSuchMapping(message)
        return cls(read_plan(path.read_text(encoding="utf-8"), path.name))

    @property
    def name(self) -> str:
        """What the mapping is called."""
        return self.plan.name

    @property
    def about(self) -> str:
        """Which export it is for."""
        return self.plan.about

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping knows, placed or knowingly ignored."""
        return tuple(columns_of(self.plan))

    @cached_property
    def short_columns(self) -> frozenset[str]:
        """The columns in which an answer, a date, a number or a name stands, and nothing of several lines."""
        long = {one.column for one in self.plan.placings if one.into is None or not one.into.is_short}
        return frozenset(one.column for one in self.plan.placings) - long

    def unknown(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The columns of a file that this mapping does not know; what stands in them would be left out."""
        return tuple(column for column in columns if column and _key(column) not in self._known)

    def missing(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The columns that a file must have and has not."""
        there = {_key(column) for column in columns}
        return tuple(column for column in self.plan.required if _key(column) not in there)

    def read_row(self, cells: Cells[str, str], received_at: dt.datetime | None = None) -> MappedRow:
        """The referral that this row tells of, as the API's body, and what of it could not be read.

        `received_at` is when the row came in, for mappings that fall back on it for a blank date of referral.
        """
        by_key = {_key(column): (column, text) for column, text in cells.items() if text and text.strip()}
        row = _Row(len(self.plan.parties))
        for key, placing in self._placings:
            found = by_key.get(key)
            if found is not None:
                row.read(*found, placing)
        self._fill_blanks(row, cells, received_at)
        return row.finish(self.plan)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(map(plain, self.columns))

    @cached_property
    def _placings(self) -> tuple[tuple[str, Placing], ...]:
        return tuple((plain(placing.column), placing) for placing in self.plan.placings)

    def _fill_blanks(self, row: _Row, cells: Cells[str, str], received_at: dt.datetime | None) -> None:
        for key, placing in self._placings:
            if placing.when_blank and placing.into and placing.into.steps not in row.origins[None]:
                if placing.when_blank == FROM_THE_ROW:
                    said = {column: text for column, text in cells.items() if _key(column) != key}
                    row.put(None, placing.into.steps, _number_of(said), placing, placing.column)
                elif placing.when_blank == WHEN_RECEIVED and received_at is not None:
                    row.undated = row.undated or placing.into.steps == _REFERRED_AT
                    row.put(None, placing.into.steps, received_at.isoformat(), placing, placing.column)


def shipped() -> tuple[str, ...]:
    """The names of the mappings that come with the hub."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def _number_of(cells: Cells[str, str]) -> str:
    """A record number for a row without one: the same row always has the same."""
    told = sorted((_key(column), text.strip()) for column, text in cells.items() if text and text.strip())
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return f"ROW-{digest[:_ROW_NUMBER_LENGTH].upper()}"


_Tree = dict[Step, Any]


@dataclass
class _Row:
    """One row on its way to becoming a referral: the whole, each party, and where everything came from."""

    parties: int
    faults: list[RowFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    trees: dict[int | None, _Tree] = field(default_factory=dict)
    origins: dict[int | None, dict[tuple[Step, ...], str]] = field(default_factory=dict)
    texts: dict[tuple[int | None, tuple[Step, ...]], str] = field(default_factory=dict)
    own_columns: dict[int, list[str]] = field(default_factory=dict)
    undated: bool = False

    def __post_init__(self) -> None:
        for party in (None, *range(self.parties)):
            self.trees[party] = {}
            self.origins[party] = {}

    def read(self, column: str, text: str, placing: Placing) -> None:
        """Take in a cell."""
        try:
            reading = read_cell(text, placing)
        except Unreadable as error:
            self.faults.append(RowFault(column, error.code, error.detail))
            return
        if reading.noted:
            self.note(column, text)
        for steps, value in reading.values:
            self.put(placing.party, steps, value, placing, column, text)
        if placing.own and placing.party is not None and (reading.values or reading.noted):
            self.own_columns.setdefault(placing.party, []).append(plain(placing.column))

    def note(self, column: str, text: str) -> None:
        """Keep this for the summary, once."""
        noted = f"{column}: {text.strip()}"
        if noted not in self.notes:
            self.notes.append(noted)

    def put(
        self,
        party: int | None,
        steps: tuple[Step, ...],
        value: Value,
        placing: Placing,
        column: str,
        text: str = "",
    ) -> None:
        """Put a value into its field, beside or after what a column before it gave."""
        steps = self._free_reference(party, steps)
        inside: _Tree = self.trees[party]
        for step in steps[:-1]:
            inside = inside.setdefault(step, {step.key: step.word} if isinstance(step, Item) else {})
        last = steps[-1]
        if last in inside:
            before = inside[last]
            if isinstance(before, list) and isinstance(value, list):
                inside[last] = list(dict.fromkeys(before + value))
            elif placing.into is not None and placing.into.joins:
                inside[last] = f"{before}{placing.joined_with}{value}"
            elif before != value and not (placing.into and placing.into.words):
                self.note(column, text or str(value))
            return
        inside[last] = value
        self.origins[party][steps] = column
        self.texts[party, steps] = text or str(value)

    def _free_reference(self, party: int | None, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """References and identifiers have no number of their own: each goes to the next free place."""
        if steps[-1] != "value" or not isinstance(steps[-2], Item) or steps[-2].key != "scheme":
            return steps
        item = steps[-2]
        while steps in self.origins[party]:
            item = Item(item.key, item.word, item.number + 1)
            steps = (*steps[:-2], item, "value")
        return steps

    def finish(self, plan: Plan) -> MappedRow:
        """Put it all together."""
        strand = self._strand(plan)
        present = [
            number
            for number, party in enumerate(plan.parties)
            if party.present_if.intersection(self.own_columns.get(number, ()))
        ]
        self._keep_lost_parties(plan, set(present))
        self._constants(plan, set(present), strand)
        for number in present:
            self._finish_contacts(number)
            self._drop_unsaid(number)
        self._heed_orders()
        self._add_notes()
        body = _written(self.trees[None])
        parties = []
        for number in present:
            role = plan.parties[number].roles.get(strand)
            parties.append(({"role": role} if role else {}) | _written(self.trees[number]))
        if parties:
            body["parties"] = parties
        return MappedRow(
            body, tuple(self.faults), lambda: self._column_of(plan, present), undated=self.undated
        )

    def _column_of(self, plan: Plan, present: Sequence[int]) -> dict[str, str]:
        column_of = {
            pointer_to(*before, *_place(self.trees[party], steps)): column
            for party, before in (
                (None, ()),
                *((number, ("parties", index)) for index, number in enumerate(present)),
            )
            for steps, column in self.origins[party].items()
        }
        self._name_blank_places(plan, column_of)
        return column_of

    def _strand(self, plan: Plan) -> str:
        """The strand of this row, on which roles depend; a crime's roles where it cannot be known."""
        self._draw_consequences(plan)
        for constant in plan.constants:
            for steps, value in constant.values.get(STRANDS[0], ()):
                if constant.party is None and steps == ("strand",):
                    self._put_if_free(None, steps, value)
        strand = self.trees[None].get("strand")
        return strand if strand in STRANDS else STRANDS[0]

    def _draw_consequences(self, plan: Plan) -> None:
        for following in plan.consequences:
            source: Any = self.trees[None]
            for step in following.source.steps:
                source = source.get(step, {})
            word = following.words.get(bare_words(source)) if isinstance(source, str) else None
            if value := word or following.otherwise:
                self._put_if_free(None, following.into.steps, value)

    def _put_if_free(self, party: int | None, steps: tuple[Step, ...], value: Value) -> None:
        inside = self.trees[party]
        for step in steps[:-1]:
            inside = inside.setdefault(step, {step.key: step.word} if isinstance(step, Item) else {})
        inside.setdefault(steps[-1], value)

    def _constants(self, plan: Plan, present: set[int], strand: str) -> None:
        for constant in plan.constants:
            if constant.party is not None and constant.party not in present:
                continue
            for steps, value in constant.values.get(strand, ()):
                self._put_if_free(constant.party, steps, value)

    def _keep_lost_parties(self, plan: Plan, present: set[int]) -> None:
        """What was said of a party of whom nothing else is known goes to the summary."""
        for number in set(range(len(plan.parties))) - present:
            for steps, column in self.origins[number].items():
                self.note(column, self.texts[number, steps])

    def _finish_contacts(self, party: int) -> None:
        """A letter goes to the party's own address; what is said of a number that is not given is noted."""
        contacts = cast("_Tree", self.trees[party].get("contacts", {}))
        address = cast("_Tree", self.trees[party].get("address", {}))
        for item in list(contacts):
            contact = contacts[item]
            if item == _POST and "value" not in contact and address:
                parts = (address.get(part) for part in ("line1", "line2", "town", "postcode"))
                contact["value"] = ", ".join(part for part in parts if part)
            if isinstance(item, Item) and item.word == PHONE and "value" in contact:
                contact["channel"] = channel_of(contact["value"])

    def _drop_unsaid(self, party: int) -> None:
        """What is said of a number that is not given, or of an answer that is not known, is noted instead."""
        tree = self.trees[party]
        for name, main in _THERE_FOR.items():
            members = tree.get(name, {})
            for item in [item for item in members if not members[item].get(main)]:
                del members[item]
                self._note_and_forget(party, (name, item))
            if name in tree and not members:
                del tree[name]
        if "responsibility" in tree and "accepted" not in tree["responsibility"]:
            del tree["responsibility"]
            self._note_and_forget(party, ("responsibility",))

    def _note_and_forget(self, party: int | None, begin: tuple[Step, ...]) -> None:
        for steps in [steps for steps in self.origins[party] if steps[: len(begin)] == begin]:
            column = self.origins[party].pop(steps)
            # The same cell may have told of something else as well, where it is kept.
            if column not in self.origins[party].values():
                self.note(column, self.texts[party, steps])

    def _heed_orders(self) -> None:
        """One that forbids nothing and has no end is no order; one of which only the end is told forbids."""
        tree = self.trees[None]
        orders = tree.get("orders", {})
        for item, order in list(orders.items()):
            if "until" in order and "forbids_contact" not in order:
                order["forbids_contact"] = True
                told = ("orders", item, "until")
                if column := self.origins[None].get(told):
                    self.note(column, f"{self.texts[None, told]} ({_NOT_SAID})")
            if not order.get("forbids_contact") and "until" not in order:
                del orders[item]
                self.origins[None].pop(("orders", item, "forbids_contact"), None)
        if "orders" in tree and not orders:
            del tree["orders"]

    def _add_notes(self) -> None:
        if not self.notes:
            return
        event: _Tree = self.trees[None].setdefault("event", {})
        before = [event["summary"]] if event.get("summary") else []
        event["summary"] = "\n".join([*before, *self.notes])
        self.origins[None].setdefault(_SUMMARY, self.notes[0].partition(":")[0])

    def _name_blank_places(self, plan: Plan, column_of: dict[str, str]) -> None:
        """Blank columns have places too: the door may miss something there."""
        for placing in plan.placings:
            if placing.into is None:
                continue
            if placing.party is None:
                steps: Sequence[Step] = placing.into.steps
                if all(isinstance(step, str) for step in steps):
                    column_of.setdefault(pointer_to(*cast("tuple[str, ...]", steps)), placing.column)
            elif placing.own and placing.into.path in {"name", "name.family"}:
                column_of.setdefault("/parties", placing.column)


def _written(tree: _Tree) -> dict[str, Any]:
    """The tree as JSON would hold it: what is told apart by items is a list."""
    return {
        cast("str", step): _json(value) if isinstance(value, dict) else value for step, value in tree.items()
    }


def _json(inside: _Tree) -> dict[str, Any] | list[dict[str, Any]]:
    if isinstance(next(iter(inside), None), Item):
        return [_written(member) for member in inside.values()]
    return _written(inside)


def _place(tree: _Tree, steps: Iterable[Step]) -> Iterator[str | int]:
    """The way to a value in what is written: the place of an item in its list in its stead."""
    inside: Any = tree
    for step in steps:
        yield list(inside).index(step) if isinstance(step, Item) else step
        inside = inside[step]
