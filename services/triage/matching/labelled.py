"""Reads labelled referrals: what was sent, line by line, and beside each line what is true of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from services.triage.domain.matching.accounts import Account
from services.triage.matching.schema import read_account
from shared.contracts.referral import Referral
from shared.problems import Problem


class BadLabels(Problem):
    """The labelled data cannot be used."""

    status = 422
    code = "bad_labels"


class Party(msgspec.Struct, frozen=True):
    """Who one party truly is; `g` the part of their mentions that can be linked from what is written."""

    id: str
    g: str
    hh: str = ""
    role: str = ""
    ns: str | None = None
    tw: str | None = None
    nk: str | None = None
    u: str | None = None
    err: tuple[str, ...] = ()


class Truth(msgspec.Struct, frozen=True):
    """What is true of one line; the key is `agency|source_record_id|n`."""

    key: str
    event_id: str
    link_group: str
    kind: str = "first"
    strand: str = ""
    people: tuple[Party, ...] = ()
    err: tuple[str, ...] = ()
    amb: tuple[str, ...] = ()
    trap: str | None = None
    street: str | None = None
    block: str | None = None

    @property
    def record(self) -> str:
        """The key without the count of its line."""
        return self.key.rpartition("|")[0]


class Labelled(NamedTuple):
    """One record in its newest version, as it is compared, with its truth."""

    account: Account
    truth: Truth
    # The summary as it was written: names are found in it by their capital letters.
    text: str = ""


class _Line(msgspec.Struct):
    agency: str
    referral: dict[str, Any]


def read_labelled(data: Path, truth: Path) -> tuple[list[Labelled], list[Truth]]:
    """Each record once, in its newest version, and the truth of every line; `BadLabels` with the line."""
    lines = _lines(data, _Line)
    truths: list[Truth] = _lines(truth, Truth)
    if len(lines) != len(truths):
        message = f"{data} has {len(lines)} lines and {truth} has {len(truths)}: each line needs its truth"
        raise BadLabels(message)
    newest: dict[str, Labelled] = {}
    for number, (line, true) in enumerate(zip(lines, truths, strict=True), 1):
        try:
            referral = msgspec.convert(line.referral, Referral)
        except msgspec.ValidationError as error:
            message = f"{data}, line {number}: {error}"
            raise BadLabels(message) from error
        account = read_account(true.record, line.agency, referral)
        newest[true.record] = Labelled(account, true, referral.event.summary or "")
    return list(newest.values()), truths


def _lines(path: Path, kind: Any) -> list[Any]:  # noqa: ANN401 - the type of a line is the caller's
    decoder = msgspec.json.Decoder(kind)
    found = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        found.append(decoder.decode(line))
                    except msgspec.DecodeError as error:
                        message = f"{path}, line {number}: {error}"
                        raise BadLabels(message) from error
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise BadLabels(message) from error
    return found


def undecidable(truths: list[Truth]) -> set[tuple[str, str]]:
    """Pairs of a record and an event that nobody could tell apart from what is written."""
    event_of = {true.key: true.event_id for true in truths}
    pairs = set()
    for true in truths:
        for other in true.amb:
            pairs.add((true.record, event_of[other]))
            pairs.add((other.rpartition("|")[0], true.event_id))
    return pairs
