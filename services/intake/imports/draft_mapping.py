"""Propose a mapping for an export that nobody has mapped yet, from its column names and its first rows.

What the names suggest is checked against what stands in the columns. Whatever cannot be placed is listed,
with what it looks like, for a person to decide. The draft is a mapping that can be read as it stands. Nothing
out of the cells stands in it except the words of columns that have few of them, such as kinds of offences.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.intake.imports.column_names import best_field, is_further, names, role_of, words_of_name
from services.intake.imports.domain.cells import Unreadable, bare_words, says_nothing
from services.intake.imports.domain.header import plain
from services.intake.imports.fields import Field, find_field
from services.intake.imports.readers import Placing, read_cell, usual_reader

ROWS_LOOKED_AT: Final = 200
# So many of the cells have to read as what the column's name suggests.
_ENOUGH: Final = 0.7
_FEW_WORDS: Final = 40
_LONGEST_WORD: Final = 60

# Such columns are about people even when they stand beside the whole referral; they mean the first party.
_ALSO_OF_WHOLE: Final = ("consents.referral", "consents.referral.decided_on", "consents.sharing")

_HOUSEKEEPING: Final = re.compile(
    r"do not modify|checksum|\bguid\b|modified|last (?:updated|changed)|export(?:ed)?\b|printed|row version|"
    r"created by|etag",
    re.IGNORECASE,
)
_POSTCODE: Final = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}", re.IGNORECASE | re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE: Final = re.compile(r"[+(]?\d[\d\s()\-./]{8,17}", re.ASCII)
_UPRN: Final = re.compile(r"\d{9,12}", re.ASCII)
_PLAIN: Final = re.compile(r"[A-Za-z(](?:[\w ()/.'&+%-]*[\w).])?")
_SLUG: Final = re.compile(r"[^a-z0-9]+")

_ALIKE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed mapping: its text, and how many of the export's columns it places."""

    text: str
    placed: int
    columns: int


@dataclass(slots=True)
class _Column:
    """A column of the export, and where it is proposed to go."""

    name: str
    values: list[str]
    path: str = ""
    party: str = ""
    # What is left of the name behind the party's: its place in a party's list of columns.
    rest: str = ""
    housekeeping: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        return words_of_name(self.rest or self.name)


@dataclass(slots=True)
class _Party:
    """A person whom the export has columns for."""

    name: str
    role: str
    columns: list[_Column] = field(default_factory=list)
    prefixed: bool = True


def draft_mapping(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Draft:
    """Propose a mapping of this name for an export with these columns; the rows are looked at, not kept."""
    looked_at = list(rows)
    found = [_Column(column, [row[column] for row in looked_at if row.get(column)]) for column in columns]
    parties = _find_parties(found)
    for column in found:
        column.housekeeping = not column.party and bool(_HOUSEKEEPING.search(column.name))
    for party in parties:
        _place(party.columns, names().of_party, name)
    parties = [party for party in parties if any(column.path for column in party.columns)]
    if not parties:
        parties = _one_party(found, name)
    left = [column for column in found if not column.party and not column.housekeeping]
    _place(left, {**names().whole, **{path: names().of_party[path] for path in _ALSO_OF_WHOLE}}, name)
    text = "\n".join(_write(name, found, parties)) + "\n"
    return Draft(text, sum(bool(column.path) for column in found), len(found))


# Who is in the file.


def _find_parties(columns: Sequence[_Column]) -> list[_Party]:
    """People are told by how their columns begin: "Victim 1 Surname", "Other Party D.O.B."."""
    found: dict[str, _Party] = {}
    for column in columns:
        words = column.name.split()
        for length in range(min(len(words) - 1, 4), 0, -1):
            prefix, rest = " ".join(words[:length]), " ".join(words[length:])
            role = role_of(prefix)
            if role and best_field(words_of_name(rest), names().of_party):
                found.setdefault(prefix, _Party(prefix, role))
                break
    # A longer beginning goes before a shorter one: "Client 2 Name" is not the client's.
    for column in columns:
        for prefix in sorted(found, key=len, reverse=True):
            if column.name.startswith(f"{prefix} ") and not _belongs_to_whole(column):
                column.party, column.rest = prefix, column.name.removeprefix(prefix).strip()
                found[prefix].columns.append(column)
                break
    return sorted(
        (party for party in found.values() if party.columns),
        key=lambda party: (party.role == "responsible", is_further(party.name)),
    )


def _belongs_to_whole(column: _Column) -> bool:
    """`Suspect Identified` begins like a person and tells of the event."""
    best = best_field(column.words, names().whole)
    return best is not None and best[1] == len(column.words)


def _one_party(columns: Sequence[_Column], name: str) -> list[_Party]:
    """Without any beginning, the columns of a person are those of the only one there is."""
    of_person = [
        column
        for column in columns
        if not column.housekeeping
        and not _belongs_to_whole(column)
        and best_field(column.words, names().of_party)
    ]
    for column in of_person:
        column.party, column.rest = "Person", column.name
    _place(of_person, names().of_party, name)
    for column in of_person:
        if not column.path:
            column.party = ""
    return [_Party("Person", "harmed", [column for column in of_person if column.path], prefixed=False)]


# Which field a column is.


def _place(columns: Sequence[_Column], known: Mapping[str, Sequence[str]], name: str) -> None:
    """Give each field the column that fits it best, as far as what stands in the column agrees."""
    wishes: list[tuple[bool, int, int, _Column, str]] = []
    for order, column in enumerate(columns):
        best = best_field(column.words, known)
        path = best[0] if best else _by_values(column) if column.party else ""
        if path and _agrees(column, path):
            words = best[1] if best else 0
            wishes.append((words == len(column.words), words, -order, column, path))
    taken: set[str] = set()
    for *_, column, path in sorted(wishes, key=lambda wish: wish[:3], reverse=True):
        chosen = path.replace("SYSTEM", _scheme(name, column.rest))
        if chosen not in taken:
            taken.add(chosen)
            column.path = chosen


def _scheme(name: str, rest: str) -> str:
    words = [word for word in _SLUG.split(rest.casefold()) if word not in {"id", "no", "number", "ref", ""}]
    return "_".join([name, *(words or ["person"])])[:40]


def _agrees(column: _Column, path: str) -> bool:
    """Whether what stands in the column can be read as the field; an empty column agrees to anything."""
    if not column.values:
        return True
    if path == "source_record_id":
        return len(set(column.values)) == len(column.values)
    of_party = path in names().of_party
    into = find_field(path.replace("SYSTEM", "own"), of_party=of_party)
    shape = _SHAPES.get(path.rpartition(".")[2])
    if shape is not None:
        return _share(column, shape) >= _ENOUGH
    if into.kind in {"day", "instant", "flag", "count"} or path.startswith("consents"):
        return _readable(column, into) >= _ENOUGH
    return True


_SHAPES: Final = {"email": _EMAIL, "postcode": _POSTCODE, "uprn": _UPRN}


def _share(column: _Column, shape: re.Pattern[str]) -> float:
    told = [value for value in column.values if not says_nothing(value)]
    return sum(shape.fullmatch(value.strip()) is not None for value in told) / len(told) if told else 1.0


def _readable(column: _Column, into: Field) -> float:
    placing = Placing(column.name, into, usual_reader(into, has_words=False))
    return sum(_reads(value, placing) for value in column.values) / len(column.values)


def _reads(value: str, placing: Placing) -> bool:
    try:
        read_cell(value, placing)
    except Unreadable:
        return False
    return True


def _by_values(column: _Column) -> str:
    """What a party's column with an unknown name holds, where its values leave no doubt."""
    if not column.values:
        return ""
    looks = (("contacts.email", _EMAIL), ("address.postcode", _POSTCODE), ("contacts.phone", _PHONE))
    return next((path for path, shape in looks if _share(column, shape) == 1), "")


def _looks_like(column: _Column) -> str:
    """What stands in a column that could not be placed, without any of it."""
    if not column.values:
        return "empty in the rows that were looked at"
    for told, path in (("dates", "event.started_on"), ("Yes or No", "risks.assessed"), ("numbers", _CALLS)):
        if _readable(column, find_field(path, of_party=False)) == 1:
            return f"looks like {told}"
    for told, shape in (("emails", _EMAIL), ("postcodes", _POSTCODE), ("phone numbers", _PHONE)):
        if _share(column, shape) == 1:
            return f"looks like {told}"
    different = len(set(column.values))
    if different <= _FEW_WORDS and different < len(column.values):
        return f"{different} different words" if different > 1 else "always the same word"
    return "text"


_CALLS: Final = "demand_baseline.police_calls"


# The draft as text.


def _write(name: str, columns: Sequence[_Column], parties: Sequence[_Party]) -> Iterator[str]:
    paths = {column.path for column in columns if not column.party}
    yield "# A draft, made from the names of the columns and their first rows. Look at every line, place what"
    yield "# is listed under `unknown`, and try it: hub mapping check. How to: docs/mappings.md."
    yield ""
    yield f"name: {name}"
    yield "about: Say here which export this is for"
    yield ""
    yield from _write_always(paths, parties)
    yield "columns:"
    if "source_record_id" not in paths:
        yield "  # No column with a number for each record was found: a row is known by what stands in it."
        free = _free("Reference number", columns)
        yield f"  {free}: {{to: source_record_id, when_blank: from_the_row}}"
    if "referred_at" not in paths:
        yield "  # No column with the day of the referral was found: it is when the file came."
        free = _free("Date of referral", columns)
        yield f"  {free}: {{to: referred_at, when_blank: when_received}}"
    first = parties[0].name
    for column in columns:
        if column.path and not column.party:
            of = first if column.path in _ALSO_OF_WHOLE else ""
            yield from _write_column(column.name, column, "  ", of)
    yield ""
    yield "parties:"
    yield from _write_parties(parties, columns)
    yield from _write_lists(columns)


def _write_always(paths: set[str], parties: Sequence[_Party]) -> Iterator[str]:
    lines = []
    if not paths & {"referrer.organisation"}:
        lines += ["  referrer.organisation: Your organisation   # write its name"]
    if "event.type" not in paths:
        lines += ["  event.type: other   # no column with the kind of offence or complaint was found"]
    if "strand" not in paths and "event.type" not in paths:
        sides = {party.role for party in parties}
        lines += [f"  strand: {'crime' if 'responsible' in sides else 'dispute'}   # is it always so?"]
    elif "strand" not in paths:
        lines += ["  # No column tells crimes from disputes: it follows from what happened.", "  strand:"]
        lines += ["    from: event.type", "    words:", *(f"      {word}: crime" for word in names().crimes)]
        lines += ["    otherwise: dispute"]
    if lines:
        yield "always:"
        yield from lines
        yield ""


def _free(name: str, columns: Sequence[_Column]) -> str:
    """A name for a column that the export has not, and that none of its columns has."""
    taken = {plain(column.name) for column in columns}
    while plain(name) in taken:
        name += " too"
    return name


def _write_parties(parties: Sequence[_Party], columns: Sequence[_Column]) -> Iterator[str]:
    if not any(party.columns for party in parties):
        yield "  # No column with a person was found: write down at least one."
    done: set[str] = set()
    for party in parties:
        if party.name in done:
            continue
        alike = [
            other.name
            for other in parties
            if other.role == party.role and _shape_of(other) == _shape_of(party) and other.prefixed
        ] or [party.name]
        done.update(alike)
        if not party.prefixed or not any(column.path for column in party.columns):
            yield f"  - name: {_quoted(party.name)}"
        elif len(alike) > 1:
            yield f"  - columns_begin_with: [{', '.join(map(_quoted, alike))}]"
        else:
            yield f"  - columns_begin_with: {_quoted(party.name)}"
        role = party.role
        yield f"    role: {role if role == 'party' else f'{{crime: {role}, dispute: party}}'}"
        yield "    columns:"
        placed = [column for column in party.columns if column.path]
        for column in placed:
            same = [one for other in parties if other.name in alike for one in other.columns]
            values = [value for one in same if one.rest == column.rest for value in one.values]
            yield from _write_column(
                column.rest, _Column(column.name, values, path=column.path, party=party.name), "      ", ""
            )
        if not placed:
            yield f"      {_free('Name', columns)}: name"
        yield ""


def _shape_of(party: _Party) -> tuple[tuple[str, str], ...]:
    return tuple((column.rest, column.path) for column in party.columns)


def _write_column(shown: str, column: _Column, indent: str, of: str) -> Iterator[str]:
    into = find_field(column.path, of_party=bool(column.party or of))
    if into.kind in {"word", "words"} and not column.path.startswith("consents"):
        yield from _write_words(shown, column, into, indent)
    elif column.path == "gender":
        yield f"{indent}{_quoted(shown)}:"
        yield f"{indent}  to: gender"
        yield f"{indent}  words: {{F: female, Female: female, M: male, Male: male}}"
        yield f"{indent}  otherwise: as_written"
    elif of:
        note = ", otherwise: note" if into.kind == "word" else ""
        yield f"{indent}{_quoted(shown)}: {{to: {column.path}, of: {_quoted(of)}{note}}}"
    else:
        yield f"{indent}{_quoted(shown)}: {column.path}"


def _write_words(shown: str, column: _Column, into: Field, indent: str) -> Iterator[str]:
    """A table of the column's own words, each with the likeliest of the format's."""
    counted = Counter(value.strip() for value in column.values)
    few = len(counted) <= _FEW_WORDS and all(len(word) <= _LONGEST_WORD for word in counted)
    placing = Placing(column.name, into, usual_reader(into, has_words=False))
    unknown = [word for word in counted if not _reads(word, placing)] if few else []
    guessed = {word: _guess(word, into) for word in unknown}
    fallback = "" if column.path in {"strand", "role"} else "other" if "other" in into.words else "note"
    if not guessed and not fallback:
        yield f"{indent}{_quoted(shown)}: {column.path}"
        return
    yield f"{indent}{_quoted(shown)}:"
    yield f"{indent}  to: {column.path}"
    if any(guessed.values()):
        yield f"{indent}  words:"
        for word, guess in guessed.items():
            if guess:
                yield f"{indent}    {_quoted(word)}: {guess}"
    for word, guess in guessed.items():
        if not guess:
            yield f"{indent}  # not placed: {_quoted(word)}"
    if fallback:
        yield f"{indent}  otherwise: {fallback}"


def _guess(word: str, into: Field) -> str:
    told = bare_words(word)
    if into.path == "strand":
        return next((strand for part, strand in names().strands.items() if part in told), "")
    spoken = {bare_words(code): code for code in into.words}
    held = [code for said, code in spoken.items() if said != "other" and f" {said} " in f" {told} "]
    if held:
        return max(held, key=len)
    near = difflib.get_close_matches(told, spoken, n=1, cutoff=_ALIKE)
    return spoken[near[0]] if near else ""


def _write_lists(columns: Sequence[_Column]) -> Iterator[str]:
    housekeeping = [column for column in columns if column.housekeeping]
    if housekeeping:
        yield "# The other system's housekeeping, as it seems: nothing of it is kept."
        yield "ignored:"
        for column in housekeeping:
            yield f"  - {_quoted(column.name)}"
        yield ""
    unknown = [column for column in columns if not column.path and not column.housekeeping]
    if unknown:
        yield "# These were not placed. Move each to `columns` or to its party, with its field or `note`, or"
        yield "# to `ignored`."
        yield "unknown:"
        for column in unknown:
            yield f"  - {_quoted(column.name)}   # {_looks_like(column)}"


def _quoted(text: str) -> str:
    """A name as YAML takes it."""
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in json.dumps(text, ensure_ascii=False)
    )
