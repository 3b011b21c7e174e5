"""Keeps how a case stood before others came into it, and finds it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from services.triage.lives.store import Kept
from services.triage.store import Case
from services.triage.tables import standings
from shared.identity import new_id
from shared.resealing import SealedColumn

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from shared.messaging.unit import Unit


@dataclass(frozen=True)
class Standing:
    """How a case stands: who is in it, each in which version, where it is, and what became of it."""

    members: Mapping[str, int]
    case: Case
    kept: Kept
    # Who of them was taken back; looked up where it is kept.
    taken_back: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> bytes:
        """The same for two that differ in nothing but who is in the case, and what was said of its clock."""
        quiet = replace(self.kept, warned_for=None, breached_for=None)
        return sha256(_encoder.encode((self.case, quiet))).digest()


@dataclass(frozen=True)
class _Written:
    before: Standing
    after: bytes


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(_Written)


def keep_standing(before: Standing, after: Standing, unit: Unit) -> None:
    """Others came into the case, or it went on in another: how it stood, and what that has made of it."""
    row, written = new_id(), _Written(before, after.fingerprint)
    sealed = unit.keys.rest.seal(_encoder.encode(written), _place(before.case.id, row))
    unit.insert(standings, {"id": row, "case_id": before.case.id, "sealed": sealed})


def find_standing(
    now: Standing, members: Mapping[str, int], taken_back: Collection[str], unit: Unit
) -> Standing | None:
    """How the case stood when these and nobody else were in it; None where more has happened to it since.

    What came into it last is taken out first: each time it must stand as that had left it.
    """
    unit.flush()  # what this very batch has kept is found, too
    query = select(standings).where(standings.c.case_id == now.case.id).order_by(standings.c.id.desc())
    fingerprint = now.fingerprint
    for row in unit.connection.execute(query):
        written = _decoder.decode(unit.keys.rest.open(row.sealed, _place(row.case_id, row.id)))
        if written.after != fingerprint:
            continue
        if written.before.members == members and written.before.taken_back == taken_back:
            return written.before
        fingerprint = written.before.fingerprint
    return None


def _place(case_id: UUID, row: UUID) -> str:
    return f"triage/standing/{case_id}/{row}"


SEALED = (SealedColumn(standings.c.sealed, lambda row: _place(row.case_id, row.id)),)
