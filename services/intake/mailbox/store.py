"""Finds and keeps letters, and what their senders are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, bindparam, delete, func, or_, select, update

from services.intake.mailbox.domain.letter import CLAIM, FOR_A_HUMAN, Outcome
from services.intake.mailbox.tables import letter_answers, letters
from shared.identity import new_id
from shared.resealing import SealedColumn
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from sqlalchemy import Connection, Row

    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing

_CLAIM = (
    update(letter_answers)
    .where(
        letter_answers.c.id.in_(
            select(letter_answers.c.id)
            .where(letter_answers.c.due_at <= bindparam("now"))
            .order_by(letter_answers.c.due_at)
            .limit(bindparam("most"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(due_at=bindparam("until"), tries=letter_answers.c.tries + 1)
    .returning(letter_answers.c.id, letter_answers.c.tries, letter_answers.c.sealed)
)


@dataclass(frozen=True)
class KeptLetter:
    """A letter as a human finds it listed: what it is called, from which agency, what became of it."""

    reference: str
    agency: str | None
    outcome: Outcome
    referrals: int
    came_at: dt.datetime
    seen_by: str | None


class Answer(msgspec.Struct, frozen=True):
    """What is answered: to whom, to which mail, in which words."""

    recipient: str
    answers: str
    subject: str
    text: str


def begin_letter(unit: Unit, fingerprint: bytes, reference: str, sender: bytes | None = None) -> UUID | None:
    """Begin to deal with a letter; None if it was dealt with before."""
    letter_id = new_id()
    row = {
        "fingerprint": fingerprint,
        "id": letter_id,
        "reference": reference,
        "agency": None,
        "outcome": "not_understood",
        "referrals": 0,
        "came_at": unit.now,
        "seen_at": None,
        "seen_by": None,
        "sealed": None,
        "sender": sender,
    }
    known = insert_unless_known(unit.connection, letters, [row], letters.c.reference)
    return letter_id if known else None


def end_letter(
    unit: Unit, letter_id: UUID, outcome: Outcome, agency: str | None, referrals: int, raw: bytes | None
) -> None:
    """Keep what became of it, and the letter itself if a human is to look at it."""
    sealed = None if raw is None else unit.keys.rest.seal(raw, _place_of_letter(letter_id))
    unit.change(
        letters, {"id": letter_id}, outcome=outcome, agency=agency, referrals=referrals, sealed=sealed
    )


def count_in_vain(unit: Unit, sender: bytes, since: dt.datetime) -> int:
    """How many letters of this sender came since then of which nothing was taken."""
    unit.flush()
    query = (
        select(func.count())
        .select_from(letters)
        .where(letters.c.sender == sender, letters.c.came_at > since, letters.c.referrals == 0)
    )
    return int(unit.connection.execute(query).scalar_one())


def answer(unit: Unit, letter_id: UUID, what: Answer) -> None:
    """Have this answered, as soon as the letter's effect is there."""
    answer_id = new_id()
    unit.insert(
        letter_answers,
        {
            "id": answer_id,
            "letter_id": letter_id,
            "due_at": unit.now,
            "tries": 0,
            "sent_at": None,
            "trouble": None,
            "made_at": unit.now,
            "sealed": unit.keys.rest.seal(msgspec.json.encode(what), _place_of_answer(answer_id)),
        },
    )


def claim_due(unit: Unit, most: int) -> list[tuple[UUID, int, Answer]]:
    """Answers that are due, now in hand: id, how often tried, and what to send."""
    rows = unit.connection.execute(_CLAIM, {"now": unit.now, "most": most, "until": unit.now + CLAIM})
    return sorted(
        (
            row.id,
            row.tries,
            msgspec.json.decode(unit.keys.rest.open(row.sealed, _place_of_answer(row.id)), type=Answer),
        )
        for row in rows
    )


def record_sent(unit: Unit, answer_id: UUID) -> None:
    """It has left; whom it went to need not be known any more."""
    unit.change(letter_answers, {"id": answer_id}, due_at=None, sent_at=unit.now, trouble=None, sealed=None)


def record_trouble(unit: Unit, answer_id: UUID, trouble: str, due_at: dt.datetime | None) -> None:
    """It did not leave; it is due again, or has failed for good when there is no due time."""
    unit.change(letter_answers, {"id": answer_id}, due_at=due_at, trouble=trouble[:100])


def list_letters(connection: Connection, *, everything: bool) -> list[KeptLetter]:
    """The letters that wait for a human, oldest first; or all of them."""
    query = select(letters).order_by(letters.c.came_at, letters.c.id)
    if not everything:
        query = query.where(letters.c.outcome.in_(FOR_A_HUMAN), letters.c.seen_at.is_(None))
    return [
        KeptLetter(row.reference, row.agency, row.outcome, row.referrals, row.came_at, row.seen_by)
        for row in connection.execute(query)
    ]


def open_letter(connection: Connection, keys: KeyRing, reference: str) -> bytes | None:
    """The letter itself; None if there is none of this reference, or none any more."""
    row = connection.execute(
        select(letters.c.id, letters.c.sealed).where(letters.c.reference == reference)
    ).first()
    return None if row is None or row.sealed is None else keys.open(row.sealed, _place_of_letter(row.id))


def mark_seen(unit: Unit, reference: str, by: str) -> bool:
    """A human has dealt with it: the letter itself is let go of; False if there is none."""
    done = unit.connection.execute(
        update(letters)
        .where(letters.c.reference == reference)
        .values(seen_at=unit.now, seen_by=by, sealed=None)
    )
    return bool(done.rowcount)


def forget_old(unit: Unit, before: dt.datetime) -> int:
    """Let go of letters and answers from before; how many held something."""
    emptied = unit.connection.execute(
        update(letters)
        .where(letters.c.came_at < before, or_(letters.c.sealed.is_not(None), letters.c.sender.is_not(None)))
        .values(sealed=None, sender=None)
    )
    gone = unit.connection.execute(
        delete(letter_answers).where(
            letter_answers.c.made_at < before,
            or_(letter_answers.c.sent_at.is_not(None), and_(letter_answers.c.due_at.is_(None))),
        )
    )
    return emptied.rowcount + gone.rowcount


def _place_of_letter(letter_id: UUID) -> str:
    return f"intake/letter/{letter_id}"


def _place_of_answer(answer_id: UUID) -> str:
    return f"intake/letter-answer/{answer_id}"


def _letter_place(row: Row[Any]) -> str:
    return _place_of_letter(row.id)


def _answer_place(row: Row[Any]) -> str:
    return _place_of_answer(row.id)


SEALED = (
    SealedColumn(letters.c.sealed, _letter_place),
    SealedColumn(letter_answers.c.sealed, _answer_place),
)
