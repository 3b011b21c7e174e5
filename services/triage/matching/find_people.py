"""Look somebody up among all whom triage knows: who is found under their keys, and who of them they are.

Two questions to the database, whatever the size of the register: what stands under the keys, and the accounts
that stand there. A key under which too many stand leads nowhere; the others are selective.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from services.triage.domain.matching.judge_people import has_own, person_verdict
from services.triage.domain.matching.keys import keys_of_person, keys_of_place
from services.triage.domain.matching.model import Evidence, Verdict
from services.triage.matching.store import accounts_under

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.triage.domain.matching.accounts import Mention
    from services.triage.domain.matching.judge_events import Judge
    from shared.database import Database
    from shared.sealing import Keys


class Likeness(NamedTuple):
    """Somebody who may be the one looked for: where they are mentioned, and what the two weigh."""

    reference: str
    place: int
    person: UUID
    verdict: Verdict
    evidence: Evidence


class Found(NamedTuple):
    """The answer: who it is, if that is sure; and all who were held against them, the likeliest first."""

    verdict: Verdict
    person: UUID | None
    candidates: list[Likeness]


_SHARED_BY_MANY = ("name", "street")


def hashed_person(mention: Mention, keys: Keys, judge: Judge) -> tuple[list[bytes], list[bytes]]:
    """Under what somebody stands, apart from what tells of an event: what few share, and the rest."""
    first: list[bytes] = []
    second: list[bytes] = []
    for key in dict.fromkeys((*keys_of_person(mention, judge.canonicals), *keys_of_place(mention.home))):
        (second if key[0] in _SHARED_BY_MANY else first).append(keys.lookup.hash("match", *key))
    return first, second


def find_person(
    mention: Mention, connection: Connection, database: Database, keys: Keys, judge: Judge
) -> Found:
    """Who of those whom triage knows this is: `same` with their id, `ask` a human, or `different` from all.

    Two who are not one and weigh nearly the same leave it open, whichever is ahead. Keys that many share, a
    name alone or with a street, are tried only when the others lead to nobody who is surely the same.
    """
    margin = judge.model.thresholds.margin
    first, second = hashed_person(mention, keys, judge)
    candidates = _held_against(mention, first, connection, database, keys, judge)
    verdict, person = _decide(candidates, margin)
    if verdict != "same" and second:
        candidates = _held_against(mention, [*first, *second], connection, database, keys, judge)
        verdict, person = _decide(candidates, margin)
    return Found(verdict, person, candidates)


def _held_against(
    mention: Mention,
    under: Sequence[bytes],
    connection: Connection,
    database: Database,
    keys: Keys,
    judge: Judge,
) -> list[Likeness]:
    candidates = []
    known = judge.frequencies.people
    for account, people in accounts_under(connection, database, keys.rest, under):
        for place, other in enumerate(account.people):
            evidence, levels = judge.people(mention, other)
            verdict = person_verdict(evidence, levels, known, judge.model)
            if verdict == "same" and not has_own(levels):
                # Whoever is only asked about has no case that tells more: name and home may be a son's.
                verdict = "ask"
            candidates.append(Likeness(account.reference, place, people[place], verdict, evidence))
    candidates.sort(key=lambda one: (-one.evidence.bits, one.reference, one.place))
    return candidates


def _decide(candidates: Iterable[Likeness], margin: float) -> tuple[Verdict, UUID | None]:
    best: Likeness | None = None
    asked: Likeness | None = None
    for one in candidates:
        if best is None and one.verdict == "same":
            best = one
        elif one.verdict == "ask" and asked is None:
            asked = one
    if best is not None:
        rivals = (
            one
            for one in candidates
            if one.person != best.person and one.evidence.bits > best.evidence.bits - margin
        )
        return ("ask", best.person) if any(rivals) else ("same", best.person)
    return ("ask", asked.person) if asked is not None else ("different", None)
