"""How a mail that came back proves that it answers one of ours: its Message-ID carries a keyed hash."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.sealing import Lookup

# Whoever reads a token in a log or in an alert's history does not have its proof.
_NAME: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9a-f]{16})@")


def name_of(token: UUID, lookup: Lookup) -> str:
    """What stands before the @ of the message's Message-ID."""
    return f"{token}.{_proof(token, lookup)}"


def names_in(text: str) -> Iterator[str]:
    """What in this text looks like such a name, proven or not."""
    return (found[0] for found in _NAME.finditer(text))


def proven_in(names: Iterable[str], lookup: Lookup) -> Iterator[UUID]:
    """The tokens of these names that only a mail of ours can have told."""
    for name in names:
        found = _NAME.fullmatch(name)
        if found is None:
            continue
        token = UUID(found[1])
        if hmac.compare_digest(found[2], _proof(token, lookup)):
            yield token


def _proof(token: UUID, lookup: Lookup) -> str:
    return lookup.hash("mail", str(token)).hex()[:16]
