"""Count anew how common names and words are, when the register has grown enough for it to matter."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from services.triage.domain.matching.compare_names import sound_of
from services.triage.domain.matching.frequencies import Frequencies
from services.triage.matching.store import (
    all_accounts,
    count_accounts,
    keep_frequencies,
    newest_version,
    read_frequencies,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.triage.domain.matching.accounts import Account
    from shared.service import Room

FEWEST = 500  # accounts before it is worth counting
GROWN = 1.25
SHARED_BY = 4  # people of different names; nobody's household is so large
_SEEN = 2  # a word that stands in one account alone is not worth keeping


def count_frequencies(room: Room) -> int:
    """One snapshot more if the register has grown by a quarter since the last; how many were made."""
    ring = room.keys.rest
    with room.database.reading() as connection:
        version = newest_version(connection)
        before = read_frequencies(connection, ring, version) if version else None
        now_known = count_accounts(connection)
    if now_known < FEWEST or (before is not None and now_known < before.accounts * GROWN):
        return 0
    with room.database.snapshot() as connection:
        counted = count(str(version + 1), all_accounts(connection, ring))
    with room.database.transaction() as connection:
        return int(keep_frequencies(connection, ring, counted, room.clock()))


def count(version: str, accounts: Iterable[Account]) -> Frequencies:
    """What these accounts show."""
    given: Counter[str] = Counter()
    family: Counter[str] = Counter()
    words: Counter[str] = Counter()
    used_by: dict[str, set[str]] = defaultdict(set)
    people = total = 0
    for account in accounts:
        total += 1
        words.update(set(account.words))
        for mention in account.people:
            people += 1
            given.update(set(mention.name.given))
            family.update(set(mention.name.family))
            for way in (*mention.phones, *mention.emails, *filter(None, (mention.home.dwelling,))):
                used_by[way].update(map(sound_of, mention.name.family))
        for way in (*account.office_phones, *account.office_emails):
            used_by[way].update(str(n) for n in range(SHARED_BY))
    return Frequencies(
        version,
        total,
        people,
        {name: seen for name, seen in given.items() if seen >= _SEEN},
        {name: seen for name, seen in family.items() if seen >= _SEEN},
        {word: seen for word, seen in words.items() if seen >= _SEEN},
        frozenset(way for way, names in used_by.items() if len(names) >= SHARED_BY),
    )
