"""The keyed hashes under which an account is found again, and under which it looks for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.triage.domain.matching.keys import keys_of, keys_of_names, names_told

if TYPE_CHECKING:
    from services.triage.domain.matching.accounts import Account
    from services.triage.domain.matching.compare_names import Canonicals
    from services.triage.domain.matching.keys import Key
    from shared.sealing import Lookup


class AccountKeys(NamedTuple):
    """The keys of one account: `under` these it stands, and it `asks` who stands under those.

    Asking is mutual: whoever would be found by an account that came before finds it when coming after. So a
    name that one account tells only in its text stands under a key of its own, `told`, under which whoever
    has that name asks.
    """

    under: tuple[Key, ...]
    asks: tuple[Key, ...]


class HashedKeys(NamedTuple):
    """The same, as keyed hashes."""

    under: tuple[bytes, ...]
    asks: tuple[bytes, ...]


def keys_for(account: Account, text: str, canonicals: Canonicals) -> AccountKeys:
    """The keys of an account whose summary is `text`."""
    own = keys_of(account, canonicals)
    named = list(keys_of_names(names_told(text), canonicals))
    told = [_told(key) for key in named]
    asked = [_told(key) for key in own if key[0] == "name"]
    return AccountKeys(_once([*own, *told]), _once([*own, *named, *asked]))


def hash_keys(keys: AccountKeys, lookup: Lookup) -> HashedKeys:
    """What stands in the register for these keys."""
    hashed = {key: lookup.hash("match", *key) for key in {*keys.under, *keys.asks}}
    return HashedKeys(tuple(hashed[key] for key in keys.under), tuple(hashed[key] for key in keys.asks))


def _told(name: Key) -> Key:
    return ("told", *name[1:])


def _once(keys: list[Key]) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(keys))
