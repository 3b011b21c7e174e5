"""Keeps what was answered to a request under its key, so that the same is answered again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from services.intake.domain.first_answer import FirstAnswer
from services.intake.tables import first_answers
from shared.resealing import SealedColumn
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    import datetime as dt

    from shared.messaging.unit import Unit


def claim_answer(unit: Unit, agency: str, key_hash: bytes, request_hash: bytes) -> FirstAnswer | None:
    """Begin to work on a request under this key; what is there already, locked, if another was first."""
    claim = {
        "agency": agency,
        "key_hash": key_hash,
        "request_hash": request_hash,
        "claimed_at": unit.now,
        "status": None,
        "location": None,
        "sealed": None,
    }
    if insert_unless_known(unit.connection, first_answers, [claim], first_answers.c.key_hash):
        return None
    row = unit.connection.execute(
        select(first_answers)
        .where(first_answers.c.agency == agency, first_answers.c.key_hash == key_hash)
        .with_for_update()
    ).first()
    if row is None:  # forgotten this very moment: the request is the first again
        return claim_answer(unit, agency, key_hash, request_hash)
    body = None if row.sealed is None else unit.keys.rest.open(row.sealed, _place(agency, key_hash))
    return FirstAnswer(row.request_hash, row.claimed_at, row.status, row.location, body)


def claim_answer_again(unit: Unit, agency: str, key_hash: bytes, request_hash: bytes) -> None:
    """Take over a claim that was left lying, or a key whose answer is too old to count."""
    unit.change(
        first_answers,
        {"agency": agency, "key_hash": key_hash},
        request_hash=request_hash,
        claimed_at=unit.now,
        status=None,
        location=None,
        sealed=None,
    )


def keep_answer(unit: Unit, agency: str, key_hash: bytes, status: int, location: str, body: bytes) -> None:
    """Keep what is answered, to be answered again."""
    unit.change(
        first_answers,
        {"agency": agency, "key_hash": key_hash},
        status=status,
        location=location,
        sealed=unit.keys.rest.seal(body, _place(agency, key_hash)),
    )


def release_claim(unit: Unit, agency: str, key_hash: bytes) -> None:
    """Let go of a claim without an answer: nothing was done, and the key may be used anew."""
    unit.connection.execute(
        delete(first_answers).where(
            first_answers.c.agency == agency,
            first_answers.c.key_hash == key_hash,
            first_answers.c.status.is_(None),
        )
    )


def forget_answers(unit: Unit, before: dt.datetime) -> int:
    """Let go of answers from before; how many they were."""
    gone = unit.connection.execute(delete(first_answers).where(first_answers.c.claimed_at < before))
    return gone.rowcount


def _place(agency: str, key_hash: bytes) -> str:
    return f"intake/answer/{agency}/{key_hash.hex()}"


SEALED = (SealedColumn(first_answers.c.sealed, lambda row: _place(row.agency, row.key_hash)),)
