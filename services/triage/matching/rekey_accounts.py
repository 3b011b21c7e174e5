"""Read accounts again from what the agencies sent, and have every key lead to them.

For referrals that came before accounts were kept, and after a release that reads accounts, or makes keys,
otherwise. Cases stay as they are: the next referral that finds one of these settles what hangs together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.triage.matching.hashed_keys import hash_keys, keys_for
from services.triage.matching.schema import read_account
from services.triage.matching.short_forms import canonicals
from services.triage.matching.store import (
    Sealed,
    add_missing_keys,
    content_of,
    count_to_read,
    keep_account,
    page_to_read,
)

if TYPE_CHECKING:
    from services.triage.domain.matching.accounts import Account
    from services.triage.matching.hashed_keys import HashedKeys
    from shared.service import Room

PAGE = 100  # referrals; as long as one page is written, a worker that wants the same keys waits

Done = Callable[[int], object]


@dataclass
class Rekeyed:
    """How many accounts were read, how many were amended meanwhile, and how many keys were new."""

    read: int = 0
    overtaken: int = 0
    keys: int = 0


def how_many(room: Room, *, unread_only: bool) -> int:
    """How many referrals are to be read."""
    with room.database.reading() as connection:
        return count_to_read(connection, unread_only=unread_only)


def rekey_accounts(room: Room, *, unread_only: bool, done: Done = lambda _: None) -> Rekeyed:
    """Read page by page, beside running workers; `done` is told how many of each page.

    Each page is one transaction that holds the locks of its keys, as a worker does: whoever comes with one of
    them is heard before or after it, and finds these accounts then.
    """
    total, after = Rekeyed(), ""
    while True:
        with room.database.reading() as connection:
            page = page_to_read(connection, after, PAGE, unread_only=unread_only)
        if not page:
            return total
        after = page[-1].reference
        _rekey_page(page, room, total)
        done(len(page))


def _rekey_page(page: list[Sealed], room: Room, total: Rekeyed) -> None:
    read = [(row, *_read(row, room)) for row in page]
    with room.database.transaction() as connection:
        locks = {room.keys.lookup.hash("record", row.reference) for row in page}
        locks.update(key for _, _, keys in read for key in keys.asks)
        room.database.lock(connection, locks)
        for row, account, keys in read:
            if keep_account(row, account, room.keys.rest, connection):
                total.read += 1
                total.keys += add_missing_keys(row.reference, keys.under, connection)
            else:
                total.overtaken += 1


def _read(row: Sealed, room: Room) -> tuple[Account, HashedKeys]:
    content = content_of(row, room.keys.rest)
    account = read_account(row.reference, row.agency, content)
    keys = keys_for(account, content.event.summary or "", canonicals)
    return account, hash_keys(keys, room.keys.lookup)
