"""The wire of imports: what an agency asks for, and how a file and its rows are told of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from services.intake.fields import REQUIRED
from services.intake.imports.domain.file_import import OUTCOMES, FileImport, Outcome, RowOutcome
from services.intake.schema import write_receipt
from shared.problems import Fault, Unprocessable, pointer_to

if TYPE_CHECKING:
    from services.intake.domain.kept_referral import KeptReferral

MOST_LISTED: Final = 200
_LISTED: Final = "50"
_SMALL: Final = re.compile(r"[0-9]{1,3}")
_ROW: Final = re.compile(r"[0-9]{1,9}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_YES: Final = frozenset({"true", "yes", "on", "1"})
_NO: Final = frozenset({"false", "no", "off", "0", ""})
_UNKNOWN: Final = ("unknown_field", "Take it out: it is not known here.")
_TWICE: Final = ("given_twice", "Give it once.")
_NO_FILE: Final = ("wrong_type", "Send this as text, in a part without a file name.")
_PARTS: Final = ("file", "mapping", "mapping_file", "dry_run")
_FILES: Final = ("file", "mapping_file")
_BAD_CURSOR: Final = Fault("/cursor", "not_allowed", "Send the cursor as it was given.")


@dataclass(frozen=True)
class Order:
    """How a file that was sent is to be taken: by which mapping, and whether only for a trial."""

    mapping: str
    own_mapping: str
    dry_run: bool


@dataclass(frozen=True)
class RowsAsked:
    """Which rows of an import are asked for."""

    outcome: Outcome | None
    after: int
    limit: int


@dataclass(frozen=True)
class ImportsAsked:
    """Which imports are asked for."""

    before: UUID | None
    limit: int


def read_order(
    texts: Sequence[tuple[str, str]], files: Sequence[str], mappings: Collection[str], *, own_mapping: str
) -> Order:
    """What is asked with a file; `Unprocessable` with every fault in its parts.

    `texts` are the parts without a file name, `files` the names of those that have one. What is not looked
    for is told and never left out: a second file would be lost without a word, and a trial be in earnest.
    """
    fields = dict(texts)
    faults = list(_wrong_parts([name for name, _ in texts], files))
    if "file" not in files:
        faults.append(Fault("/file", "required", "Send the file in a part of this name, with a file name."))
    mapping = fields.get("mapping", "").strip()
    if own_mapping and mapping:
        faults.append(Fault("/mapping", "not_allowed", "Give either a name here or a mapping_file."))
    elif not own_mapping and not mapping and "mapping" not in files:
        faults.append(Fault("/mapping", *REQUIRED))
    elif mapping and mapping not in mappings:
        faults.append(Fault("/mapping", "not_allowed", f"Give one of: {', '.join(sorted(mappings))}."))
    dry_run = fields.get("dry_run", "").strip().lower()
    if dry_run not in _YES | _NO:
        faults.append(Fault("/dry_run", "not_allowed", "Give true or false."))
    if faults:
        raise Unprocessable(errors=faults)
    return Order(mapping, own_mapping, dry_run in _YES)


def _wrong_parts(texts: Sequence[str], files: Sequence[str]) -> Iterator[Fault]:
    for name, times in Counter([*texts, *files]).items():
        if name not in _PARTS:
            yield Fault(pointer_to(name) if _NAME.fullmatch(name) else "", *_UNKNOWN)
        elif times > 1:
            yield Fault(f"/{name}", *_TWICE)
        elif name in files and name not in _FILES:
            yield Fault(f"/{name}", *_NO_FILE)


def read_rows_asked(asked: Mapping[str, str]) -> RowsAsked:
    """The query for rows; `Unprocessable` with every fault in it."""
    faults = _wrong_limit(asked)
    outcome = asked.get("outcome")
    if outcome is not None and outcome not in OUTCOMES:
        faults.append(Fault("/outcome", "not_allowed", f"Give one of: {', '.join(OUTCOMES)}."))
    after = asked.get("cursor", "0")
    if not _ROW.fullmatch(after):
        faults.append(_BAD_CURSOR)
    if faults:
        raise Unprocessable(errors=faults)
    return RowsAsked(cast("Outcome | None", outcome), int(after), int(asked.get("limit", _LISTED)))


def read_imports_asked(asked: Mapping[str, str]) -> ImportsAsked:
    """The query for imports; `Unprocessable` with every fault in it."""
    faults = _wrong_limit(asked)
    before = read_id(asked["cursor"]) if "cursor" in asked else None
    if "cursor" in asked and before is None:
        faults.append(_BAD_CURSOR)
    if faults:
        raise Unprocessable(errors=faults)
    return ImportsAsked(before, int(asked.get("limit", _LISTED)))


def read_id(text: str) -> UUID | None:
    """The id that this text is; None if it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _wrong_limit(asked: Mapping[str, str]) -> list[Fault]:
    limit = asked.get("limit", _LISTED)
    if _SMALL.fullmatch(limit) and 1 <= int(limit) <= MOST_LISTED:
        return []
    return [Fault("/limit", "not_allowed", f"Ask for 1 to {MOST_LISTED}.")]


def write_import(one: FileImport) -> dict[str, Any]:
    """How far a file has come, and what is to be said of it as a whole."""
    told: dict[str, Any] = {
        "id": str(one.id),
        "state": one.state,
        "mapping": one.mapping or None,
        "dry_run": one.dry_run,
        "made_at": one.made_at,
        "finished_at": one.finished_at,
        "counts": {
            "rows": one.rows,
            "new": one.counts["new"],
            "repeats": one.counts["repeat"],
            "amended": one.counts["amended"],
            "rejected": one.counts["rejected"],
            "waiting": one.waiting if one.unfinished else 0,
        },
        "read_as": one.head.form,
        "unknown_columns": list(one.head.unknown),
        "warnings": [{"code": told.code, "detail": told.detail, "rows": told.rows} for told in one.warnings],
    }
    if one.refusal:
        told["refusal"] = one.refusal
    return told


def write_row(row: RowOutcome, kept: Mapping[tuple[str, int], KeptReferral]) -> dict[str, Any]:
    """A row with its receipt, or with its faults."""
    told: dict[str, Any] = {"row": row.number, "outcome": row.outcome}
    if row.outcome == "rejected":
        told["faults"] = [
            {"column": fault.column, "pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
            for fault in row.faults
        ]
    elif row.reference is not None and row.version is not None:
        one = kept.get((row.reference, row.version))
        told["receipt"] = None if one is None else write_receipt(one)
    return told
