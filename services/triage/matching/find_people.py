"""Look somebody up among all whom triage knows: who is found under their keys, and who of them they are.

Two questions to the database, whatever the size of the register: what stands under the keys, and the accounts
that stand there. A key under which too many stand leads nowhere; and of those who share a single thing, which
become more as the register grows, only a few are held against whoever is looked for. Staff look among their
own cases: which of those that stand there are theirs is a third question, asked before any account is opened.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from services.triage.domain.matching.judge_people import has_own, person_verdict
from services.triage.domain.matching.keys import keys_of_person, keys_of_place
from services.triage.domain.matching.model import Evidence, Verdict
from services.triage.matching.store import accounts_of, references_under

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
    role: str
    verdict: Verdict
    evidence: Evidence


class Found(NamedTuple):
    """The answer: who it is, if that is sure; and all who were held against them, the likeliest first."""

    verdict: Verdict
    person: UUID | None
    candidates: list[Likeness]


# What is one person's own: by it somebody may be known again who shares nothing else.
_OWN = frozenset({"born", "phone", "email", "identifier"})
# Accounts that share one thing only: those who share what is their own or stand under two keys of that thing,
# such as those of a whole home; and with all others, where there are fewer of those.
_MOST_BY_OWN, _MOST_BY_ONE = 4, 3


def hashed_person(mention: Mention, keys: Keys, judge: Judge) -> dict[bytes, str]:
    """Under what somebody stands, apart from what tells of an event: each key, and what it joins."""
    found = (*keys_of_person(mention, judge.canonicals), *keys_of_place(mention.home))
    return {keys.lookup.hash("match", *key): key[0] for key in dict.fromkeys(found)}


def find_person(
    mention: Mention,
    connection: Connection,
    database: Database,
    keys: Keys,
    judge: Judge,
    *,
    among: Callable[[Collection[str]], Collection[str]] | None = None,
) -> Found:
    """Who of those whom triage knows this is: `same` with their id, `ask` a human, or `different` from all.

    Two who are not one and weigh nearly the same leave it open, whichever is ahead. `among` says which of
    the referrals that share something are looked through, and all of them are: of the others nothing is read.
    """
    hashed = hashed_person(mention, keys, judge)
    under = references_under(connection, database, list(hashed))
    near = _likeliest(under, hashed) if among is None else among(set(chain.from_iterable(under.values())))
    candidates = []
    known = judge.frequencies.people
    for account, people in accounts_of(connection, database, keys.rest, near):
        for place, other in enumerate(account.people):
            evidence, levels = judge.people(mention, other)
            verdict = person_verdict(evidence, levels, known, judge.model)
            if verdict == "same" and not has_own(levels):
                # Whoever is only asked about has no case that tells more: name and home may be a son's.
                verdict = "ask"
            candidates.append(
                Likeness(account.reference, place, people[place], other.role, verdict, evidence)
            )
    candidates.sort(key=lambda one: (-one.evidence.bits, one.reference, one.place))
    verdict, person = _decide(candidates, judge.model.thresholds.margin)
    return Found(verdict, person, candidates)


def _likeliest(under: Mapping[bytes, Sequence[str]], kind_of: Mapping[bytes, str]) -> list[str]:
    """All who share two things, and of those who share one only a few, whom the fewest share it with.

    The more people are known, the more have a name, or live in a street of that name: by that alone nobody is
    known again. Whoever could be taken for somebody else shares two things with both.
    """
    by_kind: dict[str, set[str]] = defaultdict(set)
    for key, references in under.items():
        by_kind[kind_of[key]].update(references)
    known: set[str] = set()
    likely: set[str] = set()
    for found in by_kind.values():
        likely |= known & found
        known |= found
    shares = Counter(chain.from_iterable(under.values()))
    own = {one for one, count in shares.items() if count > 1}.union(*map(by_kind.__getitem__, _OWN)) - likely
    by_own = _few(_MOST_BY_OWN, own, under, shares)
    by_one = _few(_MOST_BY_ONE - len(by_own), known - likely - own, under, shares)
    return [*likely, *by_own, *by_one]


def _few(
    most: int, whom: set[str], under: Mapping[bytes, Sequence[str]], shares: Mapping[str, int]
) -> list[str]:
    """So many of these at most, those first whom the fewest share a key with."""
    found: dict[str, tuple[int, int, str]] = {}
    last = 0
    for references in sorted(under.values(), key=len):
        if len(found) >= most and len(references) > last:
            break
        last = len(references)
        for one in whom.intersection(references):
            found.setdefault(one, (last, -shares[one], one))
    return sorted(found, key=found.__getitem__)[:most]


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
